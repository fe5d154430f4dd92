// Weights and biases as int8 and int32 (int64 beside int16 activations).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "host/quantize/ranges.h"

namespace shoal {

// The floats of a constant.
std::vector<float> constant_floats(const Tensor&);

// How weights lie in memory: which output channel an element belongs to.
struct WeightLayout {
  int channels = 0;
  bool last = false;  // channels are the last axis, not the first
  int64_t inner = 0;  // elements of one channel
  int axis() const { return last ? 3 : 0; }
  int channel(int64_t element) const {
    return static_cast<int>(last ? element % channels : element / inner);
  }
};
WeightLayout weight_layout(const Op&, const Tensor& weights);

struct QuantizedWeights {
  std::vector<int8_t> values;
  std::vector<float> scales;  // one per channel, or one
  std::vector<int64_t> bias;  // int32, unless activations are int16
  std::vector<float> bias_scales;
  float scale(int channel) const {
    return scales[scales.size() > 1 ? static_cast<size_t>(channel) : 0];
  }
};

// Symmetric, -127..127; FULLY_CONNECTED has one scale, as the runtimes that we
// know want it. Scales widen where the bias or the sums would leave int32 or
// the multiplier would vanish. `bias`: empty if there is none.
QuantizedWeights quantize_weights(const Op&, const Tensor& weights,
                                  std::span<const float> bias,
                                  const Params& input, const Params& output,
                                  bool int16);

}  // namespace shoal
