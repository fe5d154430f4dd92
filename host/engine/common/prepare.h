// From a model file to something that can run: the steps that plan, run and
// verify share.
#pragma once

#include <cstdint>
#include <vector>

#include "host/lower/net.h"
#include "host/model/graph/graph.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/request.h"

namespace shoal {

// Where a plan comes from.
enum class PlanSource : uint8_t { kSearch, kCache, kFile };

struct Prepared {
  Graph graph;
  Net net;
  Plan plan;
  PlanSource source = PlanSource::kSearch;
  double plan_s = 0;                         // that it took, with its checks
  std::vector<std::vector<uint8_t>> images;  // one program per node
};

// Returns the net that is planned for a graph: its layers, for a batch those of
// all frames.
Net planned_net(const Graph&, const PlanRequest&);

// A node on this computer makes its own program, or writes it to a store.
enum class Images : uint8_t { kNone, kAll };

// Lowers, plans and has the plan checked. A plan that the checker refuses is an
// internal error. `program_key`, 32 bytes: images of nodes that want them
// sealed and are sent all of them, are; it is the key of these nodes.
Prepared prepare(Graph, const PlanRequest&, Images = Images::kAll,
                 const uint8_t* program_key = nullptr);

}  // namespace shoal
