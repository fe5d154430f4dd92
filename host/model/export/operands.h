// Constant operands of a graph under export: those that it has, found by what
// they mean, and those that are appended to it.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "host/model/graph/graph.h"

namespace shoal {

class Operands {
 public:
  // Returns whether an int32 constant of this shape and these values will do.
  using Fits = std::function<bool(const Shape&, std::span<const int>)>;

  // Appends to `graph`, which outlives this.
  explicit Operands(Graph& graph) : graph_(graph) {}

  const Graph& graph() const { return graph_; }
  const Tensor& tensor(int t) const {
    return graph_.tensors[static_cast<size_t>(t)];
  }

  // The first int32 constant that fits or -1; all that do; a new one; the
  // first that fits or else a new one.
  int find(const Fits&) const;
  std::vector<int> find_all(const Fits&) const;
  std::vector<int> values(int tensor) const;
  int add(const std::string& name, const Shape&, const std::vector<int>&);
  int find_or_add(const std::string& name, const Shape&,
                  const std::vector<int>&, const Fits&);
  // A constant of one element with the type and quantization of `like`: the
  // byte or the real number, whichever its type needs.
  int find_or_add_value(const std::string& name, const Tensor& like, int byte,
                        float real);

 private:
  int append(Tensor);

  Graph& graph_;
};

}  // namespace shoal
