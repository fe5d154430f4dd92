#include "host/plan/planner/fewest_nodes.h"

#include <map>
#include <string>
#include <utility>

#include "host/plan/types/tuning.h"

namespace shoal {
PlanRequest with_nodes(const PlanRequest& request, int count) {
  PlanRequest r = request;
  r.linked = true;
  if (r.strategy == "single") r.strategy = "auto";
  r.max_writes = 0;  // only a node alone spills
  while (static_cast<int>(r.cluster.nodes.size()) < count) {
    ClusterNode n = r.cluster.nodes.back();
    n.name = "node" + std::to_string(r.cluster.nodes.size());
    n.address.clear();
    r.cluster.nodes.push_back(std::move(n));
  }
  for (ClusterNode& n : r.cluster.nodes) use_linked_cores(n);
  return r;
}

FewestNodes fewest_nodes(const Net& net, const PlanRequest& request, int from,
                         int most, QuickPlans& plans, bool thorough) {
  std::map<int, FewestNodes::Try> tried;
  // Asks the whole search, if that can make the difference.
  const auto try_harder = [&](const PlanRequest& r, FewestNodes::Try& t) {
    const std::optional<double> limit = request.limits.latency_s;
    if (!t.best || !t.best->or_less || !limit || t.nodes > tuning::kManyNodes ||
        t.best->numbers.latency_s > tuning::kFarOff * *limit) {
      return;
    }
    std::optional<QuickPlan> found = plans.find(net, r, {"auto"});
    if (found) t.best = std::move(found);
  };
  const auto enough = [&](int count) {
    const PlanRequest r = with_nodes(request, count);
    FewestNodes::Try t{count, {}, forbidding_bound_s(net, r)};
    if (!t.bound_s) t.best = plans.find(net, r);
    if (!t.enough() && !t.bound_s && plans.used_up()) return false;
    if (!t.enough() && thorough) try_harder(r, t);
    return tried.insert_or_assign(count, std::move(t)).first->second.enough();
  };
  int low = from - 1, high = 0;  // not enough, enough
  for (int count = from; count <= most && !plans.used_up(); count *= 2) {
    if (enough(count)) {
      high = count;
      break;
    }
    low = count;
    if (count < most && count * 2 > most) count = most / 2;
  }
  while (high > 0 && high - low > 1 && !plans.used_up()) {
    const int middle = low + (high - low) / 2;
    (enough(middle) ? high : low) = middle;
  }
  FewestNodes few{high, {}};
  for (auto& [count, t] : tried) few.tries.push_back(std::move(t));
  return few;
}

}  // namespace shoal
