/// @file
/// How a datagram is protected on its way: authenticated encryption, or a
/// checksum where the user asked for none.
#pragma once

#include "device/shoal.h"

namespace shoal {

/// Bytes of every key.
inline constexpr uint32_t kKeyBytes = 32;

/// Returns ChaCha20-Poly1305 (RFC 8439) by Mbed TLS, with a tag of 16 bytes.
const shoal_cipher& chacha20_poly1305();
/// Returns the same cipher by BearSSL: the same bytes.
const shoal_cipher& chacha20_poly1305_bearssl();
/// Returns a CRC-32C of packet number, head and data as a tag of 4 bytes. It
/// finds accidents and stops no attacker. The key is ignored.
const shoal_cipher& checksum_only();

}  // namespace shoal
