#include "host/engine/local/prepare.h"

#include <utility>

#include "host/base/error.h"
#include "host/base/size.h"
#include "host/check/check.h"
#include "host/lower/batch.h"
#include "host/plan/cluster/split_planner.h"
#include "host/plan/cuts/cuts.h"
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

void add_images(Prepared& p, const Emitter& emitter) {
  for (size_t n = 0; n < p.plan.nodes.size(); ++n) {
    p.images.push_back(emitter.image(static_cast<int>(n)));
  }
}

void check_flash(const Prepared& p, size_t node, int64_t budget) {
  const PlanNode& of = p.plan.nodes[node];
  if (of.program_bytes <= budget) return;
  throw Error(Exit::kDoesNotFit,
              "FLASH does not fit: the program of node " + of.name + " has " +
                  format_bytes(of.program_bytes) + "; budget " +
                  format_bytes(budget),
              p.plan.strategy == "kernel"
                  ? "more nodes, or a smaller share for this one"
                  : "output channels over several nodes: --strategy kernel");
}

Prepared prepare_one(Graph graph, const PlanOptions& options, bool images) {
  Prepared p;
  p.graph = std::move(graph);
  p.net = batch_net(lower(p.graph), options.batch);
  p.plan = make_plan(p.net, options);
  check_plan(p);
  const Emitter emitter(p.net, p.plan);
  set_sizes(p, emitter);
  if (images) add_images(p, emitter);
  // Without mapped flash the program lies in another storage.
  const Board& board = *options.board;
  if (board.flash_mapped && board.flash_bytes > 0) {
    check_flash(p, 0, board.flash_bytes);
  }
  return p;
}

}  // namespace

Prepared prepare_plan(Graph graph, const PlanOptions& options) {
  return prepare_one(std::move(graph), options, false);
}

Prepared prepare(Graph graph, const PlanOptions& options) {
  return prepare_one(std::move(graph), options, true);
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
  check_plan(p);
  const Emitter emitter(p.net, p.plan);
  set_sizes(p, emitter);
  add_images(p, emitter);
  for (size_t n = 0; n < cluster.nodes.size(); ++n) {
    check_flash(p, n, cluster.nodes[n].flash_budget());
  }
  return p;
}

}  // namespace shoal
