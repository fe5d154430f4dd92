// Tests only: random calls of the kernels that take ConvArgs, with the bytes
// that they must leave behind.
//
//   std::mt19937 random(seed);
//   WindowCase c(random_window(random, OpCode::kConv), random);
//   kernels.conv(c.args());
//   EXPECT_EQ(c.mismatch(), "") << "seed " << seed;
//
// A case owns its buffers. Inputs are heap blocks of exactly the bytes that
// the call may read, so that AddressSanitizer sees a read too many; outputs
// lie among canaries, which mismatch() checks.
#pragma once

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "device/kernels/kernels.h"
#include "device/kernels/testing/kernel_reference.h"

namespace shoal {

inline int random_int(std::mt19937& random, int low, int high) {
  return std::uniform_int_distribution<int>(low, high)(random);
}
inline bool one_in(std::mt19937& random, int n) {
  return random_int(random, 1, n) == 1;
}
inline int8_t at(const std::vector<int8_t>& v, int i) {
  return v.at(static_cast<size_t>(i));
}
inline std::vector<int8_t> random_bytes(std::mt19937& random, int count) {
  std::vector<int8_t> v(static_cast<size_t>(count));
  const int kind = random_int(random, 0, 7);
  for (int8_t& b : v) {
    b = static_cast<int8_t>(kind == 0   ? -128
                            : kind == 1 ? (one_in(random, 2) ? 127 : -128)
                                        : random_int(random, -128, 127));
  }
  return v;
}

enum class WindowKind {
  kAny,
  kPointwise,
  kThreeByThree,
  kOddSized,  // of 1, 3, 5 or 7 rows, and rarely as many columns
  kFullyConnected,
};

// The kernel's size, and how many channels there are.
inline void random_sizes(std::mt19937& random, WindowKind kind,
                         WindowShape& s) {
  s.channels = random_int(random, 1, one_in(random, 4) ? 70 : 11);
  s.in_c = random_int(random, 1, one_in(random, 4) ? 100 : 20);
  s.in_w = random_int(random, 1, one_in(random, 4) ? 40 : 14);
  if (kind == WindowKind::kAny) {
    s.kernel_h = random_int(random, 1, 5);
    s.kernel_w = random_int(random, 1, one_in(random, 3) ? 9 : 4);
    s.stride_x = random_int(random, 1, 3);
    s.dilation_x = one_in(random, 3) ? random_int(random, 2, 3) : 1;
  } else if (kind == WindowKind::kThreeByThree) {
    s.kernel_h = s.kernel_w = 3;
    s.stride_x = random_int(random, 1, 2);
  } else if (kind == WindowKind::kOddSized) {
    s.kernel_h = 2 * random_int(random, 0, 3) + 1;
    s.kernel_w = one_in(random, 2) ? s.kernel_h : random_int(random, 1, 9);
    s.stride_x = random_int(random, 1, one_in(random, 4) ? 9 : 3);
  } else if (kind == WindowKind::kFullyConnected) {
    s.kernel_w = s.in_w = random_int(random, 1, 3);
    s.kernel_h = random_int(random, 1, 3);
    s.in_c = random_int(random, 1, 300);
  }
}

inline void random_quantization(std::mt19937& random, WindowShape& s) {
  s.zero_in = one_in(random, 4) ? -128 : random_int(random, -128, 127);
  s.zero_out = random_int(random, -128, 127);
  s.zero_weight = one_in(random, 2) ? 0 : random_int(random, -128, 127);
  if (one_in(random, 3)) {
    s.act_min = random_int(random, -128, 20);
    s.act_max = random_int(random, s.act_min, 127);
  }
}

inline int random_stride(std::mt19937& random, int least) {
  return one_in(random, 2) ? least : least + random_int(random, 1, 9);
}

inline WindowShape random_window(std::mt19937& random, OpCode op,
                                 WindowKind kind = WindowKind::kAny) {
  WindowShape s;
  s.op = op;
  random_sizes(random, kind, s);
  if (op == OpCode::kTransposeConv) s.dilation_x = 1;
  if (op == OpCode::kDepthwise) {
    s.multiplier = one_in(random, 2) ? 1 : random_int(random, 1, 9);
    s.in_c = (s.channels + s.multiplier - 1) / s.multiplier;
  }
  const bool padded = kind == WindowKind::kAny ||
                      kind == WindowKind::kThreeByThree ||
                      kind == WindowKind::kOddSized;
  const int reach = (s.kernel_w - 1) * s.dilation_x;
  s.pad_left = padded ? random_int(random, -2, reach + 3) : 0;
  int out_w = (s.in_w + (padded ? reach : 0)) / s.stride_x + 1;
  if (!padded) out_w = (s.in_w - reach - 1) / s.stride_x + 1;
  if (op == OpCode::kTransposeConv) out_w = s.in_w * s.stride_x + reach;
  s.x0 = one_in(random, 2) ? 0 : random_int(random, 0, out_w - 1);
  s.x1 = one_in(random, 2) ? out_w : random_int(random, s.x0 + 1, out_w);
  s.in_stride = random_stride(random, s.in_c);
  s.out_stride = random_stride(random, s.channels);
  s.partial_stride = random_stride(random, s.channels);
  s.weight_stride = random_stride(
      random,
      op == OpCode::kDepthwise ? s.channels : s.kernel_h * s.kernel_w * s.in_c);
  random_quantization(random, s);
  return s;
}

// Multipliers that spread most results over int8, and some wild ones.
inline void random_scales(std::mt19937& random, const WindowShape& s,
                          WindowData& d) {
  const int terms = s.kernel_h * s.kernel_w * reference_channel_count(s);
  int log = 0;
  while ((1 << (2 * log)) < terms) ++log;
  const bool wild = one_in(random, 8), per_tensor = one_in(random, 4);
  const bool once = one_in(random, 4);  // results that are not shifted
  for (int o = 0; o < s.channels; ++o) {
    const int range = wild ? 0x7FFFFFFF : 4000 << log;
    d.bias.push_back(random_int(random, -range, range));
    const bool repeat = per_tensor && o > 0;
    d.multipliers.push_back(
        repeat ? d.multipliers[0]
               : random_int(random, wild ? 0 : 1 << 30, 0x7FFFFFFF));
    int shift = wild ? random_int(random, -31, 30)
                     : -std::max(0, 4 + log + random_int(random, 0, 4));
    if (once) {
      if (!wild) d.multipliers.back() >>= repeat ? 0 : -shift;
      shift = 0;
    }
    d.shifts.push_back(repeat ? d.shifts[0] : static_cast<int8_t>(shift));
  }
}

class WindowCase {
 public:
  explicit WindowCase(const WindowShape& shape, std::mt19937& random)
      : shape_(shape) {
    const WindowShape& s = shape_;
    const bool some_null = one_in(random, 3);
    for (int ky = 0; ky < s.kernel_h; ++ky) {
      const bool null = some_null && one_in(random, 3);
      data_.rows.push_back(
          null ? std::vector<int8_t>()
               : random_bytes(random, (s.in_w - 1) * s.in_stride + s.in_c));
      pointers_.push_back(null ? nullptr : data_.rows.back().data());
    }
    const bool depthwise = s.op == OpCode::kDepthwise;
    const int taps = s.kernel_h * s.kernel_w;
    data_.weights = random_bytes(
        random, depthwise ? (taps - 1) * s.weight_stride + s.channels
                          : (s.channels - 1) * s.weight_stride + taps * s.in_c);
    random_scales(random, s, data_);
    for (int o = 0; o < s.channels; ++o) {
      folded_.push_back(reference_folded_bias(s, data_, o));
    }
    from_partial_ = one_in(random, 3);
    to_partial_ = one_in(random, 3);
    in_place_ = one_in(random, 2);
    make_outputs(random);
  }
  WindowCase(const WindowCase&) = delete;
  WindowCase& operator=(const WindowCase&) = delete;

