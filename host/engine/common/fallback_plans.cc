#include "host/engine/common/fallback_plans.h"

#include <sys/resource.h>

#include <exception>
#include <nlohmann/json.hpp>
#include <utility>

#include "host/plan/file/plan_file.h"
#include "host/plan/file/plan_key.h"
#include "host/plan/types/deadline.h"

namespace shoal {
namespace {

// Nodes that come and go in many ways must not fill the memory.
constexpr size_t kMostPlans = 64;

// Returns the request for all nodes except one, which is left to a search.
PlanRequest request_without(PlanRequest request, size_t node) {
  auto& nodes = request.cluster.nodes;
  nodes.erase(nodes.begin() + static_cast<std::ptrdiff_t>(node));
  // A given plan and cuts from a file are for all nodes.
  request.given.reset();
  request.cuts_file.reset();
  return request;
}

}  // namespace

FallbackPlans::FallbackPlans(Graph graph) : graph_(std::move(graph)) {}

FallbackPlans::~FallbackPlans() { end(); }

void FallbackPlans::keep(const PlanRequest& request, const Plan& plan) {
  end();
  if (!net_) net_ = planned_net(graph_, request);
  if (plans_.size() >= kMostPlans) plans_.clear();
  plans_.emplace(key_of(request), plan);
}

void FallbackPlans::begin(const PlanRequest& request) {
  end();
  cancelled_ = false;
  thread_ = std::thread([this, request] { make_all(request); });
}

void FallbackPlans::end() {
  cancelled_ = true;
  if (thread_.joinable()) thread_.join();
}

// A plan is for nodes of these facts, whatever their names.
std::string FallbackPlans::key_of(PlanRequest request) const {
  size_t number = 0;
  for (ClusterNode& n : request.cluster.nodes) {
    n.name = "node" + std::to_string(number++);
  }
  request.given.reset();
  return request_key(*net_, request);
}

void FallbackPlans::make_all(const PlanRequest& whole) {
  // On Linux this is the thread's own; if it is refused, plans only take more
  // of the frames' time.
  static_cast<void>(setpriority(PRIO_PROCESS, 0, 19));
  const PlanCancellation cancellation(cancelled_);
  if (whole.cluster.nodes.size() < 2) return;
  for (size_t n = 0; n < whole.cluster.nodes.size(); ++n) {
    try {
      const PlanRequest request = request_without(whole, n);
      const std::string key = key_of(request);
      if (plans_.contains(key)) continue;  // only this thread writes
      Plan plan = prepare(graph_, request, Images::kNone).plan;
      const std::lock_guard lock(mutex_);
      plans_.emplace(key, std::move(plan));
    } catch (const PlanCancelled&) {
      return;
    } catch (const std::exception&) {
      // Where the others cannot hold the network, the loss will say so.
    }
  }
}

std::optional<PlanText> FallbackPlans::plan_for(
    const PlanRequest& request) const {
  if (!net_) return std::nullopt;
  const std::lock_guard lock(mutex_);
  const auto found = plans_.find(key_of(request));
  if (found == plans_.end()) return std::nullopt;
  Plan plan = found->second;
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    plan.nodes[n].name = request.cluster.nodes[n].name;
  }
  const nlohmann::json file{{"stored", stored_plan(*net_, plan)}};
  return PlanText{"the plan that was made beforehand", file.dump()};
}

}  // namespace shoal
