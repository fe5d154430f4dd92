// The checker's own arithmetic of windows and rows, in tensor coordinates
// throughout: which elements of an operand a box of the output depends on,
// and what one firing after the other reads, makes and lets go.
#pragma once

#include <vector>

#include "host/lower/net.h"
#include "host/plan/types/plan.h"

namespace shoal {

struct Interval {
  int lo = 0, hi = 0;  // half open
  int size() const { return hi > lo ? hi - lo : 0; }
  bool operator==(const Interval&) const = default;
};

// Operators whose rows come from a kernel that a plan may cut.
bool slides(OpCode);
// Returns whether an actor keeps a state from row to row.
bool has_state(OpCode);

// Returns the elements of operand `operand` that `out`, a box of the layer's
// output, depends on; empty if it lies on padding alone.
Box dependence(const Layer&, int operand, const Box& out);

// Returns the rows of the operand that output rows `out` need with kernel rows
// `kernel`.
Interval row_dependence(const Layer&, int operand, Interval out,
                        Interval kernel);

// Returns why reading `in` cannot make `out`, or an empty text: a port must lie
// in the view, hold what is needed, and begin where an operator without a
// movable window expects it. With `some_channels` the port may hold a part of
// the input channels: then others add the rest.
const char* misfit(const Layer&, int operand, const Box& in, const Box& out,
                   bool some_channels);

struct FiringNeeds {
  Interval out;       // output rows that it makes
  bool writes;        // false: only a part of a row so far
  Interval in[2];     // rows that it reads
  int released[2]{};  // rows of the tensor below this are done with after it
};

// Returns the boxes that an actor makes, and reads of its operands, over all
// iterations of a loop: a private buffer has the channels of one.
Box made_box(const Net&, const PlanStage&, int actor);
Box read_box(const Net&, const PlanStage&, int actor, int operand);

// Returns all firings of an actor outside loops in one frame.
std::vector<FiringNeeds> firings_of(const Layer&, const PlanActor&,
                                    const PlanStage&);

}  // namespace shoal
