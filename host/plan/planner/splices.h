// Splices: where two plans both begin and end segments at the same layers, and
// the slowest nodes of the other plan's segments work less between them, the
// best plan gets the other one's cuts there. The work of nodes is known from
// built plans, so splices find what estimates of layers miss. Only a rehearsal
// of the new cuts shows how long nodes wait for each other and what happens
// where the two sets of cuts meet.
#pragma once

#include <vector>

#include "host/plan/planner/trials.h"
#include "host/plan/types/segment.h"

namespace shoal {

// The trial that a plan was built from, and the work of the slowest node of
// each of its segments.
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
  double part = 0;  // of the stretch's time saved if seams cost nothing
};
// Returns splices of the shortest stretches of layers that both plans delimit;
// the one that saves the largest part of its time comes first.
std::vector<Splice> splices(const Rehearsed& best,
                            const std::vector<Rehearsed>& others);

}  // namespace shoal
