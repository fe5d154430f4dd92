// Nodes of a cluster without a share of any layer. Adding them turns a plan
// over some nodes into one over more nodes and changes nothing else.
#pragma once

#include <vector>

#include "host/plan/cost/feed.h"
#include "host/plan/types/cluster.h"
#include "host/plan/types/plan.h"

namespace shoal {

// A plan in which all nodes of the cluster are idle; an idle node has a
// program, too. The cluster must outlive the supplies.
struct IdleNodes {
  IdleNodes(const Net&, const Cluster&);

  std::vector<Supply> supplies;
  Plan plan;
};

}  // namespace shoal
