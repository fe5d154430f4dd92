#include "host/plan/search/idle_nodes.h"

#include <utility>

#include "host/plan/build/build_plan.h"

namespace shoal {

IdleNodes::IdleNodes(const Net& net, const Cluster& cluster) {
  PlanDraft draft;
  draft.plan.linked = true;
  draft.stages.resize(cluster.nodes.size());
  for (const ClusterNode& n : cluster.nodes) {
    Supply supply{&n.board, nullptr, false};
    if (!n.board.flash_mapped) {
      supply.storage = &find_storage(n.board, n.storage);
      supply.sealed = n.sealed;
    }
    draft.plan.nodes.emplace_back().mapped = n.board.flash_mapped;
    supplies.push_back(supply);
  }
  plan = build_plan(net, std::move(draft), supplies, {});
}

}  // namespace shoal
