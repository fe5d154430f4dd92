// The numbers by which finished plans are judged.
#pragma once

#include <cstdint>

#include "host/lower/net.h"
#include "host/plan/cost/rehearsal_memo.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/request.h"

namespace shoal {

struct PlanNumbers {
  int64_t ram = 0;  // the largest arena
  double latency_s = 0;
  double period_s = 0;  // from frame to frame; the latency if not rehearsed
  double energy_j = 0;  // of a frame, by all nodes; 0: a board has no figures
  int64_t traffic_bytes = 0;
  int nodes = 0;  // with a share

  double of(Objective) const;  // less is better
};

// Adds the other nodes of the request, without a share, to a plan over its
// first nodes.
Plan over_all_nodes(const Net&, const PlanRequest&, Plan);

// `frames`: also rehearses several frames in a row for the period. If the
// period is longer than `most_s` seconds, only that is known; 0: no limit.
// `memo`: of this net and these nodes; may be null.
PlanNumbers numbers_of(const Net&, const PlanRequest&, const Plan&, bool frames,
                       double most_s = 0, RehearsalMemo* memo = nullptr);

bool keeps(const PlanLimits&, const PlanNumbers&);

}  // namespace shoal
