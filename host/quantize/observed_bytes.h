// The format in which ranks exchange the results of a calibration pass.
// Little-endian; both sides have the same graph, so only what the graph leaves
// open is sent.
//
//   values:  for every tensor  f32 lowest, highest  i64 count, zeros
//            u32 bins, channels  i64 of each bin  f32 highest of each channel
//   patches: for every operator that has one, its mean_patch() in f64
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "host/quantize/observe.h"

namespace shoal {

// `seen` and `highest`.
std::vector<uint8_t> format_values(const Observations&);
// Throws Error(kCorrupt) for what no frames of this graph give.
Observations parse_values(const Graph&, std::span<const uint8_t>);

// By operator, of one frame.
using Patches = std::vector<std::vector<double>>;
std::vector<uint8_t> format_patches(const Patches&);
Patches parse_patches(const Graph&, std::span<const uint8_t>);

}  // namespace shoal
