// Sizes as people write them: K = 1024, M = 1024 * 1024, decimals allowed
// (8.5K), no suffix = bytes.
#pragma once

#include <cstdint>
#include <string>

namespace shoal {

// Reads whole bytes, rounded down; `mega`: bytes of an M. Throws Error(kUsage)
// naming `flag` for what is no size.
int64_t parse_size(const std::string& text, const std::string& flag,
                   int64_t mega = 1024 * 1024);

// "163,840 B (160.0 KB)"; KB is 1024 B.
std::string format_bytes(int64_t bytes);
// "1,234,567".
std::string format_count(int64_t value);

}  // namespace shoal
