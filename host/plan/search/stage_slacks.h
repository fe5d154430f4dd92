// Spare rows for rings that links touch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "host/plan/build/build_plan.h"
#include "host/plan/types/plan.h"

namespace shoal {

// Returns spare rows in the order in which searches try them; the first that
// fit are taken. `window` is the number of bytes that links have under way
// (link_time.h); 0: unknown. With `many` nodes only few plans are built.
std::vector<Slack> slacks(int64_t window, bool many = false);

// Spare rows that are chosen stage by stage, so that one segment that barely
// fits does not take the spare rows of the others.
class StageSlacks {
 public:
  // Each stage begins with `most`. `made` is the plan without spare rows, which
  // fits `limits` (by node) and keeps its ranges behind gaps.
  StageSlacks(const Slack& most, const Plan& made,
              const std::vector<int64_t>& limits);

  Slack of(size_t node, size_t stage) const {
    return all_[level_[node][stage]];
  }
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
