// Channel groups of a trial: where its cuts allow them.
#pragma once

#include "host/lower/net.h"
#include "host/plan/planner/trials.h"
#include "host/plan/types/cluster.h"

namespace shoal {

// Expansions and projections in groups of about so many channels, wherever they
// may be; 0: nowhere.
void add_groups(const Net&, const Cluster&, int channels, Trial&);
// The groups of another trial, where they still may be.
void keep_groups(const Net&, const Cluster&, const Trial& from, Trial&);
// Neither.
void drop_groups(Trial&);

}  // namespace shoal
