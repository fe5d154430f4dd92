// Files as a bad disk, a cut transfer or somebody with an editor leaves them.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace shoal {

// `file` damaged in one to four places: bits flipped, bytes and numbers set to
// what hurts, cut, blocks swapped, doubled or taken out, the end of `other`
// instead of its own; of a `text` also digits, lines and brackets.
std::vector<uint8_t> mutated(const std::vector<uint8_t>& file,
                             const std::vector<uint8_t>& other, bool text,
                             std::mt19937_64& random);

}  // namespace shoal
