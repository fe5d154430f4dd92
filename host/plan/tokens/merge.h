// A segment of a plan as one stage: the stages of all nodes side by side, and
// the streams between them.
#pragma once

#include <vector>

#include "host/plan/tokens/tokens.h"
#include "host/plan/types/plan.h"

namespace shoal {

struct MergedSegment {
  struct Part {
    int node = 0, stage = 0;  // of the plan
    int first_buffer = 0, first_port = 0, first_actor = 0;
  };
  std::vector<Part> parts;
  PlanStage stage;
  std::vector<StreamTie> ties;
};

// Returns the segments in their order; of a plan that is not linked each stage
// is one. Throws Error(kInternal) for a stream between two segments.
std::vector<MergedSegment> merge_segments(const Plan&);

}  // namespace shoal
