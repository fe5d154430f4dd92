// Tests only: random calls of a kernel for 16-bit elements against the plain
// formula, one element at a time. A failure names the seed and the case.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "device/kernels/testing/kernel_cases.h"
#include "device/kernels/wide_sums.h"

namespace shoal {

using WideKernel = void (*)(const WideConvArgs&);

class WideCase {
 public:
  WideCase(const WindowShape& shape, std::mt19937& random) : s_(shape) {
    s_.zero_in = s_.zero_weight = 0;
    make_inputs(random);
    make_scales(random);
    from_partial_ = one_in(random, 4), to_partial_ = one_in(random, 4);
    const int sums = (s_.x1 - 1) * s_.partial_stride + s_.channels;
    for (int i = 0; i < sums; ++i) {
      partial_.push_back(any_bias(random));
    }
    out_.resize(static_cast<size_t>((s_.x1 - 1) * s_.out_stride + s_.channels));
    for (int16_t& v : out_) v = static_cast<int16_t>(random());
  }
  WideCase(const WideCase&) = delete;
  WideCase& operator=(const WideCase&) = delete;

  // Empty, or what is wrong.
  std::string run(WideKernel kernel) {
    std::vector<int16_t> wanted = out_;
    std::vector<int64_t> wanted_sums = partial_, sums = partial_;
    for (int x = s_.x0; x < s_.x1; ++x) {
      for (int o = 0; o < s_.channels; ++o) {
        const auto p = static_cast<size_t>(x * s_.partial_stride + o);
        const int64_t sum =
            (from_partial_ ? partial_[p] : bias_[at(o)]) + products(o, x);
        if (to_partial_) {
          wanted_sums[p] = sum;
        } else {
          wanted[static_cast<size_t>(x * s_.out_stride + o)] = element(o, sum);
        }
      }
    }
    WideConvArgs a = args();
    if (from_partial_) a.partial_in = sums.data();
    if (to_partial_) a.partial_out = sums.data();
    kernel(a);
    for (size_t i = 0; i < out_.size(); ++i) {
      if (out_[i] != wanted[i]) return place("out", i, s_.out_stride);
    }
    for (size_t i = 0; to_partial_ && i < sums.size(); ++i) {
      if (sums[i] != wanted_sums[i]) {
        return place("partial_out", i, s_.partial_stride);
      }
    }
    return "";
  }

 private:
  static size_t at(int i) { return static_cast<size_t>(i); }

  // Nearly all biases leave room in 32 bits, some do not.
  static int64_t any_bias(std::mt19937& random) {
    const auto wide = static_cast<int64_t>(static_cast<int32_t>(random()));
    return one_in(random, 8) ? wide * 256 : wide >> random_int(random, 2, 12);
  }

  void make_inputs(std::mt19937& random) {
    const bool some_null = one_in(random, 3), extreme = one_in(random, 4);
    for (int ky = 0; ky < s_.kernel_h; ++ky) {
      rows_.emplace_back();
      if (some_null && one_in(random, 3)) continue;
      rows_.back().resize(at((s_.in_w - 1) * s_.in_stride + s_.in_c));
      for (int16_t& v : rows_.back()) {
        v = extreme ? int16_t{-32768} : static_cast<int16_t>(random());
      }
    }
    const int taps = s_.kernel_h * s_.kernel_w;
    weights_ = random_bytes(
        random, s_.op == OpCode::kDepthwise
                    ? (taps - 1) * s_.weight_stride + s_.channels
                    : (s_.channels - 1) * s_.weight_stride + taps * s_.in_c);
    if (extreme && one_in(random, 2)) {
      std::ranges::fill(weights_, int8_t{-128});
    }
  }

  void make_scales(std::mt19937& random) {
    is_long_ = s_.op == OpCode::kDepthwise || one_in(random, 2);
    const bool wild = one_in(random, 6);
    for (int o = 0; o < s_.channels; ++o) {
      int64_t bias = any_bias(random);
      const int32_t multiplier = random_int(random, 1 << 30, 0x7FFFFFFF);
      if (!is_long_) bias = static_cast<int32_t>(bias);
      bias_.push_back(bias);
      low_bias_.push_back(static_cast<int32_t>(bias));
      multipliers_.push_back(is_long_ ? static_cast<int32_t>(bias >> 32) *
                                                (1 << 16) +
                                            shortened_multiplier(multiplier)
                                      : multiplier);
      shifts_.push_back(static_cast<int8_t>(
          wild ? random_int(random, -31, 3) : random_int(random, -15, -4)));
    }
    low_ = one_in(random, 2) ? -32768 : random_int(random, -32768, 100);
    high_ = one_in(random, 2) ? 32767 : random_int(random, low_, 32767);
  }

