// Tests only: one call cut into several that must leave the same bytes. Each
// function runs the pieces of `c`'s call and returns c.mismatch().
#pragma once

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "device/kernels/testing/kernel_cases.h"

namespace shoal {

using WindowKernel = void (*)(const ConvArgs&);

// [0, n) cut at random places; every piece is a multiple of `unit` long but
// the last.
inline std::vector<int> random_cuts(std::mt19937& random, int n, int unit = 1) {
  std::vector<int> cuts = {0};
  while (cuts.back() < n) {
    const int step = unit * random_int(random, 1, 1 + n / (2 * unit));
    cuts.push_back(std::min(n, cuts.back() + step));
  }
  return cuts;
}

// Runs `pieces` in order: the first starts from the bias, the last ends in
// int8, between them int32 sums pass, in place or from buffer to buffer.
inline void run_pieces(WindowKernel kernel, std::vector<ConvArgs> pieces,
                       const WindowShape& s, bool in_place) {
  const size_t size = static_cast<size_t>((s.x1 - 1) * s.channels + s.channels);
  std::vector<int32_t> sums[2] = {std::vector<int32_t>(size, 77),
                                  std::vector<int32_t>(size, 88)};
  for (size_t i = 0; i < pieces.size(); ++i) {
    ConvArgs& p = pieces[i];
    p.partial_stride = s.channels;
    if (i > 0) {
      p.partial_in = sums[in_place ? 0 : (i + 1) % 2].data();
      p.bias = nullptr;
    }
    if (i + 1 < pieces.size()) {
      p.partial_out = sums[in_place ? 0 : i % 2].data();
      p.out = nullptr;
    }
    kernel(p);
  }
}

inline std::string split_kernel_rows(WindowKernel kernel, WindowCase& c,
                                     std::mt19937& random) {
  c.whole(random);
  const ConvArgs whole = c.args();
  const int row_weights =
      whole.kernel_w *
      (c.shape().op == OpCode::kDepthwise ? whole.weight_stride : whole.in_c);
  std::vector<ConvArgs> pieces;
  const std::vector<int> cuts = random_cuts(random, whole.kernel_h);
  for (size_t i = 0; i + 1 < cuts.size(); ++i) {
    ConvArgs p = whole;
    p.rows += cuts[i];
    p.kernel_h = cuts[i + 1] - cuts[i];
    p.weights += cuts[i] * row_weights;
    pieces.push_back(p);
  }
  run_pieces(kernel, pieces, c.shape(), one_in(random, 2));
  return c.mismatch();
}

// Not for kDepthwise.
inline std::string split_input_channels(WindowKernel kernel, WindowCase& c,
                                        std::mt19937& random) {
  c.whole(random);
  const ConvArgs whole = c.args();
  const int taps = whole.kernel_h * whole.kernel_w;
  const std::vector<int> cuts = random_cuts(random, whole.in_c);
  std::vector<std::vector<int8_t>> weights(cuts.size());
  std::vector<std::vector<const int8_t*>> rows(cuts.size());
  std::vector<ConvArgs> pieces;
  for (size_t i = 0; i + 1 < cuts.size(); ++i) {
    ConvArgs p = whole;
    p.in_c = cuts[i + 1] - cuts[i];
    for (int ky = 0; ky < p.kernel_h; ++ky) {
      const int8_t* row = whole.rows[ky];
      rows[i].push_back(row ? row + cuts[i] : nullptr);
    }
    for (int o = 0; o < p.channels; ++o) {
      const int8_t* w = whole.weights + o * whole.weight_stride;
      for (int t = 0; t < taps; ++t, w += whole.in_c) {
        weights[i].insert(weights[i].end(), w + cuts[i], w + cuts[i + 1]);
      }
    }
    p.rows = rows[i].data();
    p.weights = weights[i].data();
    p.weight_stride = taps * p.in_c;
    pieces.push_back(p);
  }
  run_pieces(kernel, pieces, c.shape(), one_in(random, 2));
  return c.mismatch();
}

// Ranges of output channels times ranges of columns.
inline std::string split_outputs(WindowKernel kernel, WindowCase& c,
                                 std::mt19937& random) {
  c.whole(random);
  const ConvArgs whole = c.args();
  const bool depthwise = c.shape().op == OpCode::kDepthwise;
  const int unit = depthwise ? whole.multiplier : 1;
  const std::vector<int> cuts = random_cuts(random, whole.channels, unit);
  for (size_t i = 0; i + 1 < cuts.size(); ++i) {
    const int o = cuts[i];
    ConvArgs p = whole;
    p.channels = cuts[i + 1] - o;
    std::vector<const int8_t*> rows;
    for (int ky = 0; ky < p.kernel_h; ++ky) {
      const int8_t* row = whole.rows[ky];
      rows.push_back(row && depthwise ? row + o / unit : row);
    }
    p.rows = rows.data();
    p.weights += depthwise ? o : o * p.weight_stride;
    p.bias += o, p.multipliers += o, p.shifts += o, p.out += o;
    const std::vector<int> columns = random_cuts(random, p.x1 - p.x0);
    for (size_t k = 0; k + 1 < columns.size(); ++k) {
      p.x0 = whole.x0 + columns[k], p.x1 = whole.x0 + columns[k + 1];
      kernel(p);
    }
  }
  return c.mismatch();
}

}  // namespace shoal
