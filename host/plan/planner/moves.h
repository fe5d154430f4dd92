// Moves: changes of a plan that are worth trying. A move returns trials; it
// builds no plan. The caller, CrewPlan, builds one of each trial and keeps it
// if it is better.
//
// A new move is declared here and defined in moves.cc. CrewPlan calls it once
// it is in the lists of crew_plan.cc: steps(), for every request or only where
// plans cost little, and kMoves in improve_further() for more effort.
#pragma once

#include <cstdint>
#include <vector>

#include "host/lower/net.h"
#include "host/plan/planner/mixed_cuts.h"
#include "host/plan/planner/trials.h"
#include "host/plan/types/cluster.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/request.h"
#include "host/plan/types/segment.h"

namespace shoal {

// The trial that a plan was built from, and the work of the slowest node of
// each of its segments.
struct Rehearsed {
  Trial trial;
  std::vector<Stretch> stretches;  // from left to right
};
Rehearsed rehearsed(Trial, const Plan&);

struct MoveFrom {
  const Net& net;
  const PlanRequest& request;
  const Trial& trial;  // the cuts and options that `plan` was built from
  const Plan& plan;    // the plan to change
  const std::vector<Rehearsed>& plans;  // all plans built so far that fit
  MixedCuts& mixed;                     // estimates of cuts
};

// Returns trials, the most promising first.
using Move = std::vector<Trial>(const MoveFrom&);

// Replaces the cuts of one segment by those with the best estimate among all
// others; a trial for each segment.
Move recut_run;
// Does the same by estimates that are corrected by what layers took in all
// plans so far. The first trial has the best cuts of all.
Move recut_as_built;
// Takes cuts of another plan for the layers that both plans cut off by ends of
// segments, where the slowest node of the other plan works less.
Move splice_plans;
// Makes shares larger or smaller, so that nodes work equally long.
Move balance_shares;
// Moves the border between runs of layers with the same cells by one layer or
// more, or gives a whole run other cells.
Move move_borders;
// Gives layers at a border between nodes to the nodes on its other side.
Move hand_over;
// Ends a segment where little is kept, which saves what nodes compute twice
// before it.
Move add_ends;
// Changes how many latencies the search charges for the end of a segment, so
// that a plan has fewer or more segments.
Move change_waits;
// Turns one thing on or off: room in rings for what links have under way, halos
// that are sent, overlays, channel groups, spare rows by stage.
Move change_options;

// --- Parts of moves.

// Returns the bytes of the tensors that are kept behind each layer.
std::vector<int64_t> kept_bytes(const Net&);

struct Splice {
  Trial trial;
  double part = 0;  // of the stretch's time saved if seams cost nothing
};
// The best plan gets the cuts of another one for a stretch of layers at whose
// ends both have ends of segments, if the slowest nodes of the other one's
// segments work less in it. The work of nodes is known from built plans, so
// splices find what estimates of layers miss. Only a rehearsal of the
// new cuts shows how long nodes wait for each other and what happens where the
// two sets of cuts meet. Returns splices of the shortest stretches of layers
// that both plans delimit; the one that saves the largest part of its time
// comes first.
std::vector<Splice> splices(const Rehearsed& best,
                            const std::vector<Rehearsed>& others);

// Changes the sizes of shares, not their cells, by the time that nodes spent on
// other work than computing in a rehearsal: a node that sends, decrypts and
// reads more than others gets a smaller share, so that all nodes of a segment
// finish together. Returns trials for `plan`, which was built from `trial`. The
// first one changes all layers with several shares. Each of the others changes
// one run of layers with the same cells; the run that may save most comes
// first.
std::vector<Trial> balanced(const Net&, const Cluster&, const Trial& trial,
                            const Plan& plan);

}  // namespace shoal
