// The modelled numbers of a plan for one node.
#pragma once

#include "host/plan/cost/feed.h"

namespace shoal {

// Of a stage of the node, with what entering it reads.
FeedTime stage_feed(const Net&, const PlanNode&, const PlanStage&,
                    const Supply&);
int64_t node_time_ps(const Net&, const PlanNode&, const Supply&);
// Adds the bytes of the stage's weights to those of the node, by their place.
void count_weights(const Net&, const PlanStage&, PlanNode&);
// Fills the numbers of every stage, of the node and of the plan.
void model_numbers(const Net&, const Supply&, Plan&);

}  // namespace shoal
