// The messages that the measuring firmware writes to its console, as those of
// device/port/console.h: kHello, kBenchBegin, a kBenchLayer for each layer in
// the order of kBenchLayers, a kBenchCipher for each of kBenchCiphers,
// kBenchHandshake, kBenchEnd. It has types of its own, because it is a
// firmware of its own.
#pragma once

#include <cstdint>

#include "device/port/console.h"

namespace shoal {

inline constexpr ConsoleType kBenchBegin{64};
inline constexpr ConsoleType kBenchLayer{65};
inline constexpr ConsoleType kBenchEnd{66};
inline constexpr ConsoleType kBenchCipher{67};
inline constexpr ConsoleType kBenchHandshake{68};

// The clock, tried on a loop of known length.
struct BenchBeginMessage {
  char kernels[16];  // the KernelSet's name, padded with zeros
  uint32_t layers;
  uint32_t trial_instructions, trial_ticks;
};
static_assert(sizeof(BenchBeginMessage) == 28);

struct BenchCountMessage {
  uint32_t rows, calls, ticks_low, ticks_high;
};
struct BenchLayerMessage {
  uint32_t layer;
  BenchCountMessage interior, border, band;
  uint32_t checksum;
};
static_assert(sizeof(BenchLayerMessage) == 56);

struct BenchCipherMessage {
  uint32_t cipher, ticks_low, ticks_high;
  uint32_t checksum;
};

struct BenchHandshakeMessage {
  uint32_t ticks_low, ticks_high;
  uint32_t stack_bytes;  // the most that all measurements have used
  uint32_t checksum;
};

struct BenchEndMessage {
  uint32_t layers;
};

}  // namespace shoal
