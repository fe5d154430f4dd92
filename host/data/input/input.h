// Makes the bytes of a model's inputs from a user's file:
//   .bin  the bytes of all inputs, one after another, in the file's types; or
//         their real values in float32, if that is said
//   .npy, .npz, .csv, .tsv, .wav  values, as stack.h has them
//   everything else: a picture, for the only input
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "host/data/image/picture.h"
#include "host/data/input/stack.h"
#include "host/model/graph/graph.h"

namespace shoal {

struct InputOptions : PictureOptions {
  bool real_bins = false;  // .bin files hold float32 values
};

// Returns the bytes of all inputs of the model in the file's types.
int64_t input_file_bytes(const Graph&);

// Only what file_input() reads of a graph with that input (a tensor's number)
// alone: no other inputs, no layers.
Graph with_one_input(const Graph&, int input);

// Returns whether a file of that name has values, not a picture.
bool has_values(const std::string& name);

// Remarks for people about a file that was taken.
struct InputRemarks {
  std::string note;   // how it was taken
  std::string doubt;  // that its real values cannot be meant (array_input.h)
};

// `name` tells the kind and is for messages. Throws Error: kUsage for what does
// not go into the model (a size, a shape, a type, several frames), kCorrupt for
// what is broken. A .bin that has the size of the inputs' values in float32,
// and not that of the inputs, is refused with the question what it holds.
std::vector<uint8_t> file_input(const Graph&, const std::string& name,
                                std::span<const uint8_t> file,
                                const InputOptions&,
                                InputRemarks* remarks = nullptr);

}  // namespace shoal
