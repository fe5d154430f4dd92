// Channel groups of a trial, where its cuts allow them.
#pragma once

#include "host/lower/net.h"
#include "host/plan/planner/trials.h"
#include "host/plan/types/cluster.h"

namespace shoal {

// Adds groups of about `channels` channels wherever expansions and projections
// allow them; none if `channels` is 0.
void add_groups(const Net&, const Cluster&, int channels, Trial&);
// Adds the groups of another trial where the cuts still allow them.
void keep_groups(const Net&, const Cluster&, const Trial& from, Trial&);
// Removes all groups.
void drop_groups(Trial&);

}  // namespace shoal
