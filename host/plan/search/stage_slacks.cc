#include "host/plan/search/stage_slacks.h"

#include "device/program/link_layout.h"
#include "host/plan/types/stream_table.h"
#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

std::vector<Slack> levels(const Slack& most) {
  std::vector<Slack> all{most};
  for (const int rows : tuning::kSlack) all.push_back({rows});
  all.push_back({});
  return all;
}

}  // namespace

std::vector<Slack> slacks(int64_t window, bool many) {
  std::vector<Slack> all;
  if (window > 0) all.push_back({tuning::kSlack[0], window});
  if (many) {
    all.push_back({tuning::kSlack[1]});
    return all;
  }
  for (const int rows : tuning::kSlack) all.push_back({rows});
  return all;
}

StageSlacks::StageSlacks(const Slack& most, const Plan& made,
                         const std::vector<int64_t>& limits)
    : all_(levels(most)), limits_(limits) {
  for (const PlanNode& n : made.nodes) {
    gaps_.push_back(n.gaps);
    level_.emplace_back(n.stages.size());
  }
}

bool StageSlacks::lower(const Plan& plan) {
  bool any = false;
  const auto lower_one = [&](size_t& level) {
    if (level + 1 == all_.size()) return false;
    ++level;
    return any = true;
  };
  for (size_t n = 0; n < limits_.size(); ++n) {
    const PlanNode& node = plan.nodes[n];
    const int64_t ranges = int64_t{most_in_streams(node)} * gaps_[n] *
                           static_cast<int64_t>(sizeof(Range));
    bool over = false, lowered = false;
    for (size_t s = 0; s < node.stages.size(); ++s) {
      if (node.stages[s].arena_bytes + ranges <= limits_[n]) continue;
      over = true;
      lowered |= lower_one(level_[n][s]);
    }
    if (!over || lowered) continue;
    // Tensors that live across stages may be what is too large, so all stages
    // give rows.
    for (size_t& level : level_[n]) lower_one(level);
  }
  return any;
}

bool StageSlacks::fits(const Plan& plan) const {
  for (size_t n = 0; n < limits_.size(); ++n) {
    const PlanNode& node = plan.nodes[n];
    if (node.arena_bytes > limits_[n] || node.gaps < gaps_[n]) return false;
  }
  return true;
}

}  // namespace shoal
