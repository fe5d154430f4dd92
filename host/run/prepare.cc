#include "host/run/prepare.h"

#include <utility>

#include "host/base/error.h"
#include "host/check/check.h"
#include "host/emit/emit.h"

namespace shoal {

Prepared prepare(Graph graph, const PlanOptions& options) {
  Prepared p;
  p.graph = std::move(graph);
  p.net = lower(p.graph);
  p.plan = make_plan(p.net, options);
  const std::vector<std::string> faults = check(p.net, p.plan);
  if (!faults.empty()) {
    throw Error(Exit::kInternal,
                "the planner made a wrong plan: " + faults.front() + " (" +
                    std::to_string(faults.size()) + " faults in all)");
  }
  for (size_t node = 0; node < p.plan.nodes.size(); ++node) {
    p.images.push_back(emit(p.net, p.plan, static_cast<int>(node)));
    p.plan.nodes[node].program_bytes =
        static_cast<uint32_t>(p.images.back().size());
  }
  return p;
}

}  // namespace shoal
