// Observes what the float network does with the calibration frames. Nothing of
// a frame is kept but counts, and for some frames the mean inputs of layers.
#pragma once

#include <set>

#include "host/base/ranks/team.h"
#include "host/quantize/histogram.h"
#include "host/quantize/quantize.h"

namespace shoal {

using FrameProgress = std::function<void(int64_t)>;  // frames done of this pass

// All inputs of one frame. Throws Error(kUsage) for a wrong size, kCorrupt
// for values that are no numbers.
std::vector<float> load_frame(const Graph&, const Calibration&, int64_t frame);

// For a convolution or fully connected layer: the input under each weight of
// one output channel, on average over the output's positions. Padding counts as
// zeros. A layer's mean output before its activation is linear in this.
std::vector<double> mean_patch(const Graph&, const Op&, std::span<const float>);
bool has_patch(const Op&);
size_t patch_size(const Graph&, const Op&);

struct Observations {
  std::vector<Histogram> seen;  // by tensor
  // The largest magnitude of each channel (last axis), of watched tensors.
  std::vector<std::vector<float>> highest;
  // By operator, the mean of the paired frames.
  std::vector<std::vector<double>> patches;
};

struct ObserveOptions {
  std::set<int> watched;        // tensors
  std::vector<int64_t> paired;  // frames
  std::vector<float> floors;    // by tensor, see masks.h; empty: none
};

// Throws Error(kCorrupt) where values are no finite numbers. Ranks share the
// frames; those that are not the first get `highest` alone.
Observations observe(const Graph&, const Calibration&, const ObserveOptions&,
                     Team&, const FrameProgress&);

}  // namespace shoal
