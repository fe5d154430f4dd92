// Finds the tensors that must go through storage for a net to fit. It spills
// tensors that lie whole or in a large ring in the fullest stage, one after the
// other, until the net fits, and then drops each spill that turns out not to be
// needed.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "host/plan/draft/spill.h"

namespace shoal {

// Returns the node with the smallest arena for the net with its spills; none if
// there is none.
using SmallestNode = std::function<std::optional<PlanNode>(const SpillNet&)>;

// Sets the spills of `net` so that the arena fits `budget`, with few written
// bytes, at most `most_written`; returns false if it finds none. `whole` is the
// smallest node without spills.
bool find_spills(SpillNet& net, const PlanNode& whole, int64_t budget,
                 int64_t most_written, const SmallestNode&);

}  // namespace shoal
