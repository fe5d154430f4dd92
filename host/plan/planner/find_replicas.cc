#include "host/plan/planner/find_replicas.h"

#include <algorithm>
#include <vector>

#include "host/plan/cost/link_time.h"
#include "host/plan/cost/program_size.h"
#include "host/plan/cost/time.h"
#include "host/plan/planner/node_kinds.h"
#include "host/plan/planner/plan_numbers.h"
#include "host/plan/planner/planner.h"
#include "host/plan/types/deadline.h"

namespace shoal {
namespace {

// Returns how long a frame takes the port of the coordinator, whose link is as
// fast as the fastest one of the cluster.
double wire_seconds(const PlanRequest& request, const Plan& plan) {
  const auto link = std::ranges::max_element(
      request.cluster.nodes, {},
      [](const ClusterNode& n) { return n.board.link_bits_per_s; });
  const PlanNode& node = plan.nodes.front();
  const int64_t sent = node.received_bytes, received = node.sent_bytes;
  const int64_t datagrams = datagrams_of(sent, 1, request.max_payload) +
                            datagrams_of(received, 1, request.max_payload);
  return static_cast<double>(
             link_time(sent, received, datagrams, link->board).wire_ps) /
         kPicoseconds;
}

// Returns the figures of frames on the node alone; none if it does not fit.
std::optional<Replica> replica_on(const Net& net, const PlanRequest& request,
                                  const ClusterNode& node) {
  PlanRequest alone = linked_nodes({{node}}, "auto");
  alone.max_payload = request.max_payload;
  alone.replay = request.replay;
  alone.effort = request.effort;
  alone.jobs = request.jobs;
  const OrMisfit<Plan> plan = try_plan(net, alone);
  if (!plan && plan.misfit().code != Exit::kDoesNotFit) plan.misfit().raise();
  if (!plan || exceeds_flash(net, alone.cluster, *plan)) return std::nullopt;
  const PlanNumbers n = numbers_of(net, alone, *plan, true);
  return Replica{node.name, n.latency_s, n.period_s,
                 wire_seconds(request, *plan), n.ram};
}

}  // namespace

std::optional<Replicas> find_replicas(const Net& net,
                                      const PlanRequest& request) {
  if (!net.variables.empty()) return std::nullopt;
  struct Kind {
    const ClusterNode* first = nullptr;
    std::optional<Replica> replica;
  };
  std::vector<Kind> kinds;
  Replicas all;
  for (const ClusterNode& node : request.cluster.nodes) {
    auto kind = std::ranges::find_if(kinds, [&](const Kind& k) {
      return are_alike(*k.first, node) && have_equal_links(*k.first, node);
    });
    if (kind == kinds.end()) {
      if (PlanDeadline::passed()) return std::nullopt;
      kinds.push_back({&node, replica_on(net, request, node)});
      if (PlanDeadline::passed()) return std::nullopt;
      kind = kinds.end() - 1;
    }
    if (kind->replica) {
      all.nodes.push_back(*kind->replica);
      all.nodes.back().node = node.name;
    } else {
      all.does_not_fit.push_back(node.name);
    }
  }
  return all;
}

}  // namespace shoal
