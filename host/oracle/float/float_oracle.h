// The plain interpreter of float graphs. It judges quantization, and the
// networks' own framework judges it. Convolutions sum in float32, tap after
// tap and channel after channel, and add the bias at the end, as TensorFlow
// Lite's reference does; means and sums over axes add up in double.
#pragma once

#include <span>
#include <vector>

#include "host/model/graph/graph.h"
#include "host/model/graph/loops.h"
#include "host/oracle/float/filter.h"

namespace shoal {

// The elements of every tensor, by tensor number; of constants too. Tensors
// that nothing made are empty.
using FloatValues = std::vector<std::vector<float>>;

// Runs one graph again and again, one thread at a time: constants are laid
// out once. Keeps a reference to the graph. Several of them run at once.
class FloatOracle {
 public:
  // `floors`, by tensor: values below it become it; empty: none do.
  // Throws Error(kUnsupported) for an operator without a float meaning here.
  explicit FloatOracle(const Graph&, std::vector<float> floors = {});

  // `input` is all inputs one after another. Valid until the next run. Each run
  // finds the variables as the one before left them; one that is an input, too,
  // holds what is given.
  // Throws Error(kUsage) if its size is wrong.
  const FloatValues& run(std::span<const float> input);
  // The next run finds the initial values of the graph's variables.
  void reset_variables();
  // Returns all outputs one after another, of the last run.
  std::vector<float> output() const;

 private:
  // A loop, one step of it, and the values of that step.
  struct Steps {
    Loop loop;
    Graph graph;
    std::vector<int> read;
    FloatValues row;
  };
  void run_loop(Steps&);
  void raise(int tensor);

  const Graph& graph_;
  const std::vector<float> floors_;
  FloatValues values_;
  FloatValues kept_;  // by number of the variable
  std::vector<Steps> loops_;
  std::vector<float_oracle::Filter> filters_;  // by operator number
};

}  // namespace shoal
