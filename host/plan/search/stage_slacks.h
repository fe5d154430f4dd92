// Rows that rings touched by links have more than they need, stage by stage:
// where one segment fits hardly, the others need not keep links waiting.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "host/plan/build/build_plan.h"
#include "host/plan/types/plan.h"

namespace shoal {

class StageSlacks {
 public:
  // `most`: what each stage begins with. `made`: the plan without any, which
  // fits `limits`, by node; it keeps its ranges behind gaps.
  StageSlacks(const Slack& most, const Plan& made,
              const std::vector<int64_t>& limits);

  std::vector<std::vector<Slack>> slacks() const;
  // Takes rows away where a plan with these slacks, built as small as it can
  // be, is beyond the limits. False: it is not, or nothing is left to take.
  bool lower(const Plan&);
  // Whether the plan fits, with all ranges that it shall keep.
  bool fits(const Plan&) const;

 private:
  const std::vector<Slack> all_;
  const std::vector<int64_t> limits_;
  std::vector<int> gaps_;                   // by node
  std::vector<std::vector<size_t>> level_;  // of all_, by node and stage
};

}  // namespace shoal
