// The view that an operator's evaluation has: its attributes, its operands'
// tensors and bytes, and room for its results. Internal to host/oracle/int8.
#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <vector>

#include "host/oracle/int8/movement.h"
#include "host/oracle/int8/op_view.h"
#include "host/oracle/int8/oracle.h"

namespace shoal::oracle {

class Call : public OpView {
 public:
  Call(const Graph& graph, const Op& op, Values& values)
      : OpView(graph, op), values_(values) {}

  // Raw bytes of an operand: a constant's or what an earlier operator made.
  std::span<const uint8_t> bytes(size_t i = 0) const {
    const Tensor& t = in(i);
    return t.constant ? t.data : values_[op().inputs[i]];
  }
  std::span<const int8_t> int8s(size_t i = 0) const {
    const auto raw = bytes(i);
    return {reinterpret_cast<const int8_t*>(raw.data()), raw.size()};
  }
  template <class T>
  std::vector<T> copy_as(size_t i) const {
    const auto raw = bytes(i);
    std::vector<T> result(raw.size() / sizeof(T));
    if (!raw.empty()) std::memcpy(result.data(), raw.data(), raw.size());
    return result;
  }

  // Returns the room of a result, zeros at first.
  std::span<uint8_t> result_bytes(size_t i = 0) const {
    auto& value = values_[op().outputs[i]];
    value.assign(element_count(out(i).shape) * type_bytes(out(i).type), 0);
    return value;
  }
  std::span<int8_t> result(size_t i = 0) const {
    const auto raw = result_bytes(i);
    return {reinterpret_cast<int8_t*>(raw.data()), raw.size()};
  }

  // Makes the result of its elements.
  template <class T>
  void put(const std::vector<T>& elements) const {
    const auto raw = result_bytes();
    if (!elements.empty()) {
      std::memcpy(raw.data(), elements.data(), raw.size());
    }
  }

  ByteOperands operands() const {
    ByteOperands all;
    for (size_t i = 0; i < op().inputs.size(); ++i) {
      all.inputs.push_back(bytes(i));
    }
    for (size_t i = 0; i < op().outputs.size(); ++i) {
      all.outputs.push_back(result_bytes(i));
    }
    return all;
  }

 private:
  Values& values_;
};

// The evaluations of the operators; oracle.cc assigns them to the kinds.
void conv2d(const Call&);
void depthwise_conv2d(const Call&);
void transpose_conv(const Call&);
void fully_connected(const Call&);
void pool(const Call&);
void rescaled_sum(const Call&);
void extreme_byte(const Call&);
void binary(const Call&);
void select(const Call&);
void unary(const Call&);
void quantize(const Call&);
void dequantize(const Call&);
void softmax(const Call&);
void log_softmax(const Call&);
void l2_norm(const Call&);
void matmul(const Call&);
void running_sum(const Call&);
void lstm(const Call&);
void bilinear(const Call&);
void arg(const Call&);
void cast(const Call&);

}  // namespace shoal::oracle
