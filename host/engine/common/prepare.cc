#include "host/engine/common/prepare.h"

#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

#include "host/base/error.h"
#include "host/base/memory.h"
#include "host/check/check.h"
#include "host/engine/common/given_plan.h"
#include "host/lower/batch.h"
#include "host/lower/reorder.h"
#include "host/plan/file/plan_cache.h"
#include "host/plan/planner/planner.h"
#include "host/plan/search/search.h"
#include "host/plan/text/does_not_fit.h"
#include "host/plan/types/deadline.h"
#include "host/program/emit/emit.h"

namespace shoal {
namespace {

// Throws Error(code) with `what` and the first fault that the checker finds.
void check_plan(const Prepared& p, Exit code, const std::string& what,
                const std::string& fix = {}) {
  const std::vector<std::string> faults = check(p.net, p.plan);
  if (faults.empty()) return;
  throw Error(code,
              what + ": " + faults.front() + " (" +
                  std::to_string(faults.size()) + " faults in all)",
              fix);
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
    PlanCancellation::check();
    const int node = static_cast<int>(n);
    const bool sealed =
        key && p.plan.nodes[n].sealed && !p.plan.nodes[n].mapped;
    p.images.push_back(sealed ? emitter.sealed_image(node, key)
                              : emitter.image(node));
  }
}

// Nodes whose programs have more bytes than their flash. Without mapped flash
// the program lies in another storage.
std::vector<size_t> overfull_nodes(const Prepared& p, const Cluster& cluster) {
  std::vector<size_t> nodes;
  for (size_t n = 0; n < p.plan.nodes.size(); ++n) {
    const ClusterNode& of = cluster.nodes[n];
    if (!of.board.flash_mapped) continue;
    if (p.plan.nodes[n].program_bytes > of.flash_budget()) nodes.push_back(n);
  }
  return nodes;
}

// Takes the plan of a file. Its figures may be of other clocks and links than
// those of the request, and are modelled again.
void take_given_plan(const PlanRequest& request, Prepared& p) {
  p.plan = read_given_plan(p.net, request);
  check_plan(p, Exit::kCorrupt, request.given->name + " is a wrong plan",
             "write it again with `shoal plan -o FILE`");
  finish_plan(p.net, request, p.plan);
  check_plan(p, Exit::kInternal, "the figures of a plan are wrong");
  set_sizes(p, Emitter(p.net, p.plan));
  for (const size_t n : overfull_nodes(p, request.cluster)) {
    check_flash(p.plan, p.plan.nodes[n],
                request.cluster.nodes[n].flash_budget());
  }
}

// Takes the plan that was found for an equal request before. Returns false if
// there is none that can be trusted.
bool take_cached_plan(const PlanCache& cache, const PlanRequest& request,
                      Prepared& p) {
  std::optional<Plan> plan = cache.find(p.net, request);
  if (!plan) return false;
  p.plan = *std::move(plan);
  try {
    check_nodes(p.plan, request, "a plan that was kept");
  } catch (const Error&) {
    return false;
  }
  return check(p.net, p.plan).empty();
}

void make_checked_plan(Prepared& p, const PlanRequest& request) {
  p.plan = make_plan(p.net, request);
  check_plan(p, Exit::kInternal, "the planner made a wrong plan");
  set_sizes(p, Emitter(p.net, p.plan));
}

// A program's size is known only from the finished plan. If the search chooses
// the cuts, nodes whose flash is too small for it get no share.
void plan_without_overfull_nodes(const PlanRequest& request, Prepared& p) {
  make_checked_plan(p, request);
  std::vector<size_t> nodes = overfull_nodes(p, request.cluster);
  if (nodes.empty()) return;
  const Plan first = p.plan;
  const size_t first_node = nodes.front();
  const auto refuse = [&] {
    check_flash(first, first.nodes[first_node],
                request.cluster.nodes[first_node].flash_budget());
  };
  if (!request.is_auto() || !request.over_links()) refuse();
  PlanRequest without = request;
  while (!nodes.empty()) {
    for (const size_t n : nodes) {
      // Even that of no share may be too large.
      if (std::exchange(without.cluster.nodes[n].left_out, true)) refuse();
    }
    if (nodes_to_share(without.cluster).empty()) refuse();
    try {
      make_checked_plan(p, without);
    } catch (const Error& e) {
      if (e.code() == Exit::kInternal) throw;
      refuse();
    }
    nodes = overfull_nodes(p, request.cluster);
  }
}

// A search that is cut short finds another plan each time: none is kept.
void find_plan(const PlanRequest& request, Prepared& p) {
  if (request.given) {
    p.source = PlanSource::kFile;
    take_given_plan(request, p);
    return;
  }
  if (!request.cached || request.limits.search_s) {
    plan_without_overfull_nodes(request, p);
    return;
  }
  const PlanCache cache;
  if (take_cached_plan(cache, request, p)) {
    p.source = PlanSource::kCache;
    return;
  }
  plan_without_overfull_nodes(request, p);
  cache.keep(p.net, request, p.plan);
}

// "the plan of a.tflite (400 layers on 4 nodes)"
std::string plan_text(const Graph& graph, const PlanRequest& request) {
  const size_t nodes = request.cluster.nodes.size();
  return "the plan of " + graph.name + " (" + std::to_string(graph.ops.size()) +
         " layers on " + std::to_string(nodes) +
         (nodes == 1 ? " node)" : " nodes)");
}

}  // namespace

Net planned_net(const Graph& graph, const PlanRequest& request) {
  Net net = batch_net(lower(graph), request.batch);
  return request.over_links() ? assign_last(std::move(net)) : net;
}

Prepared prepare(Graph graph, const PlanRequest& request, Images images,
                 const uint8_t* program_key) {
  Prepared p;
  p.graph = std::move(graph);
  with_memory_for(plan_text(p.graph, request), [&] {
    p.net = planned_net(p.graph, request);
    const auto start = std::chrono::steady_clock::now();
    find_plan(request, p);
    p.plan_s =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
            .count();
  });
  if (images == Images::kAll) {
    with_memory_for("the programs of " + p.graph.name, [&] {
      add_images(p, Emitter(p.net, p.plan), program_key);
    });
  }
  return p;
}

}  // namespace shoal
