// For fuzz targets: all that a user would do with an imported graph. A float
// one is run, an int8 one under a plan, which gives what the oracle gives at
// every layer.
#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <utility>
#include <vector>

#include "host/board/board.h"
#include "host/engine/common/prepare.h"
#include "host/engine/local/node_runner.h"
#include "host/engine/local/testing/verify_frame.h"
#include "host/oracle/float/float_oracle.h"

namespace shoal::fuzzing {

// Larger ones are legal, but would take the time of many small ones.
constexpr int64_t kMaxWork = 200'000;

inline int64_t work_of(const Graph& graph) {
  int64_t work = model_macs(graph);
  for (const Tensor& t : graph.tensors) {
    work += element_count(t.shape);
  }
  return work;
}

// Bytes that are finite numbers in every type, and truth values.
inline std::vector<uint8_t> some_input(const Graph& graph) {
  std::vector<uint8_t> input(static_cast<size_t>(input_bytes(graph)));
  size_t first = 0;
  for (const int number : graph.inputs) {
    const Tensor& tensor = graph.tensors[static_cast<size_t>(number)];
    const auto bytes = static_cast<size_t>(element_count(tensor.shape) *
                                           type_bytes(tensor.type));
    const size_t values = is_bool(tensor) ? 2 : 101;
    for (size_t i = first; i < first + bytes; ++i) {
      input[i] = static_cast<uint8_t>(i * 37 % values);
    }
    first += bytes;
  }
  return input;
}

inline void use_int8(Graph graph, Objective objective) {
  PlanRequest request = one_node(find_board("host"));
  request.objective = objective;
  const Prepared prepared = prepare(std::move(graph), request);
  const std::vector<uint8_t> input = some_input(prepared.graph);
  const Verification verdict = verify_frame(
      prepared, input, run_oracle(prepared.graph, input), std::nullopt);
  if (verdict.wrong) {
    std::fprintf(stderr, "%s: %s\n", verdict.between.c_str(),
                 describe(*verdict.wrong).c_str());
    __builtin_trap();
  }
}

inline void use_float(const Graph& graph) {
  int64_t count = 0;
  for (const int t : graph.inputs) {
    count += element_count(graph.tensors[static_cast<size_t>(t)].shape);
  }
  std::vector<float> input(static_cast<size_t>(count));
  for (size_t i = 0; i < input.size(); ++i) {
    input[i] = static_cast<float>(i % 7) - 3;
  }
  FloatOracle(graph).run(input);
}

inline void use(Graph graph, Objective objective) {
  if (work_of(graph) > kMaxWork) return;
  if (is_float(graph)) return use_float(graph);
  use_int8(std::move(graph), objective);
}

}  // namespace shoal::fuzzing
