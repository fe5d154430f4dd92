// Whole numbers of 32 bits on nodes, whose layers make bytes: the sum of an
// output channel as digits to the base 128, one channel for each, the lowest
// first. A node cuts a sum to its low bits by a shift to the left, which wraps,
// and takes the nearest multiple of what a digit is worth. So digits are signed
// and number = sum of digit i * 128^i, exactly, for all sums of 32 bits.
#pragma once

#include <cstdint>

#include "host/model/graph/graph.h"
#include "host/model/graph/quantize.h"

namespace shoal {

// Fewer would be mistaken for a place of ARG_MAX, which has two bytes.
inline constexpr int kLeastDigits = 3, kMostDigits = 5;

// Returns the number of digits for sums from -bound to bound.
int digits_for(int64_t bound);

// Returns how a layer makes digit `place` (0: the lowest) of `digits` from its
// sum.
Multiplier digit_multiplier(int place, int digits);

int32_t number_of_digits(const int8_t* digits, int count);

}  // namespace shoal
