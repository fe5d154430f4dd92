#include "host/plan/cluster/gaps.h"

#include "host/plan/cluster/split_build.h"

namespace shoal {
namespace {

// What lies behind the link's tables makes room.
void move_up(PlanNode& node, uint32_t bytes) {
  node.layout.buffers += bytes;
  node.arena_bytes += bytes;
  for (PlanStage& stage : node.stages) {
    stage.arena_bytes += bytes;
    if (stage.slot_count) stage.slots += bytes;
    for (PlanBuffer& b : stage.buffers) b.offset += bytes;
    for (PlanActor& a : stage.actors) {
      if (a.accumulator_bytes) a.accumulator += bytes;
      if (a.weights.place == WeightPlace::kSram) a.weights.offset += bytes;
    }
  }
}

void give(PlanNode& node, LinkCounts link, int64_t budget) {
  for (int gaps = kGaps; gaps > 0; --gaps) {
    link.gaps = static_cast<uint32_t>(gaps);
    const int64_t more =
        int64_t{link_layout(link).bytes} - node.layout.link_bytes;
    if (node.arena_bytes + more > budget) continue;
    node.gaps = gaps;
    node.layout.link_bytes += static_cast<uint32_t>(more);
    move_up(node, static_cast<uint32_t>(more));
    return;
  }
}

}  // namespace

bool give_gaps(Plan& plan, const std::vector<int64_t>& budgets) {
  const std::vector<LinkCounts> links = count_links(plan);
  bool all = true;
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    PlanNode& node = plan.nodes[n];
    if (node.peers.empty()) continue;
    give(node, links[n], budgets[n]);
    all &= node.gaps == kGaps;
  }
  return all;
}

}  // namespace shoal
