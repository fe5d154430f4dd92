// Spare rows for rings that links touch, chosen stage by stage, so that one
// segment that barely fits does not take the spare rows of the others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "host/plan/build/build_plan.h"
#include "host/plan/types/plan.h"

namespace shoal {

class StageSlacks {
 public:
  // Each stage begins with `most`. `made` is the plan without spare rows, which
  // fits `limits` (by node) and keeps its ranges behind gaps.
  StageSlacks(const Slack& most, const Plan& made,
              const std::vector<int64_t>& limits);

  std::vector<std::vector<Slack>> slacks() const;
  // Removes spare rows where the plan, built with these slacks as small as
  // possible, exceeds the limits. Returns false if it does not, or no rows are
  // left.
  bool lower(const Plan&);
  // Returns whether the plan fits with all ranges that it must keep.
  bool fits(const Plan&) const;

 private:
  const std::vector<Slack> all_;
  const std::vector<int64_t> limits_;
  std::vector<int> gaps_;                   // by node
  std::vector<std::vector<size_t>> level_;  // index in all_, by node and stage
};

}  // namespace shoal
