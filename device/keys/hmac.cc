#include "device/keys/hmac.h"

#include <cstring>

#include "device/base/wipe.h"
#include "device/program/sha256.h"

namespace shoal {
namespace {

constexpr uint32_t kBlockBytes = 64;

void hash_two(const uint8_t* a, uint32_t a_bytes, const uint8_t* b,
              uint32_t b_bytes, uint8_t out[kHmacBytes]) {
  Sha256 sha;
  sha.add(a, a_bytes);
  sha.add(b, b_bytes);
  if (!sha.finish(out)) std::memset(out, 0, kHmacBytes);
}

}  // namespace

void hmac_sha256(const uint8_t* key, uint32_t key_bytes, const uint8_t* data,
                 uint32_t bytes, uint8_t out[kHmacBytes]) {
  uint8_t pad[kBlockBytes] = {};
  std::memcpy(pad, key, key_bytes < kBlockBytes ? key_bytes : kBlockBytes);
  for (uint8_t& b : pad) b ^= 0x36;
  uint8_t inner[kHmacBytes];
  hash_two(pad, kBlockBytes, data, bytes, inner);
  for (uint8_t& b : pad) b ^= 0x36 ^ 0x5C;
  hash_two(pad, kBlockBytes, inner, kHmacBytes, out);
  wipe(pad, sizeof pad);
}

}  // namespace shoal
