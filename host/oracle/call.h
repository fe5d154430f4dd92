// What an operator's evaluation sees: its attributes, its operands' tensors
// and bytes, and room for its results. Internal to host/oracle.
#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <vector>

#include "host/oracle/oracle.h"

namespace shoal::oracle {

class Call {
 public:
  Call(const Graph& graph, const Op& op, Values& values)
      : graph_(graph), op_(op), values_(values) {}

  const Graph& graph() const { return graph_; }
  const Op& op() const { return op_; }
  template <class A>
  const A& attr() const {
    return std::get<A>(op_.attr);
  }

  bool has_input(size_t i) const {
    return i < op_.inputs.size() && op_.inputs[i] >= 0;
  }
  const Tensor& in(size_t i = 0) const { return graph_.tensors[op_.inputs[i]]; }
  const Tensor& out(size_t i = 0) const {
    return graph_.tensors[op_.outputs[i]];
  }

  // Raw bytes of an operand: a constant's or what an earlier operator made.
  std::span<const uint8_t> bytes(size_t i = 0) const {
    const Tensor& t = in(i);
    return t.constant ? t.data : values_[op_.inputs[i]];
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

  // The room of a result, zeros at first.
  std::span<uint8_t> result_bytes(size_t i = 0) const {
    auto& value = values_[op_.outputs[i]];
    value.assign(element_count(out(i).shape) * type_bytes(out(i).type), 0);
    return value;
  }
  std::span<int8_t> result(size_t i = 0) const {
    const auto raw = result_bytes(i);
    return {reinterpret_cast<int8_t*>(raw.data()), raw.size()};
  }

 private:
  const Graph& graph_;
  const Op& op_;
  Values& values_;
};

// One function per family; each throws Error(kInternal) for an operator that
// is not of the family.
void convolution(const Call&);
void pool(const Call&);
void reduce(const Call&);
void elementwise(const Call&);
void movement(const Call&);
void activation(const Call&);

}  // namespace shoal::oracle
