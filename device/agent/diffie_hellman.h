// X25519 (RFC 7748) as a port gives it. Both return 0; anything else is an
// error, a result of nothing but zeros too: then the other side's key is none.
//
//   x25519_mbedtls()  device/agent/mbedtls: of Mbed TLS's numbers; takes heap
//   x25519_everest()  device/agent/everest: without heap, for boards
#pragma once

#include <cstdint>

namespace shoal {

inline constexpr uint32_t kDhBytes = 32;

struct DiffieHellman {
  int (*public_key)(const uint8_t secret[kDhBytes], uint8_t out[kDhBytes]);
  int (*shared)(const uint8_t secret[kDhBytes], const uint8_t theirs[kDhBytes],
                uint8_t out[kDhBytes]);
};

const DiffieHellman& x25519_mbedtls();
const DiffieHellman& x25519_everest();

}  // namespace shoal
