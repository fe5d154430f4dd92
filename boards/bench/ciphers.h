// What opening a chunk from a store takes, in `shoal bench-node`: with a key
// (ChaCha20-Poly1305) and without one (a tag of SHA-256), short chunks and long
// ones. Host and firmware read this one table and run the same code.
#pragma once

#include <cstdint>

#include "boards/bench/measure.h"

namespace shoal {

struct BenchCipher {
  const char* name;
  bool sealed;
  uint32_t bytes;  // of the chunk
};

inline constexpr BenchCipher kBenchCiphers[] = {
    {"open 512 B", true, 512},      {"open 4096 B", true, 4096},
    {"open 32768 B", true, 32768},  {"tag of 512 B", false, 512},
    {"tag of 4096 B", false, 4096}, {"tag of 32768 B", false, 32768},
};
inline constexpr uint32_t kBenchCipherCount =
    sizeof kBenchCiphers / sizeof *kBenchCiphers;

struct BenchCipherResult {
  uint64_t ticks;
  uint32_t checksum;  // CRC-32 of the opened chunk; 0: it did not open
};

// `memory` has kBenchMemory bytes.
BenchCipherResult measure_cipher(const BenchCipher&, const BenchClock&,
                                 uint8_t* memory);

}  // namespace shoal
