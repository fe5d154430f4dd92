// Whole tensors, random filters and the plainest computation of them, and
// chunks cut from such filters.
#pragma once

#include <random>
#include <utility>
#include <vector>

#include "device/base/fixed_point.h"
#include "device/runtime/testing/program_builder.h"
#include "device/runtime/testing/run_program.h"

namespace shoal::test {

using Random = std::mt19937;

inline int uniform(Random& r, int lo, int hi) {
  return std::uniform_int_distribution<int>(lo, hi)(r);
}

template <class T>
struct TensorOf {
  int rows = 0, columns = 0, channels = 0;
  std::vector<T> v;

  TensorOf() = default;
  TensorOf(int y, int x, int c)
      : rows(y), columns(x), channels(c), v(size_t(y) * size_t(x * c)) {}
  T& at(int y, int x, int c) {
    return v[size_t((y * columns + x) * channels + c)];
  }
  T at(int y, int x, int c) const {
    return v[size_t((y * columns + x) * channels + c)];
  }
  bool inside(int y, int x) const {
    return y >= 0 && y < rows && x >= 0 && x < columns;
  }
  BufferSpec buffer(int slots = 0) const {
    BufferSpec b;
    b.rows = rows, b.columns = columns, b.channels = channels;
    b.slots = slots, b.element_bytes = sizeof(T);
    return b;
  }
  Bytes bytes() const {
    const auto* p = reinterpret_cast<const uint8_t*>(v.data());
    return Bytes(p, p + v.size() * sizeof(T));
  }
};
using Tensor = TensorOf<int8_t>;
using Sums = TensorOf<int32_t>;

inline Tensor random_tensor(Random& r, int rows, int columns, int channels) {
  Tensor t(rows, columns, channels);
  for (int8_t& v : t.v) v = static_cast<int8_t>(uniform(r, -128, 127));
  return t;
}

// The window and quantization fields of an ActorRecord, with weights in the
// canonical layout: [o][ky][kx][i], depthwise [ky][kx][o].
struct Filter {
  ActorRecord r = ActorSpec::plain();
  int in_c = 1, out_c = 1;
  std::vector<int> weights;
  std::vector<int32_t> bias, multipliers;
  std::vector<int> shifts;

