// A small model that keeps variables from frame to frame.
#pragma once

#include <cstdint>
#include <vector>

#include "host/base/testing/noise.h"
#include "host/model/import/testing/model_builder.h"

namespace shoal {

// The size of its input.
inline constexpr size_t kKeepingFrameBytes = 2 * 6 * 3;

// Seven rows under a convolution, two of them new; and a running sum.
inline std::vector<uint8_t> keeping_model(int listed = 1) {
  ModelBuilder b;
  const BuilderScale scale{0.05f, -3};
  const int x = b.input({1, 2, 6, 3}, scale);
  const int ring = b.variable({1, 5, 6, 3}, scale);
  const int rows = b.concatenation({b.read_variable(ring), x}, 1);
  b.assign_variable(
      ring, b.strided_slice(rows, {{0, 2, 0, 0}, {1, 7, 6, 3}, {1, 1, 1, 1}}));
  const int w =
      b.weights({8, 7, 6, 3}, noise<int8_t>(8 * 7 * 6 * 3, 1), {0.002f}, 0);
  const int y = b.conv(rows, w, -1, {0.1f, 2}, {.same = false});
  const int sum = b.variable({1, 1, 1, 8}, {0.1f, 2}, noise<int8_t>(8, 3));
  const int all = b.add(b.read_variable(sum), y, {0.1f, 2});
  b.assign_variable(sum, all);
  for (int i = 0; i < listed; ++i) b.output(all);
  return b.finish();
}

}  // namespace shoal
