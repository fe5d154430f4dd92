// IDX files as bytes, for tests and seeds of fuzzing.
#pragma once

#include <cstdint>
#include <vector>

namespace shoal {

// Makes an IDX file of unsigned bytes; nothing is checked.
std::vector<uint8_t> make_idx(const std::vector<uint32_t>& dims,
                              const std::vector<uint8_t>& values);
std::vector<uint8_t> gzip(const std::vector<uint8_t>& plain);

}  // namespace shoal
