// HMAC-SHA256 (RFC 2104). No heap; about 400 bytes of stack.
#pragma once

#include <cstdint>

namespace shoal {

inline constexpr uint32_t kHmacBytes = 32;

// Keys longer than 64 bytes are cut.
void hmac_sha256(const uint8_t* key, uint32_t key_bytes, const uint8_t* data,
                 uint32_t bytes, uint8_t out[kHmacBytes]);

}  // namespace shoal