  // A fresh call: outputs are canaries again.
  ConvArgs args() {
    const WindowShape& s = shape_;
    out_ = canary_;
    sums_out_ = sums_canary_;
    ConvArgs a{};
    a.rows = pointers_.data();
    a.kernel_h = s.kernel_h, a.kernel_w = s.kernel_w;
    a.in_w = s.in_w, a.in_stride = s.in_stride, a.in_c = s.in_c;
    a.stride_x = s.stride_x, a.dilation_x = s.dilation_x;
    a.pad_left = s.pad_left;
    a.x0 = s.x0, a.x1 = s.x1;
    a.channels = s.channels, a.multiplier = s.multiplier;
    a.weights = data_.weights.data(), a.weight_stride = s.weight_stride;
    a.bias = from_partial_ ? nullptr : folded_.data();
    a.multipliers = to_partial_ ? nullptr : data_.multipliers.data();
    a.shifts = to_partial_ ? nullptr : data_.shifts.data();
    a.zero_in = s.zero_in, a.zero_weight = s.zero_weight;
    a.zero_out = s.zero_out, a.act_min = s.act_min, a.act_max = s.act_max;
    if (from_partial_) a.partial_in = sums_in_.data();
    if (to_partial_) a.partial_out = sums_out_.data();
    if (from_partial_ && to_partial_ && in_place_) {
      sums_out_ = sums_in_;
      a.partial_in = sums_out_.data();
    }
    a.partial_stride = s.partial_stride;
    a.out = to_partial_ ? nullptr : out_.data(), a.out_stride = s.out_stride;
    return a;
  }

