// The small model cut over some nodes, and the output that it must give.
#pragma once

#include <vector>

#include "host/engine/common/testing/small_model.h"
#include "host/oracle/int8/oracle.h"

namespace shoal {

inline Prepared small_linked(int nodes, const std::string& strategy = "spatial",
                             uint32_t max_payload = 1472) {
  PlanRequest request = linked_nodes(
      uniform_cluster(nodes, find_board("host"), std::nullopt), strategy);
  request.max_payload = max_payload;
  return prepare(small_graph(), request);
}

inline std::vector<uint8_t> oracle_output(const Graph& graph,
                                          std::span<const uint8_t> input) {
  const Values values = run_oracle(graph, input);
  std::vector<uint8_t> out;
  for (const int t : graph.outputs) {
    const auto bytes = file_bytes(graph, t, values[static_cast<size_t>(t)]);
    out.insert(out.end(), bytes.begin(), bytes.end());
  }
  return out;
}

}  // namespace shoal
