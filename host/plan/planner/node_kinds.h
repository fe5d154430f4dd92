// Orders the nodes of a cluster and finds those that are alike and those that
// may be faster without others.
#pragma once

#include <cstddef>
#include <vector>

#include "host/lower/net.h"
#include "host/plan/types/cluster.h"
#include "host/plan/types/request.h"

namespace shoal {

// Returns the nodes that may have a share, the fastest first.
std::vector<int> fastest_first(const Cluster&);

// Returns the first `count` of these nodes.
std::vector<int> first_nodes(const std::vector<int>&, size_t count);

// Returns whether a plan for one node alone also suits the other. Boards of one
// name may differ in what a cluster's file sets. Links do not matter.
bool are_alike(const ClusterNode&, const ClusterNode&);
bool have_equal_links(const ClusterNode&, const ClusterNode&);

// Returns whether all nodes are alike, also in their links, and all may have a
// share.
bool are_alike(const std::vector<ClusterNode>&);

// Returns a lower bound on the time of a frame over links on these nodes alone.
double least_s(const Net&, const PlanRequest&, const std::vector<int>& nodes);

// Returns crews that leave out some of these unequal nodes, fastest first: the
// slower ones, those with less memory, those with slower links, for which all
// others would wait, and all but one. `each`: of the slower ones any number,
// not only classes of them and halves.
std::vector<std::vector<int>> smaller_crews(const Net&, const PlanRequest&,
                                            const std::vector<int>& nodes,
                                            bool each);

// Returns the fastest nodes, any number of them, among the first ones of the
// cluster, so that what is found over these is also found over all.
std::vector<std::vector<int>> crews_of_first_nodes(std::vector<int> nodes);

}  // namespace shoal
