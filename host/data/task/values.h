// A model's outputs as real numbers, for what reads them as boxes, masks, ...
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "host/data/array/npy.h"
#include "host/model/graph/graph.h"

namespace shoal {

struct RealOutput {
  std::string name;
  Shape shape;
  std::vector<float> v;  // the last axis runs fastest
};

// `output`: all outputs in the file's types, one after another. Quantized ones
// become scale * (q - zero).
std::vector<RealOutput> real_outputs(const Graph&,
                                     std::span<const uint8_t> output);

// The bytes of each output as they are, with its shape, for a .npy file.
struct NamedArray {
  std::string name;
  Array array;
  std::string file = {};  // that it was written to
};
std::vector<NamedArray> output_arrays(const Graph&,
                                      std::span<const uint8_t> output);

// Returns whether a table of `rows` rows, or some of its columns, is stored
// column by column.
bool is_turned(const Shape&, int64_t rows);

// Returns the shape without axes of size 1 in front.
Shape core_shape(const Shape&);

}  // namespace shoal
