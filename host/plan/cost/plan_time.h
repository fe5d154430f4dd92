// The time, work, weights and traffic that a plan states: from a rehearsal for
// nodes with links, from the queues of its stages for a node without them.
#pragma once

#include <vector>

#include "host/plan/cost/feed.h"
#include "host/plan/cost/rehearsal_memo.h"
#include "host/plan/cost/stage_memo.h"
#include "host/plan/types/cluster.h"

namespace shoal {

// Returns the times of one frame, without spills and waits for other nodes.
FeedTime stage_feed(const Net&, const PlanNode&, const PlanStage&,
                    const Supply&);
// `memo`: for this net and supply; may be null.
int64_t node_time_ps(const Net&, const PlanNode&, const Supply&,
                     StageMemo* memo = nullptr);

// Returns the supply of each node with the storage that the plan names. The
// supplies refer to the cluster, which must outlive them.
std::vector<Supply> supplies_of(const Cluster&, const Plan&);
// Fills in all numbers of a plan. `supplies`: one per node. The time of a
// linked stage is that in which its node works, the time of a node the sum of
// its stages; the latency is that of a frame in an idle cluster.
// `memo`: of this net and these supplies; may be null.
void model_plan(const Net&, const std::vector<Supply>& supplies,
                uint32_t max_payload, Plan&, RehearsalMemo* memo = nullptr);

}  // namespace shoal
