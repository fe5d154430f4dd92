#include "host/engine/common/prepare.h"

#include <utility>

#include "host/base/error.h"
#include "host/check/check.h"
#include "host/lower/batch.h"
#include "host/plan/planner/planner.h"
#include "host/plan/text/does_not_fit.h"
#include "host/program/emit/emit.h"

namespace shoal {
namespace {

void check_plan(Prepared& p) {
  const std::vector<std::string> faults = check(p.net, p.plan);
  if (!faults.empty()) {
    throw Error(Exit::kInternal,
                "the planner made a wrong plan: " + faults.front() + " (" +
                    std::to_string(faults.size()) + " faults in all)");
  }
}

// Flash of a node whose image is not mapped holds nothing; then it is the size
// of what lies in storage.
void set_sizes(Prepared& p, const Emitter& emitter) {
  for (size_t n = 0; n < p.plan.nodes.size(); ++n) {
    const int node = static_cast<int>(n);
    PlanNode& of = p.plan.nodes[n];
    of.program_bytes = of.layout.head_bytes ? emitter.image_bytes(node)
                                            : emitter.program_bytes(node);
  }
}

void add_images(Prepared& p, const Emitter& emitter, const uint8_t* key) {
  for (size_t n = 0; n < p.plan.nodes.size(); ++n) {
    const int node = static_cast<int>(n);
    const bool sealed =
        key && p.plan.nodes[n].sealed && !p.plan.nodes[n].mapped;
    p.images.push_back(sealed ? emitter.sealed_image(node, key)
                              : emitter.image(node));
  }
}

}  // namespace

Prepared prepare(Graph graph, const PlanRequest& request, Images images,
                 const uint8_t* program_key) {
  Prepared p;
  p.graph = std::move(graph);
  p.net = batch_net(lower(p.graph), request.batch);
  if (request.over_links()) p.net = assign_last(std::move(p.net));
  p.plan = make_plan(p.net, request);
  check_plan(p);
  const Emitter emitter(p.net, p.plan);
  set_sizes(p, emitter);
  if (images == Images::kAll) add_images(p, emitter, program_key);
  for (size_t n = 0; n < p.plan.nodes.size(); ++n) {
    const ClusterNode& of = request.cluster.nodes[n];
    // Without mapped flash the program lies in another storage.
    if (!of.board.flash_mapped) continue;
    check_flash(p.plan, p.plan.nodes[n], of.flash_budget());
  }
  return p;
}

}  // namespace shoal