  bool depthwise() const { return r.op == OpCode::kDepthwise; }
  int weight(int o, int ky, int kx, int i) const {
    const int tap = ky * r.kernel_w + kx;
    return weights[size_t(
        depthwise() ? tap * out_c + o
                    : (o * r.kernel_h * r.kernel_w + tap) * in_c + i)];
  }
  int taps_c() const { return depthwise() ? 1 : in_c; }
};

inline Filter random_filter(Random& r, OpCode op, int in_c, int out_c, int k,
                            int stride = 1, int pad = 0, int multiplier = 1) {
  Filter f;
  f.in_c = in_c, f.out_c = out_c;
  f.r.op = op;
  f.r.kernel_h = f.r.kernel_w = f.r.part = static_cast<uint16_t>(k);
  f.r.stride_y = f.r.stride_x = static_cast<uint16_t>(stride);
  f.r.pad_top = f.r.pad_left = pad;
  f.r.multiplier = static_cast<uint16_t>(multiplier);
  f.r.zero_in = static_cast<int8_t>(uniform(r, -20, 20));
  f.r.zero_out = static_cast<int8_t>(uniform(r, -20, 20));
  f.r.zero_weight = static_cast<int8_t>(uniform(r, -5, 5));
  f.r.act_min = static_cast<int8_t>(uniform(r, -128, -100));
  const int count = k * k * out_c * f.taps_c();
  for (int i = 0; i < count; ++i) f.weights.push_back(uniform(r, -127, 127));
  for (int o = 0; o < out_c; ++o) {
    f.bias.push_back(uniform(r, -4000, 4000));
    f.multipliers.push_back(uniform(r, 1 << 30, kInt32Max));
    f.shifts.push_back(uniform(r, -10, -7));
  }
  return f;
}

// One input and two output channels, along rows.
inline Filter line_filter(Random& r, int taps, int stride, int dilation,
                          int pad) {
  Filter f = random_filter(r, OpCode::kConv, 1, 2, 1);
  f.weights.clear();
  for (int i = 0; i < 2 * taps; ++i) f.weights.push_back(uniform(r, -99, 99));
  f.r.kernel_h = f.r.part = static_cast<uint16_t>(taps);
  f.r.stride_y = static_cast<uint16_t>(stride);
  f.r.dilation_y = static_cast<uint16_t>(dilation);
  f.r.pad_top = pad;
  return f;
}
inline Filter along_columns(Filter f) {
  std::swap(f.r.kernel_h, f.r.kernel_w);
  std::swap(f.r.stride_y, f.r.stride_x);
  std::swap(f.r.dilation_y, f.r.dilation_x);
  f.r.pad_left = f.r.pad_top, f.r.pad_top = 0;
  f.r.part = f.r.kernel_h;
  return f;
}

inline int8_t finish(const Filter& f, int o, int64_t acc) {
  const int32_t v = requantize(wrap(static_cast<uint32_t>(acc)),
                               f.multipliers[size_t(o)], f.shifts[size_t(o)]);
  return static_cast<int8_t>(clamp(v + f.r.zero_out, f.r.act_min, f.r.act_max));
}

// bias + sum (x - zero_in)(w - zero_weight) over positions in the picture.
inline int64_t naive_sum(const Filter& f, const Tensor& in, int oy, int ox,
                         int o) {
  int64_t acc = f.bias[size_t(o)];
  for (int ky = 0; ky < f.r.kernel_h; ++ky) {
    for (int kx = 0; kx < f.r.kernel_w; ++kx) {
      int y = oy * f.r.stride_y - f.r.pad_top + ky * f.r.dilation_y;
      int x = ox * f.r.stride_x - f.r.pad_left + kx * f.r.dilation_x;
      if (f.r.op == OpCode::kTransposeConv) {
        y = oy + f.r.pad_top - ky, x = ox + f.r.pad_left - kx;
        if (y % f.r.stride_y || x % f.r.stride_x) continue;
        y /= f.r.stride_y, x /= f.r.stride_x;
        if (oy + f.r.pad_top - ky < 0 || ox + f.r.pad_left - kx < 0) continue;
      }
      if (!in.inside(y, x)) continue;
      for (int i = 0; i < f.taps_c(); ++i) {
        const int c = f.depthwise() ? o / f.r.multiplier : i;
        acc += (in.at(y, x, c) - f.r.zero_in) *
               (f.weight(o, ky, kx, i) - f.r.zero_weight);
      }
    }
  }
  return acc;
}

inline Tensor naive(const Filter& f, const Tensor& in, int rows, int columns) {
  Tensor out(rows, columns, f.out_c);
  for (int y = 0; y < rows; ++y) {
    for (int x = 0; x < columns; ++x) {
      for (int o = 0; o < f.out_c; ++o) {
        out.at(y, x, o) = finish(f, o, naive_sum(f, in, y, x, o));
      }
    }
  }
  return out;
}

struct Cut {
  int out0 = 0, out_n = 0, in0 = 0, in_n = 0, ky0 = 0, ky_n = 0;  // n 0: all
};

// A chunk of the filter. in0 and in_n of the ChunkSpec are kernel rows.
inline ChunkSpec chunk_of(const Filter& f, Cut c = {}) {
  if (!c.out_n) c.out_n = f.out_c;
  if (!c.in_n) c.in_n = f.taps_c();
  if (!c.ky_n) c.ky_n = f.r.kernel_h;
  ChunkSpec s;
  s.out0 = c.out0, s.out_n = c.out_n, s.in0 = c.ky0, s.in_n = c.ky_n;
  const auto put = [&](int o, int ky, int kx, int i) {
    s.bytes.push_back(static_cast<uint8_t>(f.weight(o, ky, kx, i)));
  };
  const int k_end = c.ky0 + c.ky_n, o_end = c.out0 + c.out_n;
  if (f.depthwise()) {
    for (int ky = c.ky0; ky < k_end; ++ky) {
      for (int kx = 0; kx < f.r.kernel_w; ++kx) {
        for (int o = c.out0; o < o_end; ++o) put(o, ky, kx, 0);
      }
    }
  } else {
    for (int o = c.out0; o < o_end; ++o) {
      for (int ky = c.ky0; ky < k_end; ++ky) {
        for (int kx = 0; kx < f.r.kernel_w; ++kx) {
          for (int i = c.in0; i < c.in0 + c.in_n; ++i) put(o, ky, kx, i);
        }
      }
    }
  }
  s.bytes.resize(align_up(static_cast<uint32_t>(s.bytes.size()), 4));
  const auto word = [&](uint32_t v) {
    for (int i = 0; i < 4; ++i) s.bytes.push_back(uint8_t(v >> (8 * i)));
  };
  for (int o = c.out0; o < o_end; ++o) {
    int64_t folded = f.bias[size_t(o)];
    if (f.r.op != OpCode::kTransposeConv) {
      for (int ky = 0; ky < f.r.kernel_h; ++ky) {
        for (int kx = 0; kx < f.r.kernel_w; ++kx) {
          for (int i = 0; i < f.taps_c(); ++i) {
            folded -= f.r.zero_in * (f.weight(o, ky, kx, i) - f.r.zero_weight);
          }
        }
      }
    }
    word(static_cast<uint32_t>(folded));
  }
  for (int o = c.out0; o < o_end; ++o) word(bits(f.multipliers[size_t(o)]));
  for (int o = c.out0; o < o_end; ++o) {
    s.bytes.push_back(static_cast<uint8_t>(f.shifts[size_t(o)]));
  }
  s.bytes.resize(align_up(static_cast<uint32_t>(s.bytes.size()), 4));
  return s;
}

// An actor for the whole filter between two ports.
inline ActorSpec actor_of(const Filter& f, int in, int out, int band = 1) {
  ActorSpec a;
  a.r = f.r;
  a.r.in[0] = static_cast<uint16_t>(in), a.r.out = static_cast<uint16_t>(out);
  a.r.band = static_cast<uint16_t>(band);
  a.chunks = {chunk_of(f)};
  return a;
}

}  // namespace shoal::test
