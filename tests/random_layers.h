// The parts that a random network is laid from: choices, scales and layers
// whose results fill their range.
#pragma once

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>
#include <vector>

#include "host/model/import/testing/model_builder.h"
#include "tests/random_net.h"

namespace shoal {

class RandomLayers {
 protected:
  using Scale = ModelBuilder::Scale;
  using Window = ModelBuilder::Window;

  explicit RandomLayers(const NetRecipe& recipe)
      : random_(recipe.seed),
        more_(recipe.seed + 1),
        later_(recipe.later),
        is_signal_(recipe.is_signal),
        type_(pick(0, 3) == 0 ? Type::kUint8 : Type::kInt8),
        has_int4_(type_ == Type::kInt8 && recipe.seed % 4 == 3),
        b_(type_) {
    max_elements_ = chance(8) ? 12000 : 3000;
  }

  int pick(int low, int high) {
    return low +
           static_cast<int>(random_() % static_cast<uint32_t>(high - low + 1));
  }
  bool chance(int one_in) { return pick(1, one_in) == 1; }
  const Shape& shape(int t) const { return b_.shape(t); }
  int64_t elements(int t) const { return element_count(shape(t)); }
  void keep(int t) { pictures_.push_back(t); }
  // Recent results more often than old ones.
  int any() {
    const int last = static_cast<int>(pictures_.size()) - 1;
    return pictures_[static_cast<size_t>(
        std::max({pick(0, last), pick(0, last), pick(0, last)}))];
  }

  float random_scale() { return 0.002f * static_cast<float>(pick(3, 60)); }
  Scale scale_of(float real_deviation) {
    const float wobble = static_cast<float>(pick(70, 140)) / 100;
    return {std::max(real_deviation / 45 * wobble, 1e-6f), pick(-40, 40)};
  }
  float deviation(int t) { return 60 * b_.scale(t).scale; }
  Activation activation() {
    return chance(3) ? static_cast<Activation>(pick(1, 3)) : Activation::kNone;
  }

  void add_inputs() {
    int rows = chance(4) ? pick(17, 40) : pick(1, 16);
    int columns = chance(4) ? pick(10, 20) : pick(1, 12);
    if (is_signal_) columns = std::min(std::exchange(rows, 1) * columns, 60);
    const int channels = chance(5) ? pick(8, 20) : pick(1, 4);
    const Scale scale{random_scale(), pick(-128, 127)};
    int x = -1;
    if (type_ == Type::kInt8 && chance(6)) {
      x = b_.float_input({1, rows, columns, channels});
      x = b_.quantize(x, scale);
    } else if (chance(5)) {
      x = b_.input({1, channels, rows, columns}, scale);
      x = b_.transpose(x, {0, 2, 3, 1});
    } else {
      x = b_.input({1, rows, columns, channels}, scale);
    }
    keep(x);
    if (!chance(4)) return;
    const int y = chance(2)
                      ? b_.input({1, rows, columns, channels},
                                 {random_scale(), pick(-20, 20)})
                      : b_.input({1, 1, 1, channels}, {random_scale(), 3});
    keep(b_.add(x, y, scale_of(deviation(x) + deviation(y)), activation()));
    if (chance(2) && shape(y) == shape(x)) keep(y);
  }

  std::vector<int8_t> bytes(const Shape& s) {
    std::vector<int8_t> out(static_cast<size_t>(element_count(s)));
    for (int8_t& v : out) v = static_cast<int8_t>(pick(-127, 127));
    return out;
  }

  // Weights whose sums over `fan_in` products fill the result's range.
  struct Weights {
    int tensor = -1, bias = -1;
    Scale result;
  };
  Weights weights(int x, const Shape& s, int axis, int fan_in, int channels,
                  bool may_be_int4 = true) {
    Weights w;
    const bool per_channel = chance(2);
    const int zero = !per_channel && chance(3) ? pick(-60, 60) : 0;
    std::vector<float> scales(per_channel ? static_cast<size_t>(channels) : 1);
    for (float& v : scales) v = 0.001f * static_cast<float>(pick(2, 9));
    std::vector<int8_t> values = bytes(s);
    if (has_int4_ && may_be_int4 && values.size() % 3 != 0) {
      for (int8_t& v : values) v = static_cast<int8_t>(v >> 4);
      for (float& v : scales) v *= 16;
      w.tensor = b_.int4_weights(s, values, scales, axis);
    } else {
      w.tensor = b_.weights(s, values, scales, axis, zero);
    }
    const float sum =
        deviation(x) * 73 * 0.005f * std::sqrt(static_cast<float>(fan_in));
    w.result = scale_of(sum);
    if (!chance(4) || axis == 3) {
      std::vector<int32_t> bias(static_cast<size_t>(channels));
      for (int32_t& v : bias) v = pick(-20000, 20000);
      w.bias = b_.bias(bias);
    }
    return w;
  }

  Window window(int x, int& kernel_h, int& kernel_w) {
    const Shape& s = shape(x);
    Window w;
    kernel_h = chance(6) ? pick(1, std::min(s[1] + 2, 24)) : pick(1, 4);
    kernel_w = chance(6) ? pick(1, std::min(s[2] + 1, 9)) : pick(1, 3);
    w.same = chance(2);
    if (!w.same) {
      kernel_h = std::min(kernel_h, s[1]);
      kernel_w = std::min(kernel_w, s[2]);
    }
    if (is_signal_ && s[1] == 1) kernel_h = 1;
    if (chance(3)) w.stride_h = pick(1, 3);
    if (chance(3)) w.stride_w = pick(1, 3);
    const bool room = (kernel_h - 1) * 2 < s[1] && (kernel_w - 1) * 2 < s[2];
    if (chance(6) && room && w.stride_h == 1 && w.stride_w == 1) {
      w.dilation_h = pick(1, 2);
      w.dilation_w = pick(1, 2);
    }
    w.activation = activation();
    return w;
  }

  int conv_as(int x, int channels, int kh, int kw, const Window& w) {
    const Shape s{channels, kh, kw, shape(x)[3]};
    const Weights v = weights(x, s, 0, kh * kw * s[3], channels);
    return b_.conv(x, v.tensor, v.bias, v.result, w);
  }
  int pointwise(int x, int channels) {
    return conv_as(x, channels, 1, 1, {.activation = activation()});
  }
  int depthwise_as(int x, int multiplier, int kh, int kw, const Window& w) {
    const int channels = shape(x)[3] * multiplier;
    const Shape s{1, kh, kw, channels};
    const Weights v = weights(x, s, 3, kh * kw, channels);
    return b_.depthwise(x, v.tensor, v.bias, v.result, w);
  }

  std::mt19937 random_, more_;
  bool later_, is_signal_;
  Type type_;
  bool has_int4_;  // some weights have four bits
  ModelBuilder b_;
  int64_t max_elements_;
  std::vector<int> pictures_;  // of rank 4, batch 1
};

}  // namespace shoal
