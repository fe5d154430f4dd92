#include "host/plan/planner/fewest_nodes.h"

#include <map>
#include <string>
#include <utility>

#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

class CountSearch {
 public:
  CountSearch(const Net& net, const PlanRequest& request, QuickPlans& plans)
      : net_(net), request_(request), plans_(plans) {}

  // Returns false and adds no try if no more plans are allowed.
  bool enough(int count) {
    const PlanRequest r = with_nodes(request_, count);
    FewestNodes::Try t{count, {}, forbidding_bound_s(net_, r)};
    if (!t.bound_s) t.best = plans_.find(net_, r);
    if (!t.enough() && !t.bound_s && plans_.used_up()) return false;
    return note(std::move(t));
  }

  // Asks the whole search, if that can make the difference.
  bool enough_after_all(int count) {
    const auto at = tried_.find(count);
    if (at == tried_.end() || !at->second.best) return false;
    const std::optional<double> limit = request_.limits.latency_s;
    if (!at->second.best->or_less || !limit || count > tuning::kManyNodes ||
        at->second.best->numbers.latency_s > tuning::kFarOff * *limit) {
      return false;
    }
    FewestNodes::Try t{count, {}, {}};
    t.best = plans_.find(net_, with_nodes(request_, count), {"auto"});
    return t.best && note(std::move(t));
  }

  std::vector<FewestNodes::Try> tries() const {
    std::vector<FewestNodes::Try> all;
    for (const auto& [count, t] : tried_) all.push_back(t);
    return all;
  }

 private:
  bool note(FewestNodes::Try t) {
    const int count = t.nodes;
    return tried_.insert_or_assign(count, std::move(t)).first->second.enough();
  }

  const Net& net_;
  const PlanRequest& request_;
  QuickPlans& plans_;
  std::map<int, FewestNodes::Try> tried_;
};

}  // namespace

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
  CountSearch counts(net, request, plans);
  int low = from - 1, high = 0;  // not enough, enough
  for (int count = from; count <= most && !plans.used_up(); count *= 2) {
    if (counts.enough(count) || (thorough && counts.enough_after_all(count))) {
      high = count;
      break;
    }
    low = count;
    if (count < most && count * 2 > most) count = most / 2;
  }
  while (high > 0 && high - low > 1 && !plans.used_up()) {
    const int middle = low + (high - low) / 2;
    const bool enough =
        counts.enough(middle) || (thorough && counts.enough_after_all(middle));
    (enough ? high : low) = middle;
  }
  return {high, counts.tries()};
}

}  // namespace shoal
