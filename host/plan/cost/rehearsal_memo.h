// Remembers rehearsals of one net over the same nodes: different trials often
// lead to the same plan.
#pragma once

#include <cstdint>
#include <vector>

#include "host/plan/cost/rehearsal.h"
#include "host/plan/tokens/keyed_memo.h"

namespace shoal {

class RehearsalMemo {
 public:
  // Returns what rehearse() returns, with the same arguments. A result that is
  // known counts whatever `most` is.
  Rehearsal rehearse(const Net&, const std::vector<Supply>& supplies,
                     uint32_t max_payload, const Plan&, int following = 0,
                     Nanos most = 0);

  // Returns how many rehearsals are new; for tests.
  size_t added() const { return known_.added(); }

 private:
  KeyedMemo<Rehearsal> known_;
};

}  // namespace shoal
