// Tests only: slow, obvious references of the row kernels that multiply by
// weights. One element at a time, bounds checked, straight from the formulas
//   kConv, kDepthwise  b + sum over taps inside the row (x - zx) * (w - zw)
//   kTransposeConv     the same, over the taps that reach the pixel
// with the plain bias; so the folded bias of the kernels is checked too.
#pragma once

#include <cstdint>
#include <vector>

#include "device/base/fixed_point.h"
#include "device/program/image.h"

namespace shoal {

// Shape and quantization of one call; all sizes in elements.
struct WindowShape {
  OpCode op = OpCode::kConv;
  int kernel_h = 1, kernel_w = 1;
  int in_w = 1, in_c = 1, in_stride = 1;
  int stride_x = 1, dilation_x = 1, pad_left = 0;
  int x0 = 0, x1 = 1;
  int channels = 1, multiplier = 1;
  int weight_stride = 1, partial_stride = 1, out_stride = 1;
  int zero_in = 0, zero_weight = 0, zero_out = 0;
  int act_min = -128, act_max = 127;
};

// rows[ky] empty: a padding row. Weights in the canonical layout.
struct WindowData {
  std::vector<std::vector<int8_t>> rows;
  std::vector<int8_t> weights;
  std::vector<int32_t> bias;  // plain
  std::vector<int32_t> multipliers;
  std::vector<int8_t> shifts;
};

inline int reference_weight(const WindowShape& s, const WindowData& d, int o,
                            int ky, int kx, int c) {
  const int at =
      s.op == OpCode::kDepthwise
          ? (ky * s.kernel_w + kx) * s.weight_stride + o
          : o * s.weight_stride + (ky * s.kernel_w + kx) * s.in_c + c;
  return d.weights.at(static_cast<size_t>(at));
}

// Input column of tap kx of output column x, or -1.
inline int reference_column(const WindowShape& s, int x, int kx) {
  int ix = x * s.stride_x - s.pad_left + kx * s.dilation_x;
  if (s.op == OpCode::kTransposeConv) {
    const int v = x + s.pad_left - kx;
    if (v < 0 || v % s.stride_x != 0) return -1;
    ix = v / s.stride_x;
  }
  return ix >= 0 && ix < s.in_w ? ix : -1;
}

// Input channels of output channel o: [first, first + count).
inline int reference_first_channel(const WindowShape& s, int o) {
  return s.op == OpCode::kDepthwise ? o / s.multiplier : 0;
}
inline int reference_channel_count(const WindowShape& s) {
  return s.op == OpCode::kDepthwise ? 1 : s.in_c;
}

// Sum over the taps, without bias; padding taps count with x = `padding`, and
// `zero` is taken from every x.
inline uint32_t reference_sum(const WindowShape& s, const WindowData& d, int o,
                              int x, int zero, int padding) {
  uint32_t sum = 0;
  for (int ky = 0; ky < s.kernel_h; ++ky) {
    const std::vector<int8_t>& row = d.rows.at(static_cast<size_t>(ky));
    for (int kx = 0; kx < s.kernel_w; ++kx) {
      const int ix = row.empty() ? -1 : reference_column(s, x, kx);
      for (int i = 0; i < reference_channel_count(s); ++i) {
        const int c = reference_first_channel(s, o) + i;
        const int v = ix < 0
                          ? padding
                          : row.at(static_cast<size_t>(ix * s.in_stride + c));
        const int w = reference_weight(s, d, o, ky, kx, i);
        sum += bits((v - zero) * (w - s.zero_weight));
      }
    }
  }
  return sum;
}

// The value that a call adds to a partial sum: raw x for kConv and kDepthwise.
inline uint32_t reference_partial(const WindowShape& s, const WindowData& d,
                                  int o, int x) {
  if (s.op == OpCode::kTransposeConv) {
    return reference_sum(s, d, o, x, s.zero_in, s.zero_in);
  }
  return reference_sum(s, d, o, x, 0, s.zero_in);
}

// The accumulator of a whole window, bias included.
inline int32_t reference_accumulator(const WindowShape& s, const WindowData& d,
                                     int o, int x) {
  return wrap(bits(d.bias.at(static_cast<size_t>(o))) +
              reference_sum(s, d, o, x, s.zero_in, s.zero_in));
}

inline int32_t reference_folded_bias(const WindowShape& s, const WindowData& d,
                                     int o) {
  uint32_t bias = bits(d.bias.at(static_cast<size_t>(o)));
  if (s.op == OpCode::kTransposeConv) return wrap(bias);
  for (int ky = 0; ky < s.kernel_h; ++ky) {
    for (int kx = 0; kx < s.kernel_w; ++kx) {
      for (int c = 0; c < reference_channel_count(s); ++c) {
        const int w = reference_weight(s, d, o, ky, kx, c) - s.zero_weight;
        bias -= bits(s.zero_in * w);
      }
    }
  }
  return wrap(bias);
}

inline int8_t reference_output(const WindowShape& s, const WindowData& d, int o,
                               int32_t accumulator) {
  const size_t i = static_cast<size_t>(o);
  const int32_t v = wrap_add(
      requantize(accumulator, d.multipliers.at(i), d.shifts.at(i)), s.zero_out);
  return static_cast<int8_t>(clamp(v, s.act_min, s.act_max));
}

}  // namespace shoal
