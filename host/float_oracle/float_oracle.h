// The plain interpreter of float graphs. It judges quantization, and the
// networks' own framework judges it.
#pragma once

#include <span>
#include <vector>

#include "host/graph/graph.h"

namespace shoal {

// The elements of every tensor, by tensor number; of constants too. Tensors
// that nothing made are empty.
using FloatValues = std::vector<std::vector<float>>;

// Runs one graph again and again, one thread at a time: constants are laid
// out once. Keeps a reference to the graph.
class FloatOracle {
 public:
  // Throws Error(kUnsupported) for an operator without a float meaning here.
  explicit FloatOracle(const Graph&);

  // `input` is all inputs one after another. Valid until the next run.
  // Throws Error(kUsage) if its size is wrong.
  const FloatValues& run(std::span<const float> input);
  // All outputs one after another, of the last run.
  std::vector<float> output() const;

 private:
  const Graph& graph_;
  FloatValues values_;
};

}  // namespace shoal
