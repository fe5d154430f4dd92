// An operator, its attributes and the tensors of its operands. Internal to the
// oracles.
#pragma once

#include <cstddef>
#include <cstdint>

#include "host/model/graph/operators.h"

namespace shoal::oracle {

class OpView {
 public:
  OpView(const Graph& graph, const Op& op) : graph_(graph), op_(op) {}

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

 private:
  const Graph& graph_;
  const Op& op_;
};

}  // namespace shoal::oracle
