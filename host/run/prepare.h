// From a model file to something that can run: the steps that plan, run and
// verify share.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/graph/graph.h"
#include "host/lower/net.h"
#include "host/plan/planner.h"

namespace shoal {

struct Prepared {
  Graph graph;
  Net net;
  Plan plan;
  std::vector<std::vector<uint8_t>> images;  // one program per node
};

// Lowers, plans, has the plan checked and writes the programs. A plan that
// the checker refuses is an internal error.
Prepared prepare(Graph, const PlanOptions&);

}  // namespace shoal
