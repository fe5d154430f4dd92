#include "host/plan/planner/plan_numbers.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

#include "host/plan/cost/energy.h"
#include "host/plan/cost/feed.h"
#include "host/plan/cost/plan_time.h"
#include "host/plan/cost/rehearsal.h"
#include "host/plan/cost/time.h"
#include "host/plan/planner/trials.h"
#include "host/plan/search/search.h"

namespace shoal {

Plan over_all_nodes(const Net& net, const PlanRequest& request, Plan plan) {
  const size_t some = plan.nodes.size();
  if (some == request.cluster.nodes.size()) return plan;
  Plan idle = idle_plan(net, request.cluster);
  std::move(idle.nodes.begin() + static_cast<std::ptrdiff_t>(some),
            idle.nodes.end(), std::back_inserter(plan.nodes));
  finish_plan(net, request, plan);
  return plan;
}

namespace {

// Returns the seconds for which the node's core works on a frame.
double active_seconds(const Net& net, const Plan& plan, const PlanNode& node,
                      const Supply& supply) {
  if (plan.linked) return node.seconds;
  int64_t waits_ps = 0;
  for (const PlanStage& stage : node.stages) {
    waits_ps += stage_feed(net, node, stage, supply).wait_ps;
  }
  return node.seconds - static_cast<double>(waits_ps) / kPicoseconds;
}

double energy_of(const Net& net, const std::vector<Supply>& supplies,
                 const Plan& plan, double period_s) {
  double joules = 0;
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    const PlanNode& node = plan.nodes[n];
    if (!has_energy(*supplies[n].board)) return 0;
    FrameLoad load;
    load.macs = static_cast<double>(node.macs);
    load.active_s = active_seconds(net, plan, node, supplies[n]);
    load.seconds = plan.latency_s;
    load.read_bytes = node.storage_read_bytes;
    load.written_bytes = node.storage_written_bytes;
    joules +=
        frame_energy(*supplies[n].board, supplies[n].storage, load, period_s)
            .total_j();
  }
  return joules;
}

}  // namespace

double PlanNumbers::of(Objective objective) const {
  switch (objective) {
    case Objective::kLatency:
      break;
    case Objective::kRam:
      return static_cast<double>(ram);
    case Objective::kThroughput:
      return period_s;
    case Objective::kEnergy:
      return energy_j;
    case Objective::kTraffic:
      return static_cast<double>(traffic_bytes);
  }
  return latency_s;
}

PlanNumbers numbers_of(const Net& net, const PlanRequest& request,
                       const Plan& plan, bool frames, double most_s,
                       RehearsalMemo* memo) {
  const std::vector<Supply> supplies = supplies_of(request.cluster, plan);
  PlanNumbers n;
  n.ram = largest_arena(plan);
  n.latency_s = n.period_s = plan.latency_s;
  n.traffic_bytes = plan.traffic_bytes;
  n.nodes = static_cast<int>(busy_nodes(plan));
  if (frames && plan.linked) {
    const auto most = static_cast<Nanos>(std::ceil(most_s * 1e9));
    RehearsalMemo own;
    const Rehearsal r = (memo ? *memo : own)
                            .rehearse(net, supplies, request.max_payload, plan,
                                      kPeriodFrames, most);
    if (r.period > 0) n.period_s = static_cast<double>(r.period) * 1e-9;
  }
  const double period =
      request.fps > 0 ? std::max(1 / request.fps, n.latency_s) : n.latency_s;
  n.energy_j = energy_of(net, supplies, plan, period);
  return n;
}

bool keeps(const PlanLimits& limits, const PlanNumbers& n) {
  return (!limits.latency_s || n.latency_s <= *limits.latency_s) &&
         (!limits.traffic_bytes || n.traffic_bytes <= *limits.traffic_bytes);
}

}  // namespace shoal
