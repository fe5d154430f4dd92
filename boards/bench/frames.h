// The frames that the measuring firmware writes to its console, as frames of
// device/port/console.h: kHello, kBenchBegin, a kBenchLayer for each layer in
// the order of kBenchLayers, a kBenchCipher for each of kBenchCiphers,
// kBenchHandshake, kBenchEnd. It has frame types of its own, because it is a
// firmware of its own.
#pragma once

#include <cstdint>

#include "device/port/console.h"

namespace shoal {

inline constexpr FrameType kBenchBegin{64};
inline constexpr FrameType kBenchLayer{65};
inline constexpr FrameType kBenchEnd{66};
inline constexpr FrameType kBenchCipher{67};
inline constexpr FrameType kBenchHandshake{68};

// The clock, tried on a loop of known length.
struct BenchBeginFrame {
  char kernels[16];  // the KernelSet's name, padded with zeros
  uint32_t layers;
  uint32_t trial_instructions, trial_ticks;
};
static_assert(sizeof(BenchBeginFrame) == 28);

struct BenchCountFrame {
  uint32_t rows, calls, ticks_low, ticks_high;
};
struct BenchLayerFrame {
  uint32_t layer;
  BenchCountFrame interior, border, band;
  uint32_t checksum;
};
static_assert(sizeof(BenchLayerFrame) == 56);

struct BenchCipherFrame {
  uint32_t cipher, ticks_low, ticks_high;
  uint32_t checksum;
};

struct BenchHandshakeFrame {
  uint32_t ticks_low, ticks_high;
  uint32_t stack_bytes;  // the most that all measurements have used
  uint32_t checksum;
};

struct BenchEndFrame {
  uint32_t layers;
};

}  // namespace shoal
