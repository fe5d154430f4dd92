// Measures one layer: the runtime's row kernels over as many rows of the layer
// as fit in the memory, at its full width and channels. Rows and weights come
// from a seeded generator, weights in chunks that all rows see before the next
// one is made; only the kernels' calls are counted. The host runs the same
// with its own kernels, so that what was measured is known to be right.
#pragma once

#include <cstdint>

#include "boards/bench/layers.h"
#include "device/kernels/kernels.h"

namespace shoal {

// The bytes that the rows and a chunk together may take: with less than this a
// board cannot run the measurements.
inline constexpr uint32_t kBenchMemory = 58 * 1024;

// Rows of a band, if they fit.
inline constexpr int kBenchBand = 4;

// Rows whose windows lie inside the picture, or reach out of it. Columns of
// padding are part of both.
struct BenchRows {
  uint32_t rows, calls;
  uint64_t ticks;
};

struct BenchResult {
  BenchRows interior, border;
  BenchRows band;     // the first rows once more, together; none if they cannot
  uint32_t checksum;  // CRC-32 of all output rows
};

struct BenchClock {
  uint64_t (*ticks)(void* user);
  void* user;
  uint64_t empty;  // what two readings without anything between them differ by
};

// `memory` has kBenchMemory bytes, 16-byte aligned.
BenchResult measure_layer(const BenchLayer&, const KernelSet&,
                          const BenchClock&, uint8_t* memory);

// How the memory is divided.
struct BenchFit {
  int chunk_channels;  // output channels whose weights lie in a chunk
  int rows, in_rows;   // of the shortened layer
};
BenchFit fit_layer(const BenchLayer&);

}  // namespace shoal
