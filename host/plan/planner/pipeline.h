// Pipelines: frames follow each other through crews of nodes. Each crew has a
// run of layers, whose maps its nodes divide by columns, and works on another
// frame than the crews before and after it. So the busiest crew determines how
// often frames leave, however long each is under way.
#pragma once

#include <optional>
#include <vector>

#include "host/lower/net.h"
#include "host/plan/planner/trials.h"
#include "host/plan/search/segment_memo.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/request.h"

namespace shoal {

struct Pipeline {
  Trial trial;
  Plan plan;  // of that trial
};

// Returns the pipeline through which a frame passes soonest, or, if the
// objective is not latency, in which frames follow each other soonest. None if
// no pipeline was found that fits. Crews are neighbours in `nodes`, which are
// nodes of the request. The memo is of all nodes of the request.
std::optional<Pipeline> find_pipeline(const Net&, const PlanRequest&,
                                      const std::vector<int>& nodes,
                                      SegmentMemo&);

// Returns the first pipeline that fits, in a fraction of the time.
std::optional<Trial> any_pipeline(const Net&, const PlanRequest&,
                                  const std::vector<int>& nodes, SegmentMemo&);

}  // namespace shoal
