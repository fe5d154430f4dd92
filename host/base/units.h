// Numbers with units as people write them: 60us and 1.5ms, 10%, 100M bits a
// second. Sizes are in size.h.
#pragma once

#include <cstdint>
#include <string>

namespace shoal {

// Each function throws Error(kUsage) naming the flag and what it may be.
int64_t parse_duration(const std::string& text,
                       const std::string& flag);  // nanoseconds
// Returns `value` if it is a number of bytes from `least` to `most`.
uint32_t bytes_within(int value, uint32_t least, uint32_t most,
                      const std::string& flag);
double parse_probability(const std::string& text, const std::string& flag);
double parse_rate(const std::string& text, const std::string& flag);

}  // namespace shoal
