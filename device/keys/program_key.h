// The key that seals a program on its way to a board that runs alone.
#pragma once

#include <cstdint>

namespace shoal {

inline constexpr uint32_t kProgramKeyBytes = 32;

// HKDF-SHA256 (RFC 5869) of an export's key, salt = `hash`, the program's
// SHA-256, info = "shoal sent program", then its bytes and `count` in
// little-endian order.
void derive_program_key(const uint8_t key[kProgramKeyBytes],
                        const uint8_t hash[32], uint32_t bytes, uint32_t count,
                        uint8_t out[kProgramKeyBytes]);

}  // namespace shoal
