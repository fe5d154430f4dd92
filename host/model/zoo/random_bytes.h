// Many random int8 values, fast, and the same on every machine.
#pragma once

#include <cstdint>
#include <span>

namespace shoal::zoo {

// Any seed will do.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next();
  double unit();  // [0, 1)

 private:
  uint64_t state_;
};

// -127..127, small ones more often: each is the mean of two even ones.
inline constexpr double kByteDeviation = 52;
void fill(std::span<uint8_t> bytes, Random&);

// Changes the values of a filter a little, so that they sum to 0. Otherwise
// what all inputs have in common outweighs, layer by layer, what tells one
// picture from another.
void centre(std::span<uint8_t> filter);

}  // namespace shoal::zoo
