// Answers about stages of one net on one board with one supply of weights that
// come again: a search builds plan after plan, and most differ in one stage.
// Equal stages have equal answers, whatever plan they are of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "host/plan/cost/feed.h"
#include "host/plan/types/plan.h"

namespace shoal {

class StageMemo {
 public:
  // As the function of this name does it.
  void put_on_tape(const Net&, PlanStage&, int late, uint32_t chunk_limit);
  // Of feed_time().
  int64_t total_ps(const Net&, const PlanStage&, const Supply&, int64_t record);

  // For tests: how many were worked out.
  size_t worked_out() const { return worked_out_; }

 private:
  struct Tape {
    std::vector<PlanWeights> weights;  // by actor
    std::vector<PlanRun> order;
  };
  void trim(size_t more);

  std::unordered_map<std::string, Tape> tapes_;
  std::unordered_map<std::string, int64_t> times_;
  size_t bytes_ = 0;  // of all that is remembered, about
  size_t worked_out_ = 0;
};

}  // namespace shoal
