// quantize_random_test and int16_random_test make random networks in float with
// these.
#pragma once

#include <algorithm>
#include <vector>

#include "host/quantize/testing/float_net.h"

namespace shoal {

class RandomFloats {
 protected:
  explicit RandomFloats(unsigned seed) : net_(seed) {}

  int number(int n) { return static_cast<int>(net_.random()() % unsigned(n)); }
  bool coin() { return number(2) == 0; }
  void add(int t) { made_.push_back(t); }
  int any() { return made_[static_cast<size_t>(number(int(made_.size())))]; }

  NetWindow window(int side) {
    constexpr Activation kAll[] = {Activation::kNone, Activation::kRelu,
                                   Activation::kRelu6, Activation::kReluN1To1};
    NetWindow w;
    w.kernel = std::min(1 + number(3), side);
    w.stride = 1 + number(2);
    if (w.stride == 1 && number(4) == 0 && 2 * w.kernel < side) w.dilation = 2;
    w.same = coin();
    w.act = kAll[number(4)];
    w.bias = number(4) != 0;
    return w;
  }

  // Operators with windows; `which` is one of the kinds, from 0 to 4.
  void add_window(int which, int x) {
    const int side = net_.shape(x)[1];
    switch (which) {
      case 0:
      case 1:
        return add(net_.conv(x, 1 + number(8), window(side)));
      case 2:
        return add(net_.depthwise(x, window(side), 1 + number(2)));
      case 3:
        if (side > 12) return;
        return add(net_.transpose_conv(
            x, 1 + number(4),
            {.kernel = 2 + number(2), .stride = 2, .bias = coin()}));
      default: {
        NetWindow w = window(side);
        w.dilation = 1;
        return add(net_.pool(
            coin() ? OpKind::kMaxPool2d : OpKind::kAveragePool2d, x, w));
      }
    }
  }

  std::vector<float> constants(int count) {
    std::vector<float> values;
    for (int i = 0; i < count; ++i) {
      values.push_back(static_cast<float>(number(400) - 190) / 100.F);
    }
    return values;
  }

  // A tensor of the same shape, of other values if there is one.
  int partner(int x) {
    std::vector<int> same;
    for (const int t : made_) {
      if (t != x && net_.shape(t) == net_.shape(x)) same.push_back(t);
    }
    if (same.empty()) return net_.unary(OpKind::kLogistic, x);
    return same[static_cast<size_t>(number(int(same.size())))];
  }

  FloatNet net_;
  std::vector<int> made_;
};

}  // namespace shoal
