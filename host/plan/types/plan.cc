#include "host/plan/types/plan.h"

namespace shoal {

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

}  // namespace shoal
