// The cost of checking bytes from a store, in `shoal bench-node`: chunks with a
// key and without one, short and long, and records, whose tag without a key is
// another. Host and firmware read this one table and run the same code.
#pragma once

#include <cstdint>

#include "boards/bench/measure.h"

namespace shoal {

enum class BenchTag : uint8_t { kChacha20Poly1305, kSums, kSha256 };

struct BenchCipher {
  const char* name;
  BenchTag tag;
  uint32_t bytes;  // without the tag
};

inline constexpr BenchCipher kBenchCiphers[] = {
    {"sealed chunk 512 B", BenchTag::kChacha20Poly1305, 512},
    {"sealed chunk 4096 B", BenchTag::kChacha20Poly1305, 4096},
    {"sealed chunk 32768 B", BenchTag::kChacha20Poly1305, 32768},
    {"plain chunk 512 B", BenchTag::kSums, 512},
    {"plain chunk 4096 B", BenchTag::kSums, 4096},
    {"plain chunk 32768 B", BenchTag::kSums, 32768},
    {"plain record 512 B", BenchTag::kSha256, 512},
    {"plain record 4096 B", BenchTag::kSha256, 4096},
};
inline constexpr uint32_t kBenchCipherCount =
    sizeof kBenchCiphers / sizeof *kBenchCiphers;

struct BenchCipherResult {
  uint64_t ticks;
  uint32_t checksum;  // CRC-32 of the checked bytes; 0: they did not pass
};

// `memory` has kBenchMemory bytes.
BenchCipherResult measure_cipher(const BenchCipher&, const BenchClock&,
                                 uint8_t* memory);

}  // namespace shoal
