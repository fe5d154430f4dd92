#include "host/plan/planner/auto_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "host/base/error.h"
#include "host/plan/cuts/cuts.h"
#include "host/plan/search/search.h"

namespace shoal {
namespace {

constexpr const char* kStrategies[] = {"spatial", "kernel", "layer"};
// Nodes whose rating is that much lower are another class.
constexpr double kClass = 1.3;
constexpr size_t kMostClasses = 4;
// Over more nodes only the first strategy is tried: plans of others take long
// there.
constexpr size_t kLargeCluster = 16;

class AutoPlan {
 public:
  AutoPlan(const Net& net, const PlanRequest& request)
      : net_(net), request_(request), order_(request.cluster.nodes.size()) {
    std::iota(order_.begin(), order_.end(), 0);
    const auto& nodes = request.cluster.nodes;
    std::stable_sort(order_.begin(), order_.end(), [&](int a, int b) {
      return nodes[a].rating > nodes[b].rating;
    });
  }

  Plan find() {
    const size_t all = order_.size();
    try_all(all);
    const double on_all = best_ ? measure(*best_) : 0;
    for (const size_t count : classes()) try_all(count);
    // Half as many, as long as that is better; for the smallest arena any.
    for (size_t count = best_ ? count_ / 2 : all / 2; count > 0; count /= 2) {
      if (count == count_) continue;
      const bool better = try_all(count);
      if (!better && best_ && is_latency()) break;
    }
    if (!best_) std::rethrow_exception(refused_);
    best_->strategy = taken(on_all);
    return std::move(*best_);
  }

 private:
  bool is_latency() const { return request_.objective == Objective::kLatency; }
  double measure(const Plan& plan) const {
    return is_latency() ? plan.latency_s
                        : static_cast<double>(largest_arena(plan));
  }

  // How many nodes there are before each class of slower ones, most first.
  std::vector<size_t> classes() const {
    const auto& nodes = request_.cluster.nodes;
    std::vector<size_t> ends;
    for (size_t k = order_.size(); k-- > 1;) {
      const double slower = nodes[order_[k]].rating;
      if (nodes[order_[k - 1]].rating >= kClass * slower) ends.push_back(k);
    }
    ends.resize(std::min(ends.size(), kMostClasses));
    return ends;
  }

  bool try_all(size_t count) {
    bool better = false;
    for (const char* strategy : kStrategies) {
      better |= try_plan(strategy, count);
      if (count > kLargeCluster) break;
    }
    return better;
  }

  // With the first `count` nodes of the order; true if that is better than
  // anything before. Of plans that are as good the one with more nodes stays.
  bool try_plan(const char* strategy, size_t count) {
    if (!tried_.insert({strategy, count}).second) return false;
    try {
      const PlanRequest request = asked(strategy);
      Cuts cuts = cuts_of(strategy, count);
      Plan plan = search_plan(net_, request,
                              *linked_search(net_, request, std::move(cuts)));
      if (best_ && measure(plan) >= measure(*best_)) return false;
      best_ = std::move(plan);
      strategy_ = strategy, count_ = count;
      return true;
    } catch (const Error& e) {
      if (e.code() == Exit::kInternal) throw;
      if (!refused_) refused_ = std::current_exception();
      return false;
    }
  }

  PlanRequest asked(const char* strategy) const {
    PlanRequest request = request_;
    request.strategy = strategy;
    return request;
  }

  Cuts cuts_of(const char* strategy, size_t count) const {
    std::vector<int> chosen(
        order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(count));
    std::sort(chosen.begin(), chosen.end());
    Cluster some;
    for (const int n : chosen) some.nodes.push_back(request_.cluster.nodes[n]);
    Cuts cuts = make_cuts(net_, some, {.strategy = strategy});
    for (LayerCut& cut : cuts.layers) {
      for (Share& share : cut.shares) share.node = chosen[share.node];
    }
    return cuts;
  }

  // "auto (kernel)", and why not on all nodes; 0: on these it does not fit.
  std::string taken(double on_all) const {
    std::string text = "auto (" + strategy_;
    const size_t all = order_.size();
    if (count_ < all) {
      const auto with = [&](double m) {
        return is_latency() ? fmt::format("{:.3f} ms", m * 1e3)
                            : fmt::format("{} B", static_cast<int64_t>(m));
      };
      text += " on " + std::to_string(count_) + " of " + std::to_string(all) +
              " nodes: " + with(measure(*best_)) + "; on all ";
      text += on_all > 0 ? with(on_all) : "it does not fit";
    }
    return text + ")";
  }

  const Net& net_;
  const PlanRequest& request_;
  std::vector<int> order_;  // fastest nodes first
  std::set<std::pair<std::string, size_t>> tried_;
  std::optional<Plan> best_;
  std::string strategy_;
  size_t count_ = 0;
  std::exception_ptr refused_;
};

}  // namespace

Plan auto_plan(const Net& net, const PlanRequest& request) {
  return AutoPlan(net, request).find();
}

}  // namespace shoal
