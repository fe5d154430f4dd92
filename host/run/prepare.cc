#include "host/run/prepare.h"

#include <utility>

#include "host/base/error.h"
#include "host/check/check.h"
#include "host/emit/emit.h"
#include "host/split/cuts.h"
#include "host/split/split_planner.h"

namespace shoal {
namespace {

void check_and_emit(Prepared& p) {
  const std::vector<std::string> faults = check(p.net, p.plan);
  if (!faults.empty()) {
    throw Error(Exit::kInternal,
                "the planner made a wrong plan: " + faults.front() + " (" +
                    std::to_string(faults.size()) + " faults in all)");
  }
  p.images = emit_all(p.net, p.plan);
  for (size_t node = 0; node < p.plan.nodes.size(); ++node) {
    p.plan.nodes[node].program_bytes =
        static_cast<uint32_t>(p.images[node].size());
  }
}

}  // namespace

Prepared prepare(Graph graph, const PlanOptions& options) {
  Prepared p;
  p.graph = std::move(graph);
  p.net = lower(p.graph);
  p.plan = make_plan(p.net, options);
  check_and_emit(p);
  return p;
}

Prepared prepare_split(Graph graph, const Cluster& cluster,
                       const PrepareSplit& options) {
  Prepared p;
  p.graph = std::move(graph);
  p.net = lower(p.graph);
  const Cuts cuts =
      options.cuts_file.empty()
          ? make_cuts(p.net, cluster, {.strategy = options.strategy})
          : parse_cuts(options.cuts_file, options.cuts, p.net, cluster);
  p.plan = make_split_plan(
      p.net, cluster, cuts,
      {.objective = options.objective, .max_payload = options.max_payload});
  check_and_emit(p);
  return p;
}

}  // namespace shoal
