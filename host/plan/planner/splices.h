// Cuts made of those of two plans: where both begin and end segments at the
// same layers, and the slowest nodes of the other one's segments work less
// between them, the best plan with the other one's cuts there. What nodes work
// is known of plans that were built, so this finds what the estimate of a layer
// does not know; how long nodes wait for each other, and what lies at the
// seams, only a rehearsal of the new cuts tells.
#pragma once

#include <vector>

#include "host/plan/planner/trials.h"
#include "host/plan/types/segment.h"

namespace shoal {

// What a plan was made from, and how long the slowest node of each of its
// segments works.
struct Rehearsed {
  Trial trial;
  struct Stretch {
    Segment layers;
    double seconds = 0;
  };
  std::vector<Stretch> stretches;  // from left to right
};
Rehearsed rehearsed(Trial, const Plan&);

struct Splice {
  Trial trial;
  double part = 0;  // saved of the stretch, if seams cost nothing
};
// Of the shortest stretches of layers that both cut off; what saves most of its
// time first.
std::vector<Splice> splices(const Rehearsed& best,
                            const std::vector<Rehearsed>& others);

}  // namespace shoal
