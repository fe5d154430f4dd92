// IDX, the format of MNIST: two zero bytes, the type of the values (8:
// unsigned bytes, the only one here), the number of dimensions, each of them
// as 4 bytes big-endian, then the values, the last dimension fastest.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace shoal {

struct Idx {
  std::vector<int64_t> dims;  // 1 to 4, all positive
  std::vector<uint8_t> values;
};

// Parses a file, plain or gzip. Memory is bounded by what the bytes can hold:
// never more than 2 GB, nor than deflate could have packed into them. `name` is
// for messages. Throws Error(kCorrupt).
Idx parse_idx(std::span<const uint8_t> file, const std::string& name);

// Returns whether the bytes begin as an IDX file of pictures or labels, or as
// gzip.
bool looks_like_idx(std::span<const uint8_t> file);

}  // namespace shoal
