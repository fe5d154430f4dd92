// A network of one dimension: a convolution whose stride, dilation and taps
// are the caller's, a pool and a pointwise convolution.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "host/model/import/testing/model_builder.h"

namespace shoal {

struct Signal {
  int samples = 80003;  // no divisor in common with any stride
  bool rows = false;    // time along rows of the file
  int stride = 1, dilation = 1, taps = 3;
  int pool = 300;
};

class SignalModel {
 public:
  explicit SignalModel(const Signal& s) : s_(s) {
    int x = b_.input(shape(s.samples, 1), scale_);
    x = conv(x, 1, 2);
    x = pool(OpKind::kMaxPool2d, x);
    b_.output(conv(x, 2, 3, false));
  }
  std::vector<uint8_t> file() const { return b_.finish(); }

 private:
  Shape shape(int steps, int channels) const {
    return s_.rows ? Shape{1, steps, 1, channels}
                   : Shape{1, 1, steps, channels};
  }
  std::vector<int8_t> bytes(int64_t count) {
    std::vector<int8_t> all(static_cast<size_t>(count));
    for (int8_t& v : all) v = static_cast<int8_t>(random_());
    return all;
  }
  int conv(int x, int in, int out, bool wide = true) {
    const int taps = wide ? s_.taps : 1;
    BuilderWindow w;
    (s_.rows ? w.stride_h : w.stride_w) = wide ? s_.stride : 1;
    (s_.rows ? w.dilation_h : w.dilation_w) = wide ? s_.dilation : 1;
    const Shape weights =
        s_.rows ? Shape{out, taps, 1, in} : Shape{out, 1, taps, in};
    const int filter =
        b_.weights(weights, bytes(element_count(weights)), {0.01f}, 0);
    return b_.conv(x, filter, -1, scale_, w);
  }
  int pool(OpKind kind, int x) {
    BuilderWindow w;
    (s_.rows ? w.stride_h : w.stride_w) = std::max(1, s_.pool / 2);
    return s_.rows ? b_.pool(kind, x, s_.pool, 1, w)
                   : b_.pool(kind, x, 1, s_.pool, w);
  }

  const BuilderScale scale_{0.05f, 3};
  const Signal s_;
  ModelBuilder b_;
  std::mt19937 random_{49};
};

}  // namespace shoal