  // Starts from the bias and ends in int8 from now on.
  void whole(std::mt19937& random) {
    from_partial_ = to_partial_ = false;
    make_outputs(random);
  }

  // Empty if the last call of args() left what it must; else where not.
  std::string mismatch() const {
    for (size_t i = 0; i < out_.size(); ++i) {
      if (out_[i] != expected_[i]) {
        return place("out", static_cast<int>(i), shape_.out_stride, out_[i],
                     expected_[i]);
      }
    }
    for (size_t i = 0; i < sums_out_.size(); ++i) {
      if (sums_out_[i] != sums_expected_[i]) {
        return place("partial_out", static_cast<int>(i), shape_.partial_stride,
                     sums_out_[i], sums_expected_[i]);
      }
    }
    return "";
  }

  const WindowShape& shape() const { return shape_; }
  const WindowData& data() const { return data_; }
  const std::vector<int32_t>& folded_bias() const { return folded_; }
  const std::vector<int8_t>& expected() const { return expected_; }

 private:
  void make_outputs(std::mt19937& random) {
    const WindowShape& s = shape_;
    canary_ = random_bytes(random, s.x1 * s.out_stride + 8);
    expected_ = canary_;
    sums_in_.clear();
    const int sums = (s.x1 - 1) * s.partial_stride + s.channels;
    for (int i = 0; i < sums; ++i) {
      sums_in_.push_back(random_int(random, -1000000, 1000000));
    }
    sums_canary_.assign(sums_in_.size(), 0x5A5A5A5A);
    sums_expected_ =
        in_place_ && from_partial_ && to_partial_ ? sums_in_ : sums_canary_;
    for (int x = s.x0; x < s.x1; ++x) {
      for (int o = 0; o < s.channels; ++o) expect(x, o);
    }
  }

  void expect(int x, int o) {
    const WindowShape& s = shape_;
    const size_t at = static_cast<size_t>(x * s.partial_stride + o);
    const int32_t sum =
        from_partial_
            ? wrap(bits(sums_in_[at]) + reference_partial(s, data_, o, x))
            : reference_accumulator(s, data_, o, x);
    if (to_partial_) {
      sums_expected_[at] = sum;
    } else {
      expected_[static_cast<size_t>(x * s.out_stride + o)] =
          reference_output(s, data_, o, sum);
    }
  }

  std::string place(const char* what, int i, int stride, int got,
                    int want) const {
    const WindowShape& s = shape_;
    const auto n = [](const char* name, int v) {
      return std::string(" ").append(name) + "=" + std::to_string(v);
    };
    std::string nulls;
    for (const int8_t* row : pointers_) nulls += row ? 'r' : '0';
    return std::string(what) + n("x", i / stride) + n("channel", i % stride) +
           n("is", got) + n("should_be", want) + ": op" +
           n("", static_cast<int>(s.op)) + n("kernel_h", s.kernel_h) +
           n("kernel_w", s.kernel_w) + n("in_w", s.in_w) + n("in_c", s.in_c) +
           n("in_stride", s.in_stride) + n("stride_x", s.stride_x) +
           n("dilation_x", s.dilation_x) + n("pad_left", s.pad_left) +
           n("x0", s.x0) + n("x1", s.x1) + n("channels", s.channels) +
           n("multiplier", s.multiplier) + n("zero_weight", s.zero_weight) +
           n("from_partial", from_partial_) + n("to_partial", to_partial_) +
           n("in_place", in_place_) + " rows=" + nulls;
  }

  WindowShape shape_;
  WindowData data_;
  std::vector<const int8_t*> pointers_;
  std::vector<int32_t> folded_;
  bool from_partial_ = false, to_partial_ = false, in_place_ = false;
  std::vector<int8_t> canary_, out_, expected_;
  std::vector<int32_t> sums_in_, sums_canary_, sums_out_, sums_expected_;
};

}  // namespace shoal
