// NumPy's .npy files: a header of text, then the values.
//
//   Array a = parse_npy(read_file(path), path);
//   a.type == "f4", a.shape == {1, 224, 224, 3}, a.bytes: rows first
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "host/model/graph/graph.h"

namespace shoal {

struct Array {
  // Kind (i, u or f) and bytes of a value, as NumPy spells it without the
  // order of bytes, which is the least significant first: "i1", "f4".
  std::string type;
  std::vector<int64_t> shape;  // none: one value
  std::vector<uint8_t> bytes;  // the last axis runs fastest
};

// Returns the type of a tensor's values in its file.
std::string array_type(Type);

// Returns the product of the shape.
int64_t value_count(const Array&);
// Returns value i. 64-bit integers beyond 2^53 are rounded.
double value_at(const Array&, int64_t i);

// Returns whether the bytes begin as such a file.
bool is_npy(std::span<const uint8_t> file);
// Throws Error(kCorrupt) for what is broken; Error(kUsage) for values of
// another type (b1, f2, c8, strings), other byte order, columns first. `name`
// is for messages.
Array parse_npy(std::span<const uint8_t> file, const std::string& name);
// Writes a file of version 1.0.
std::vector<uint8_t> format_npy(const Array&);

}  // namespace shoal
