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

// Each prints three significant digits with a unit that fits: "24.4 ms",
// "3.2 years"; "14.0 KB" (KB is 1024 B; below that exact bytes).
std::string format_time(double seconds);
std::string format_data(double bytes);
// "41.0"; whole numbers above 1000 have commas.
std::string format_three_digits(double value);

}  // namespace shoal
