// Remembers answers about stages of one net on one board with one supply of
// weights: a search builds plan after plan, most of which differ in one stage.
// Equal stages have equal answers in any plan.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "host/plan/cost/feed.h"
#include "host/plan/tokens/keyed_memo.h"
#include "host/plan/types/plan.h"

namespace shoal {

class StageMemo {
 public:
  // Does the same as the function of this name.
  void put_on_tape(const Net&, PlanStage&, int late, uint32_t chunk_limit);
  // Returns the total of feed_time().
  int64_t total_ps(const Net&, const PlanStage&, const Supply&, int64_t record);

  // For tests: how many were worked out.
  size_t worked_out() const { return tapes_.added() + times_.added(); }

 private:
  struct Tape {
    std::vector<PlanWeights> weights;  // by actor
    std::vector<PlanRun> order;
  };

  KeyedMemo<Tape> tapes_;
  KeyedMemo<int64_t> times_;
};

}  // namespace shoal
