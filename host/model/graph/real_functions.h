// The functions of real numbers that element-wise operators compute, defined
// once: the float oracle, the check of QDQ models and real_table.h use them. In
// float32 each step rounds to float32, as in TensorFlow Lite's reference.
#pragma once

#include <cstdint>
#include <limits>
#include <span>

#include "host/model/graph/graph.h"

namespace shoal {

struct RealUnary {
  double (*of)(const Op&, double) = nullptr;
  void (*floats)(const Op&, std::span<const float> x,
                 std::span<float> y) = nullptr;
};

// Operands step on by this many elements, 0 repeats one.
struct FloatRun {
  const float *a, *b;
  int64_t a_step, b_step;
  std::span<float> y;
};
struct RealBinary {
  double (*of)(const Op&, double a, double b) = nullptr;
  void (*floats)(const Op&, const FloatRun&) = nullptr;
};

// Throw Error(kInternal) for other operators.
const RealUnary& real_unary(OpKind);
const RealBinary& real_binary(OpKind);

// The range to which a fused activation clamps; not-a-number stays.
template <class T>
struct Limits {
  T low = -std::numeric_limits<T>::infinity();
  T high = std::numeric_limits<T>::infinity();

  constexpr explicit Limits(Activation a) {
    if (a == Activation::kRelu || a == Activation::kRelu6) low = 0;
    if (a == Activation::kRelu6) high = 6;
    if (a == Activation::kReluN1To1) low = -1, high = 1;
  }
  constexpr T operator()(T v) const {
    return v < low ? low : v > high ? high : v;
  }
};

}  // namespace shoal
