#include "host/oracle/golden/checksum.h"

#include <mbedtls/sha256.h>
#include <zlib.h>

#include "host/base/error.h"

namespace shoal {
namespace {

std::string hex(std::span<const uint8_t> bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (uint8_t b : bytes) {
    text += kDigits[b >> 4];
    text += kDigits[b & 15];
  }
  return text;
}

}  // namespace

std::string crc32_hex(std::span<const uint8_t> bytes) {
  const uLong crc = crc32_z(0, bytes.data(), bytes.size());
  const uint8_t big_endian[] = {
      static_cast<uint8_t>(crc >> 24), static_cast<uint8_t>(crc >> 16),
      static_cast<uint8_t>(crc >> 8), static_cast<uint8_t>(crc)};
  return hex(big_endian);
}

std::string sha256_hex(std::span<const uint8_t> bytes) {
  uint8_t digest[32];
  if (mbedtls_sha256_ret(bytes.data(), bytes.size(), digest, 0) != 0) {
    throw Error(Exit::kInternal, "SHA-256 failed");
  }
  return hex(digest);
}

}  // namespace shoal
