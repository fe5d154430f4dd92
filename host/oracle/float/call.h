// The view that an operator's evaluation has: its attributes, its operands'
// tensors and values, its results. Internal to host/oracle/float.
#pragma once

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

// Returns the weights of a convolution that uses a Filter; empty for other
// operators.
Filter make_filter(const Graph&, const Op&, const FloatValues& constants);

// The evaluations of the operators; float_oracle.cc assigns them to the kinds.
void conv2d(const Call&);
void depthwise_conv2d(const Call&);
void transpose_conv(const Call&);
void fully_connected(const Call&);
void average_pool(const Call&);
void max_pool(const Call&);
void mean(const Call&);
void sum(const Call&);
void highest(const Call&);
void lowest(const Call&);
void softmax(const Call&);
void log_softmax(const Call&);
void l2_norm(const Call&);
void matmul(const Call&);
void running_sum(const Call&);
void bilinear(const Call&);
void arg(const Call&);  // numbers as floats

}  // namespace shoal::float_oracle
