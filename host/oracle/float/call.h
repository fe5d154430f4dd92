// What an operator's evaluation sees: its attributes, its operands' tensors
// and values, its results. Internal to host/oracle/float.
#pragma once

#include <limits>
#include <span>
#include <utility>

#include "host/oracle/float/float_oracle.h"
#include "host/oracle/int8/op_view.h"

namespace shoal::float_oracle {

class Call : public oracle::OpView {
 public:
  // `filter`: of a convolution, else empty.
  Call(const Graph& graph, const Op& op, const Filter& filter,
       FloatValues& values)
      : OpView(graph, op), filter_(filter), values_(values) {}

  const Filter& filter() const { return filter_; }
  std::span<const float> operand(size_t i = 0) const {
    return values_[op().inputs[i]];
  }
  std::span<float> result(size_t i = 0) const {
    return values_[op().outputs[i]];
  }

 private:
  const Filter& filter_;
  FloatValues& values_;
};

// What a fused activation leaves.
struct Bounds {
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();

  explicit Bounds(Activation a) {
    if (a == Activation::kRelu || a == Activation::kRelu6) low = 0;
    if (a == Activation::kRelu6) high = 6;
    if (a == Activation::kReluN1To1) low = -1, high = 1;
  }
  // Not-a-number stays.
  float operator()(float v) const {
    return v < low ? low : v > high ? high : v;
  }
};

// The weights of a convolution that uses a Filter; empty for other operators.
Filter make_filter(const Graph&, const Op&, const FloatValues& constants);

// One function per family; each throws Error(kInternal) for an operator that
// is not of the family.
void convolution(const Call&);
void pool(const Call&);
void reduce(const Call&);
void elementwise(const Call&);
void activation(const Call&);
void matmul(const Call&);
void running_sum(const Call&);
void bilinear(const Call&);
void arg(const Call&);  // numbers as floats

}  // namespace shoal::float_oracle
