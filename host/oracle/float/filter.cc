#include "host/oracle/float/filter.h"

#include <cstring>

namespace shoal::float_oracle {
namespace {

// Neighbours that the compiler is to keep in one register.
constexpr int kLane = 4;
using Lane = float __attribute__((vector_size(kLane * sizeof(float))));

}  // namespace

Filter::Filter(std::span<const float> weights, int outputs, int taps,
               int inputs)
    : blocks_((outputs + kBlock - 1) / kBlock), taps_(taps), inputs_(inputs) {
  const size_t per_output = static_cast<size_t>(taps) * inputs;
  weights_.resize(room() * per_output);
  for (int o = 0; o < outputs; ++o) {
    const float* const from = &weights[o * per_output];
    float* const to = &weights_[o / kBlock * kBlock * per_output + o % kBlock];
    for (size_t i = 0; i < per_output; ++i) to[i * kBlock] = from[i];
  }
}

void Filter::add(int tap, const float* x, float* sums) const {
  const size_t tap_size = static_cast<size_t>(inputs_) * kBlock;
  const float* w = weights_.data() + tap * tap_size;
  for (int t = 0; t < blocks_; ++t, w += taps_ * tap_size, sums += kBlock) {
    Lane block[kBlock / kLane];
    std::memcpy(block, sums, sizeof block);
    for (int i = 0; i < inputs_; ++i) {
      Lane row[kBlock / kLane];
      std::memcpy(row, w + static_cast<size_t>(i) * kBlock, sizeof row);
      for (int l = 0; l < kBlock / kLane; ++l) block[l] += x[i] * row[l];
    }
    std::memcpy(sums, block, sizeof block);
  }
}

}  // namespace shoal::float_oracle
