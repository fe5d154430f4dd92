// A check of many bytes that takes few instructions: over their 32-bit
// little-endian words w1 .. wn (zeros behind the last byte), for positions
// from 1 on,
//
//   parity    w1 ^ .. ^ wn
//   sum       w1 + .. + wn                      mod 2^64
//   weighted  n * w1 + (n - 1) * w2 + .. + wn   mod 2^64
//
// What it finds for certain, in up to 4 GB: an odd number of wrong bits, two
// wrong bits, any wrong bits within 32 in a row; and in up to 256 KB bits that
// are all wrong in the same direction, as flash that loses charge or a line
// that is stuck. A CRC-32 finds all but the last, for more than twice the
// instructions.
#pragma once

#include <cstdint>

namespace shoal {

struct WordSums {
  uint32_t parity = 0;
  uint64_t sum = 0, weighted = 0;
  bool operator==(const WordSums& o) const {
    return parity == o.parity && sum == o.sum && weighted == o.weighted;
  }
  bool operator!=(const WordSums& o) const { return !(*this == o); }
};

// Adds `count` bytes to those before, of which there must be whole words.
void add_words(WordSums&, const uint8_t* bytes, uint32_t count);

}  // namespace shoal
