// Which nodes of a cluster are of one kind, and which may take least time
// alone.
#pragma once

#include <cstddef>
#include <vector>

#include "host/lower/net.h"
#include "host/plan/types/cluster.h"
#include "host/plan/types/request.h"

namespace shoal {

// Whether a plan for one node alone does for the other. Boards of one name
// differ in what a cluster's file says of a node; links do not matter.
bool are_alike(const ClusterNode&, const ClusterNode&);

// All nodes so, their links, too, and each may have a share.
bool are_alike(const std::vector<ClusterNode>&);

// Below which no plan over links on this node alone can be.
double least_alone_s(const Net&, const PlanRequest&, int node);

// Of these nodes those that may be soonest alone, `most` of them; of nodes with
// the same bound and links the one with most memory.
std::vector<int> soonest_alone(const Net&, const PlanRequest&,
                               const std::vector<int>& nodes, size_t most);

}  // namespace shoal
