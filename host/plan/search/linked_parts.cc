#include "host/plan/search/linked_parts.h"

#include <algorithm>
#include <vector>

#include "host/base/error.h"
#include "host/plan/arena/layout.h"
#include "host/plan/build/build_plan.h"
#include "host/plan/types/variables.h"

namespace shoal {

Cuts with_assignments_apart(const Net& net, Cuts cuts) {
  const auto assigns = [&net](const Layer& l) {
    return assigns_variable(net, l);
  };
  const auto first =
      std::find_if(net.layers.begin(), net.layers.end(), assigns);
  if (!std::all_of(first, net.layers.end(), assigns)) {
    throw Error(Exit::kInternal, net.name + ": assigns before its last layer");
  }
  if (first != net.layers.end() && first != net.layers.begin()) {
    cuts.ends.push_back(static_cast<int>(first - net.layers.begin()) - 1);
  }
  return cuts;
}

int64_t held_bytes(const PlanNode& node, int stage) {
  std::vector<ArenaRange> ranges = alive_ranges(node, stage);
  std::ranges::sort(ranges, {}, &ArenaRange::lo);
  int64_t bytes = 0, end = 0;
  for (const ArenaRange& r : ranges) {
    bytes += std::max<int64_t>(0, r.hi - std::max<int64_t>(end, r.lo));
    end = std::max<int64_t>(end, r.hi);
  }
  return bytes;
}

bool has_all_gaps(const Plan& plan) {
  return std::ranges::all_of(plan.nodes, [](const PlanNode& n) {
    return n.peers.empty() || n.gaps == kGaps;
  });
}

}  // namespace shoal
