// NumPy's .npz files: a ZIP archive with a .npy file for each array.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "host/data/array/npy.h"

namespace shoal {

struct NpzArray {
  std::string name;  // "x_test", of the entry x_test.npy
  Array array;
};

// Returns whether the bytes begin as a ZIP archive.
bool is_npz(std::span<const uint8_t> file);
// Parses the arrays in the archive's order; entries that are no .npy are passed
// over. All of them have 1 GB at most, and no more than deflate could have
// packed into the file. `name` is for messages. Throws Error as parse_npy().
std::vector<NpzArray> parse_npz(std::span<const uint8_t> file,
                                const std::string& name);

}  // namespace shoal
