// How a datagram is protected on its way: authenticated encryption, or a
// checksum where the user asked for none.
#pragma once

#include "device/shoal.h"

namespace shoal {

inline constexpr uint32_t kKeyBytes = 32;

// ChaCha20-Poly1305 (RFC 8439) by Mbed TLS; a tag of 16 bytes.
const shoal_cipher& chacha20_poly1305();
// CRC-32C of packet number, head and data, 4 bytes: finds accidents, stops
// nobody. The key is ignored.
const shoal_cipher& checksum_only();

}  // namespace shoal
