#include "host/float_oracle/filter.h"

#include <algorithm>

namespace shoal::float_oracle {

Filter::Filter(std::span<const float> weights, int outputs, int taps,
               int inputs)
    : tiles_((outputs + kTile - 1) / kTile), taps_(taps), inputs_(inputs) {
  const size_t per_output = static_cast<size_t>(taps) * inputs;
  weights_.resize(room() * per_output);
  for (int o = 0; o < outputs; ++o) {
    const float* const from = &weights[o * per_output];
    float* const to = &weights_[o / kTile * kTile * per_output + o % kTile];
    for (size_t i = 0; i < per_output; ++i) to[i * kTile] = from[i];
  }
}

void Filter::add(int tap, const float* x, float* sums) const {
  const size_t tap_size = static_cast<size_t>(inputs_) * kTile;
  const float* w = weights_.data() + tap * tap_size;
  for (int t = 0; t < tiles_; ++t, w += taps_ * tap_size, sums += kTile) {
    float tile[kTile];
    std::copy_n(sums, kTile, tile);
    for (int i = 0; i < inputs_; ++i) {
      const float* const row = w + static_cast<size_t>(i) * kTile;
      for (int o = 0; o < kTile; ++o) tile[o] += x[i] * row[o];
    }
    std::copy_n(tile, kTile, sums);
  }
}

}  // namespace shoal::float_oracle
