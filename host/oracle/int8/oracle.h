// The plain interpreter: whole tensors, obvious loops, no cleverness. It
// judges every plan; the golden set judges it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "host/model/graph/graph.h"
#include "host/model/graph/loops.h"

namespace shoal {

// The bytes of every tensor, by tensor number, in Tensor::type (so uint8
// tensors are int8 here). Tensors that nothing made are empty.
using Values = std::vector<std::vector<uint8_t>>;

// Computes one operator: reads its inputs from `values` (constants come from
// the graph), writes its outputs there.
void evaluate(const Graph&, const Op&, Values& values);
// Computes the operators of a loop, step by step.
void evaluate_loop(const Graph&, const Loop&, Values& values);

// Returns the bytes of the tensors that run_oracle() holds at once: it keeps
// all that it makes.
int64_t oracle_bytes(const Graph&);

// Runs the whole graph. `input` is all inputs one after another, in the
// file's types. Throws Error(kUsage) if its size is wrong,
// Error(kInternal) if memory is short. Of a model with variables: the first
// frame.
Values run_oracle(const Graph&, std::span<const uint8_t> input);

// The values of a graph's variables, by their number; at first their initial
// values.
using Kept = std::vector<std::vector<uint8_t>>;
Kept initial_values(const Graph&);
// Runs the next frame of a sequence: reads what was kept, and keeps what it
// assigns.
Values run_oracle(const Graph&, std::span<const uint8_t> input, Kept&);
// Returns the values that a frame has assigned.
Kept assigned_values(const Graph&, const Values&);

// Splits and joins frames: file bytes to values of the inputs and back.
void set_inputs(const Graph&, std::span<const uint8_t> input, Values&);
// Returns the bytes of a tensor in the file's type (XOR 0x80 for uint8).
std::vector<uint8_t> file_bytes(const Graph&, int tensor,
                                std::span<const uint8_t> value);
std::vector<uint8_t> model_output(const Graph&, const Values&);

}  // namespace shoal
