#include "host/oracle/golden/checksum.h"

#include <mbedtls/sha256.h>
#include <zlib.h>

#include "host/base/error.h"
#include "host/base/hex.h"

namespace shoal {

std::string crc32_hex(std::span<const uint8_t> bytes) {
  const uLong crc = crc32_z(0, bytes.data(), bytes.size());
  const uint8_t big_endian[] = {
      static_cast<uint8_t>(crc >> 24), static_cast<uint8_t>(crc >> 16),
      static_cast<uint8_t>(crc >> 8), static_cast<uint8_t>(crc)};
  return to_hex(big_endian);
}

std::string sha256_hex(std::span<const uint8_t> bytes) {
  uint8_t digest[32];
  if (mbedtls_sha256_ret(bytes.data(), bytes.size(), digest, 0) != 0) {
    throw Error(Exit::kInternal, "SHA-256 failed");
  }
  return to_hex(digest);
}

}  // namespace shoal
