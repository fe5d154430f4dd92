#include "host/plan/types/plan.h"

#include <algorithm>

namespace shoal {

bool is_streamed(const PlanActor& a) {
  return !a.weights.chunks.empty() && a.weights.place != WeightPlace::kMapped;
}

bool reads_storage(const PlanNode& node) {
  if (node.layout.head_bytes || !node.storage.empty() || node.spill_pages > 0) {
    return true;
  }
  for (const PlanStage& stage : node.stages) {
    for (const PlanActor& a : stage.actors) {
      if (a.weights.place == WeightPlace::kTape) return true;
    }
  }
  return false;
}

bool has_wide_rows(const std::vector<PlanStage>& stages) {
  return std::ranges::any_of(stages, [](const PlanStage& stage) {
    return std::ranges::any_of(stage.buffers, [](const PlanBuffer& b) {
      return b.element_bytes == 2;
    });
  });
}

size_t fullest_stage(const PlanNode& node) {
  const auto at =
      std::ranges::max_element(node.stages, {}, &PlanStage::arena_bytes);
  return static_cast<size_t>(at - node.stages.begin());
}

int64_t largest_arena(const Plan& plan) {
  int64_t most = 0;
  for (const PlanNode& node : plan.nodes) {
    most = std::max<int64_t>(most, node.arena_bytes);
  }
  return most;
}

}  // namespace shoal
