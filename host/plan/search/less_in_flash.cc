#include "host/plan/search/less_in_flash.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "host/plan/cost/program_size.h"

namespace shoal {

bool exceeds_flash(const Net& net, const Cluster& cluster, const Plan& plan) {
  const auto beyond = beyond_flash(cluster, plan, program_sizes(net, plan));
  return std::ranges::any_of(beyond, [](int64_t bytes) { return bytes > 0; });
}

std::optional<PlanRequest> less_in_flash(const Net& net,
                                         const PlanRequest& request,
                                         const Plan& plan) {
  const std::vector<ProgramSize> sizes = program_sizes(net, plan);
  const auto beyond = beyond_flash(request.cluster, plan, sizes);
  PlanRequest less = request;
  for (size_t n = 0; n < beyond.size(); ++n) {
    if (beyond[n] == 0) continue;
    ClusterNode& node = less.cluster.nodes[n];
    const int64_t most = std::min(node.flash_weights.value_or(sizes[n].weights),
                                  sizes[n].weights);
    if (node.board.storages.empty() || most == 0) return {};
    // Weights that come from storage instead need tables in flash as well.
    node.flash_weights = std::max<int64_t>(0, most - 2 * beyond[n]);
  }
  return less;
}

}  // namespace shoal
