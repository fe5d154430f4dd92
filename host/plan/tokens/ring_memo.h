// Rings of segments that come again: plans that are built one after the other
// have most of their segments in common. A segment is known by all that a run
// of it depends on, and so by itself alone, whatever plan it is of. Of one net.
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
  // Does what find_leads() does.
  void find_leads(const Net&, const PlanStage&, const std::vector<StreamTie>&,
                  std::vector<OverlaidBuffers>&);

  // Returns, for tests, how many were found by runs.
  size_t simulated() const { return slots_.added() + leads_.added(); }

 private:
  KeyedMemo<std::vector<int>> slots_;
  KeyedMemo<std::vector<int64_t>> leads_;
};

}  // namespace shoal
