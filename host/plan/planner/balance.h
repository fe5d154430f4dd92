// Changes the sizes of shares, not their cells, by the time that nodes spent on
// other work than computing in a rehearsal: a node that sends, decrypts and
// reads more than others gets a smaller share, so that all nodes of a segment
// finish together.
#pragma once

#include <vector>

#include "host/lower/net.h"
#include "host/plan/planner/trials.h"
#include "host/plan/types/cluster.h"
#include "host/plan/types/plan.h"

namespace shoal {

// Returns trials for `plan`, which was built from `trial`. The first one
// changes all layers with several shares. Each of the others changes one run of
// layers with the same cells; the run that may save most comes first.
std::vector<Trial> balanced(const Net&, const Cluster&, const Trial& trial,
                            const Plan& plan);

}  // namespace shoal
