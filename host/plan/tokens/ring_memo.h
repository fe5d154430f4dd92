// Remembers the rings of segments of one net: plans that a search builds one
// after the other have most segments in common. The key of a segment is all
// that a run of it depends on, so it does not matter which plan it is in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "host/plan/tokens/keyed_memo.h"
#include "host/plan/tokens/overlay.h"
#include "host/plan/tokens/tokens.h"

namespace shoal {

class RingMemo {
 public:
  // Returns the slots that peak_slots() and, with `tries`, tighten() of the
  // buffers in a group (tokens/rings.h) find, by buffer. `group` must not
  // change.
  std::vector<int> slots(const Net&, const PlanStage&,
                         const std::vector<StreamTie>&,
                         const std::vector<int>& group, int tries);
  // Does the same as find_leads().
  void find_leads(const Net&, const PlanStage&, const std::vector<StreamTie>&,
                  std::vector<OverlaidBuffers>&);

  // Returns the number of simulations, for tests.
  size_t simulated() const { return slots_.added() + leads_.added(); }

 private:
  KeyedMemo<std::vector<int>> slots_;
  KeyedMemo<std::vector<int64_t>> leads_;
};

}  // namespace shoal
