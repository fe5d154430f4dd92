// Passes that change a file's tables before operators are looked at. Internal
// to host/model/import.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host/model/graph/import_options.h"
#include "host/model/import/op_reader.h"

namespace shoal {

// --signature: the subgraph that it names becomes the model. Throws
// Error(kUsage) for one that is unknown, or that has to be chosen.
void choose_signature(RawModel&, const ImportOptions&, const std::string& name);
// Writes the subgraphs that CALL and STABLEHLO_COMPOSITE run in their places.
void inline_calls(RawModel&, const std::string& name);
// --inputs and --outputs; operators that nothing needs then are gone. Throws
// Error(kUsage) for names that are not there.
void set_ends(RawModel&, const ImportOptions&, const std::string& name);
// --input-shape; whether an input has another shape than the file's then.
// Throws Error(kUsage) for names that are not there and for other ranks.
bool set_shapes(RawModel&, const ImportOptions&);
// A constant of a few whole numbers that can be an output: nodes make them as
// bytes, or as places.
bool are_output_numbers(const RawModel&, int tensor);
// Other outputs that are constants are left out, unless there are no others.
void drop_constant_outputs(RawModel&, const ImportOptions&);
// The flags that leave the operators of these numbers out, before or behind the
// rest; nothing if that leaves no layer with weights.
std::string ends_fix(const RawModel&, const std::set<int>& unsupported);
// Ends the model before its TFLite_Detection_PostProcess, if that is how it
// ends. Throws Error(kCorrupt) for one that TensorFlow Lite would not take.
std::optional<DetectionOp> take_detection(RawModel&);

// Constants that passes make; the model refers to their bytes.
using MadeBytes = std::deque<std::vector<uint8_t>>;

// A loop over rows becomes the operators of its body and DELAY. Throws
// Error(kUnsupported) for other loops.
void unfold_loops(RawModel&, MadeBytes&, const std::string& name);

// Turns INT64 constants that fit into INT32 ones.
void narrow_longs(RawModel&, MadeBytes&);
// Custom operators that the format has as well are its own.
void rename_custom(RawModel&, MadeBytes&);
// Sparse constants become dense ones, of this many bytes at most; DENSIFY are
// gone.
void densify(RawModel&, MadeBytes&, size_t most_bytes, const std::string& name);
// Constants of four bits become bytes, of this many at most. Throws
// Error(kCorrupt) for one whose buffer has another size than it needs.
void unpack_int4(RawModel&, MadeBytes&, size_t most_bytes,
                 const std::string& name);
// Turns constants of half precision and of bytes with scales into float32
// ones where a DEQUANTIZE or an operator of float32 reads them;
// the DEQUANTIZE are gone.
void widen_constants(RawModel&, MadeBytes&);
// Computes integers that follow from shapes and constants alone: what
// exporters write for a batch of any size. The operators are gone.
// `resized`: inputs have other shapes than the file's, so that those of all
// results follow from them; throws Error(kUnsupported) for an operator that
// makes nothing of that.
void fold_integers(RawModel&, MadeBytes&, bool resized,
                   const std::string& name);
// The shapes of an operator's results, if they follow from its operands.
std::optional<std::vector<Shape>> inferred_shapes(const RawModel&,
                                                  const RawOp&);
// A CAST of truth values to float32 that an operator reads becomes a SELECT_V2.
void choose_by_truths(RawModel&, MadeBytes&);
// Tensors of float32 that are only moved and then become bytes are bytes.
void move_bytes(RawModel&, MadeBytes&);
// A model of float32 that only moves bytes at its ends is one of float32.
void widen_ends(RawModel&, MadeBytes&);
bool is_kind(const RawOp&, OpKind);
// int8 or uint8 with one scale that is no trap; the zero point of the int8
// tensor that it becomes.
bool is_byte_tensor(const RawTensor&);
int int8_zero(const RawTensor&);
// The bytes that QUANTIZE makes of all 256, -128 first, as int8.
std::array<int8_t, 256> quantize_table(const RawTensor& from,
                                       const RawTensor& to);
// The only result is elements of the first operand (a join: of all) or zeros.
bool only_moves(const RawOp&);
// Marks the operators of float32 that compute a function of one byte, element
// by element, between one DEQUANTIZE and a QUANTIZE; and that QUANTIZE.
void mark_functions(RawModel&);
// Makes one FUNCTION of what is marked. The graph has an operator for each of
// the model's.
void fold_functions(Graph&, const RawModel&);
// Operands of a uint8 CONCATENATION in the scale of its result.
void rescale_joins(RawModel&, MadeBytes&);
// A batch of n frames becomes one frame if no operator mixes them. Returns n;
// 1: nothing has changed.
int unbatch(RawModel&);

}  // namespace shoal
