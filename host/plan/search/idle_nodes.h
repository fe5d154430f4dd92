// Nodes of a cluster that have no share of anything: a plan over some nodes is
// one over more of them, too. It stays as it is; who is idle changes nothing.
#pragma once

#include <vector>

#include "host/plan/cost/feed.h"
#include "host/plan/types/cluster.h"
#include "host/plan/types/plan.h"

namespace shoal {

// A linked plan in which all nodes of the cluster are idle: who has no share
// has a program, too. The cluster must outlive its supplies.
struct IdleNodes {
  IdleNodes(const Net&, const Cluster&);

  std::vector<Supply> supplies;
  Plan plan;
};

}  // namespace shoal
