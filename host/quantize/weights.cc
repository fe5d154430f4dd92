#include "host/quantize/weights.h"

#include <algorithm>
#include <cmath>

#include "host/base/floats.h"

namespace shoal {
namespace {

constexpr double kMostBias = 0x1p30, kMostLongBias = 0x1p38;
constexpr double kMostSum = 0x1p31 - 1;
constexpr double kLeastMultiplier = 0x1p-24;

int8_t to_int8(float v, float scale) {
  const float q = std::round(v / scale);
  return static_cast<int8_t>(std::clamp(q, -127.f, 127.f));
}

// The extent of one channel's weights, or of all weights together if there is
// one scale.
struct WeightExtent {
  float highest = 0;  // of |weight|
  double sum = 0;     // of |weight|
  double bias = 0;    // highest |bias|
};

float scale_of(const WeightExtent& e, const Params& input, const Params& output,
               bool int16) {
  const double sx = input.scale;
  double scale = e.highest / 127.0;
  scale = std::max(scale, kLeastMultiplier * output.scale / sx);
  scale = std::max(scale, e.bias / (sx * (int16 ? kMostLongBias : kMostBias)));
  if (int16) return static_cast<float>(scale);  // sums have 64 bits
  // |sum of products| <= 255 * sum of |weights|
  const double most = (255 * e.sum + e.bias / sx) / kMostSum;
  return static_cast<float>(std::max(scale, most * 1.001));
}

}  // namespace

std::vector<float> constant_floats(const Tensor& t) {
  return floats_of(t.data);
}

WeightLayout weight_layout(const Op& op, const Tensor& weights) {
  WeightLayout l;
  l.last = op.kind == OpKind::kDepthwiseConv2d;
  l.channels = l.last ? weights.shape.back() : weights.shape.front();
  l.inner = element_count(weights.shape) / l.channels;
  return l;
}

QuantizedWeights quantize_weights(const Op& op, const Tensor& weights,
                                  std::span<const float> bias,
                                  const Params& input, const Params& output,
                                  bool int16) {
  const WeightLayout layout = weight_layout(op, weights);
  const bool single = op.kind == OpKind::kFullyConnected;
  const std::vector<float> w = constant_floats(weights);
  std::vector<WeightExtent> extents(static_cast<size_t>(layout.channels));
  for (size_t i = 0; i < w.size(); ++i) {
    WeightExtent& e =
        extents[static_cast<size_t>(layout.channel(static_cast<int64_t>(i)))];
    e.highest = std::max(e.highest, std::abs(w[i]));
    e.sum += std::abs(w[i]);
  }
  for (size_t c = 0; c < bias.size(); ++c) extents[c].bias = std::abs(bias[c]);

  QuantizedWeights result;
  for (const WeightExtent& e : extents) {
    result.scales.push_back(scale_of(e, input, output, int16));
  }
  if (single) {
    result.scales = {
        *std::max_element(result.scales.begin(), result.scales.end())};
  }
  for (size_t i = 0; i < w.size(); ++i) {
    const int c = layout.channel(static_cast<int64_t>(i));
    result.values.push_back(to_int8(w[i], result.scale(c)));
  }
  for (const float s : result.scales) {
    result.bias_scales.push_back(input.scale * s);
  }
  for (int c = 0; c < layout.channels && !bias.empty(); ++c) {
    const double unit = double{input.scale} * result.scale(c);
    result.bias.push_back(
        static_cast<int64_t>(std::round(bias[static_cast<size_t>(c)] / unit)));
  }
  return result;
}

}  // namespace shoal