  int64_t products(int o, int x) const {
    int64_t sum = 0;
    const bool depthwise = s_.op == OpCode::kDepthwise;
    for (int ky = 0; ky < s_.kernel_h; ++ky) {
      if (rows_[at(ky)].empty()) continue;
      for (int kx = 0; kx < s_.kernel_w; ++kx) {
        const int ix = reference_column(s_, x, kx);
        if (ix < 0) continue;
        const int tap = ky * s_.kernel_w + kx;
        for (int i = 0; i < reference_channel_count(s_); ++i) {
          const int c = reference_first_channel(s_, o) + i;
          const int w = depthwise ? tap * s_.weight_stride + o
                                  : o * s_.weight_stride + tap * s_.in_c + i;
          sum += int64_t{rows_[at(ky)].at(at(ix * s_.in_stride + c))} *
                 weights_.at(at(w));
        }
      }
    }
    return sum;
  }

  int16_t element(int o, int64_t sum) const {
    const int32_t v =
        is_long_
            ? requantize_once(sum, multipliers_[at(o)] & 0x7FFF, shifts_[at(o)])
            : requantize(static_cast<int32_t>(sum), multipliers_[at(o)],
                         shifts_[at(o)]);
    return static_cast<int16_t>(clamp(v, low_, high_));
  }

  WideConvArgs args() {
    pointers_.clear();
    for (const auto& row : rows_) {
      pointers_.push_back(row.empty() ? nullptr : row.data());
    }
    WideConvArgs a{};
    a.rows = pointers_.data();
    a.kernel_h = s_.kernel_h, a.kernel_w = s_.kernel_w;
    a.in_w = s_.in_w, a.in_stride = s_.in_stride, a.in_c = s_.in_c;
    a.stride_x = s_.stride_x, a.dilation_x = s_.dilation_x;
    a.pad_left = s_.pad_left;
    a.x0 = s_.x0, a.x1 = s_.x1;
    a.channels = s_.channels, a.multiplier = s_.multiplier;
    a.weights = weights_.data(), a.weight_stride = s_.weight_stride;
    a.bias = low_bias_.data(), a.multipliers = multipliers_.data();
    a.shifts = shifts_.data();
    a.wide = {low_, high_, is_long_ ? 1 : 0};
    a.partial_stride = s_.partial_stride;
    a.out = out_.data(), a.out_stride = s_.out_stride;
    return a;
  }

  std::string place(const char* what, size_t i, int stride) const {
    const auto n = [](const char* name, int v) {
      return std::string(" ").append(name) + "=" + std::to_string(v);
    };
    const int number = static_cast<int>(i);
    return what + n("x", number / stride) + n("channel", number % stride) +
           n("kernel_h", s_.kernel_h) + n("kernel_w", s_.kernel_w) +
           n("in_w", s_.in_w) + n("in_c", s_.in_c) +
           n("stride_x", s_.stride_x) + n("dilation_x", s_.dilation_x) +
           n("pad_left", s_.pad_left) + n("x0", s_.x0) + n("x1", s_.x1) +
           n("channels", s_.channels) + n("multiplier", s_.multiplier) +
           n("long", is_long_) + n("from_partial", from_partial_) +
           n("to_partial", to_partial_);
  }

  WindowShape s_;
  std::vector<std::vector<int16_t>> rows_;
  std::vector<const int16_t*> pointers_;
  std::vector<int8_t> weights_;
  std::vector<int64_t> bias_, partial_;
  std::vector<int32_t> low_bias_, multipliers_;
  std::vector<int8_t> shifts_;
  bool is_long_ = false, from_partial_ = false, to_partial_ = false;
  int low_ = 0, high_ = 0;
  std::vector<int16_t> out_;
};

inline void check_wide(WideKernel kernel, OpCode op, WindowKind kind,
                       uint32_t seed, int cases) {
  std::mt19937 random(seed);
  for (int i = 0; i < cases; ++i) {
    WideCase c(random_window(random, op, kind), random);
    ASSERT_EQ(c.run(kernel), "") << "seed " << seed << " case " << i;
  }
}

}  // namespace shoal
