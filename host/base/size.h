// Sizes as people write them: 32K, 32KB, 32KiB, 8.5K, 32768 or 0x8000. K is
// 1024, M 1024 K and G 1024 M, everywhere; letters may be small.
#pragma once

#include <cstdint>
#include <string>

namespace shoal {

// Returns whole bytes, rounded down. Throws Error(kUsage) that names `flag` if
// the text is no size.
int64_t parse_size(const std::string& text, const std::string& flag);

// "163,840 B (160.0 KB)"; KB is 1024 B.
std::string format_bytes(int64_t bytes);
// "1,234,567".
std::string format_count(int64_t value);

}  // namespace shoal
