#include "host/plan/types/coordinator_counts.h"

#include <algorithm>
#include <climits>
#include <utility>

namespace shoal {

uint32_t frames_under_way(const Plan& plan,
                          const std::vector<StreamEdge>& edges) {
  constexpr uint32_t kLeast = 2;
  std::vector<std::pair<int, int>> runs;  // last and first layer of each node
  for (const PlanNode& node : plan.nodes) {
    int first = INT_MAX, last = -1;
    for (const PlanStage& stage : node.stages) {
      for (const PlanActor& a : stage.actors) {
        if (a.copy) continue;
        first = std::min(first, a.layer), last = std::max(last, a.layer);
      }
    }
    if (last >= 0) runs.emplace_back(last, first);
  }
  // The most runs that do not overlap: always takes the one that ends first.
  std::ranges::sort(runs);
  uint32_t crews = 0;
  int end = -1;
  for (const auto& [last, first] : runs) {
    // Two crews may share the layer between them.
    if (first > end || (first == end && last > end)) ++crews, end = last;
  }
  int64_t most = 1;
  for (const StreamEdge& e : edges) {
    const bool own = e.kind == Owner::kInput || e.kind == Owner::kOutput;
    if (own) most = std::max(most, e.bytes());
  }
  const int64_t room = (int64_t{INT32_MAX} / most) - 1;
  return static_cast<uint32_t>(
      std::clamp<int64_t>(crews + 1, kLeast, std::max<int64_t>(kLeast, room)));
}

}  // namespace shoal
