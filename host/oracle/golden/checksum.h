// Checksums as layers.tsv prints them: lower-case hex digits.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace shoal {

std::string crc32_hex(std::span<const uint8_t>);
std::string sha256_hex(std::span<const uint8_t>);

}  // namespace shoal
