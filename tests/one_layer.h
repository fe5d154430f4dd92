// A small network for exported projects.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "host/model/import/testing/model_builder.h"

namespace shoal {

// A network of one convolution, with rows of outputs; `side`: of its input.
inline std::vector<uint8_t> one_layer(uint32_t seed, int side, int channels) {
  ModelBuilder b;
  std::mt19937 random(seed);
  std::vector<int8_t> weights(static_cast<size_t>(channels) * 3 * 3 * 3);
  for (int8_t& w : weights) w = static_cast<int8_t>(random());
  const int x = b.input({1, side, side, 3}, {0.05f, -3});
  const int w = b.weights({channels, 3, 3, 3}, weights, {0.004f}, 0);
  b.output(b.conv(x, w, -1, {0.5f, 2}, {.same = true}));
  return b.finish();
}

}  // namespace shoal
