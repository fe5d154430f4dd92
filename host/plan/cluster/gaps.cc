#include "host/plan/cluster/gaps.h"

#include "host/plan/arena/layout.h"
#include "host/plan/cluster/split_build.h"

namespace shoal {
namespace {

void give(const Net& net, LinkCounts link, int64_t budget, PlanNode& node) {
  for (int gaps = kGaps; gaps > 0; --gaps) {
    link.gaps = static_cast<uint32_t>(gaps);
    const PlanLayout next = make_layout(net, node.stages, true, link);
    const int64_t more = int64_t{next.buffers} - node.layout.buffers;
    if (node.arena_bytes + more > budget) continue;
    node.gaps = gaps;
    set_layout(net, next, node);
    return;
  }
}

}  // namespace

bool give_gaps(const Net& net, Plan& plan,
               const std::vector<int64_t>& budgets) {
  const std::vector<LinkCounts> links = count_links(plan);
  bool all = true;
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    PlanNode& node = plan.nodes[n];
    if (node.peers.empty()) continue;
    give(net, links[n], budgets[n], node);
    all &= node.gaps == kGaps;
  }
  return all;
}

}  // namespace shoal
