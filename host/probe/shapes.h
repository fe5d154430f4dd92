// The programs of `shoal probe`: one layer each, with weights and inputs from
// seeds, one for every kernel that a board's costs tell of.
#pragma once

#include <cstdint>
#include <vector>

#include "host/model/graph/graph.h"

namespace shoal {

// The figure of a board that a shape gives; kFiring: so little computing that
// what is left is the overhead of a firing.
enum class ProbeCost : uint8_t {
  kPointwise,
  kConv,
  kDepthwise,
  kFullyConnected,
  kElement,
  kFiring,
};

// From nodes with little memory to those with much.
enum class ProbeSize : uint8_t { kSmall, kMedium, kLarge };

struct ProbeShape {
  const char* name;  // "conv 3x3, stride 2"
  ProbeCost cost;
  Graph (*graph)(ProbeSize);
};
const std::vector<ProbeShape>& probe_shapes();

// Makes a graph with many rows and few results, to measure what the link
// carries.
Graph link_graph(int side);

// Returns all inputs of a frame, the same everywhere.
std::vector<uint8_t> probe_input(const Graph&);

// Returns the unit that a cost counts: multiply-accumulates, or elements.
int64_t probe_work(const Graph&);

}  // namespace shoal
