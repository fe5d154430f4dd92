// Orders the nodes of a cluster, and finds those that are alike and those that
// may be fastest alone.
#pragma once

#include <cstddef>
#include <vector>

#include "host/lower/net.h"
#include "host/plan/types/cluster.h"
#include "host/plan/types/request.h"

namespace shoal {

// Returns the nodes that may have a share, the fastest first.
std::vector<int> fastest_first(const Cluster&);

// Returns whether a plan for one node alone also suits the other. Boards of one
// name may differ in what a cluster's file sets. Links do not matter.
bool are_alike(const ClusterNode&, const ClusterNode&);

// Returns whether all nodes are alike, also in their links, and all may have a
// share.
bool are_alike(const std::vector<ClusterNode>&);

// Returns a lower bound on the time of a frame over links on this node alone.
double least_alone_s(const Net&, const PlanRequest&, int node);

// Returns at most `most` of these nodes: those that may be fastest alone, the
// fastest first. Of nodes with equal bounds and links only the one with most
// memory is included.
std::vector<int> soonest_alone(const Net&, const PlanRequest&,
                               const std::vector<int>& nodes, size_t most);

}  // namespace shoal
