// From a model file to something that can run: the steps that plan, run and
// verify share.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/lower/net.h"
#include "host/model/graph/graph.h"
#include "host/plan/single/planner.h"
#include "host/plan/types/cluster.h"

namespace shoal {

struct Prepared {
  Graph graph;
  Net net;
  Plan plan;
  std::vector<std::vector<uint8_t>> images;  // one program per node
};

// Lowers, plans and has the plan checked; no images. A plan that the checker
// refuses is an internal error.
Prepared prepare_plan(Graph, const PlanOptions&);
// The same with images.
Prepared prepare(Graph, const PlanOptions&);

// The same for a cluster: a linked plan, one program per node of it.
struct PrepareSplit {
  std::string strategy = "spatial";  // used if there is no cuts file
  std::string cuts_file = {};        // its name for messages; empty: none
  std::string cuts = {};             // its text
  Objective objective = Objective::kLatency;
  uint32_t max_payload = 1472;  // of the links' datagrams
};
Prepared prepare_split(Graph, const Cluster&, const PrepareSplit&);

}  // namespace shoal
