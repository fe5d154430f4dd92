// Frames that follow each other through crews of nodes. A crew has a run of
// layers, whose maps its nodes share by columns, and works on another frame
// than the crews before and behind it: frames leave as often as the busiest
// crew is done with one, however long each is under way.
#pragma once

#include <optional>
#include <vector>

#include "host/lower/net.h"
#include "host/plan/search/segment_memo.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/request.h"

namespace shoal {

// The plan of such crews with the least time from frame to frame; none if none
// was found that fits. Crews are made of neighbours in `nodes`, which are of
// the request. The memo is of all its nodes.
std::optional<Plan> pipeline_plan(const Net&, const PlanRequest&,
                                  const std::vector<int>& nodes, SegmentMemo&);

// The first that is found, in a part of the time.
std::optional<Plan> any_pipeline(const Net&, const PlanRequest&,
                                 const std::vector<int>& nodes, SegmentMemo&);

}  // namespace shoal
