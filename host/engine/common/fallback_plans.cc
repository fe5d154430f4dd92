#include "host/engine/common/fallback_plans.h"

#include <mbedtls/sha256.h>
#include <sys/resource.h>

#include <algorithm>
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
constexpr int64_t kMostImageBytes = 256 << 20;
constexpr double kSearchSeconds = 2;  // where each loss has a plan of its own

// Returns the request for all nodes except one, which is left to a search.
PlanRequest request_without(PlanRequest request, size_t node) {
  auto& nodes = request.cluster.nodes;
  nodes.erase(nodes.begin() + static_cast<std::ptrdiff_t>(node));
  // A given plan and cuts from a file are for all nodes.
  request.given.reset();
  request.cuts_file.reset();
  return request;
}

void rename_nodes(Plan& plan, const Cluster& cluster) {
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    plan.nodes[n].name = cluster.nodes[n].name;
  }
}

}  // namespace

FallbackPlans::FallbackPlans(Graph graph,
                             std::optional<std::array<uint8_t, 32>> program_key)
    : graph_(std::move(graph)), program_key_(program_key) {}

FallbackPlans::~FallbackPlans() { end(); }

void FallbackPlans::use_net_of(const PlanRequest& request) {
  if (!net_) net_ = planned_net(graph_, request);
}

void FallbackPlans::keep(const PlanRequest& request, const Plan& plan) {
  use_net_of(request);
  const std::string key = key_of(request);
  const std::lock_guard lock(mutex_);
  if (plans_.size() >= kMostPlans) plans_.clear();
  plans_.emplace(key, plan);
}

bool FallbackPlans::begins_with(const PlanRequest& request) {
  use_net_of(request);
  std::string key = key_of(request);
  if (key == begun_) return false;
  end();
  begun_ = std::move(key);
  return true;
}

void FallbackPlans::begin(const PlanRequest& request, bool in_haste) {
  if (!begins_with(request)) return;
  thread_ = std::thread([this, request, in_haste] {
    // On Linux this is the thread's own; if it is refused, plans only take more
    // of the frames' time.
    static_cast<void>(setpriority(PRIO_PROCESS, 0, 19));
    make_all(request, in_haste);
  });
}

void FallbackPlans::make(const PlanRequest& request) {
  if (begins_with(request)) make_all(request);
}

void FallbackPlans::end() {
  cancelled_ = true;
  if (thread_.joinable()) thread_.join();
  cancelled_ = false;
  begun_.clear();
  all_made_ = false;
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

void FallbackPlans::make_all(const PlanRequest& whole, bool in_haste) {
  const PlanCancellation cancellation(cancelled_);
  const size_t nodes = whole.cluster.nodes.size();
  std::vector<std::string> keys;
  for (size_t n = 0; nodes > 1 && n < nodes; ++n) {
    keys.push_back(key_of(request_without(whole, n)));
  }
  const bool equal =
      std::ranges::count(keys, keys.empty() ? "" : keys[0]) == std::ssize(keys);
  const std::string own = in_haste ? key_of(whole) : "";
  {
    const std::lock_guard lock(mutex_);
    keys_ = keys;
    std::erase_if(fallbacks_, [&](const auto& f) {
      return f.first != own && std::ranges::count(keys, f.first) == 0;
    });
    image_bytes_ = 0;
    for (const auto& [key, f] : fallbacks_) {
      for (const auto& image : f->images) image_bytes_ += std::ssize(image);
    }
  }
  if (in_haste && !make_one(whole, true)) return;
  for (size_t n = 0; n < keys.size(); ++n) {
    if (!make_one(request_without(whole, n), equal)) return;
  }
  const std::lock_guard lock(mutex_);
  all_made_ = true;
}

// Returns false if nobody needs it any more. Where the others cannot hold the
// network there is none: the loss will say so.
bool FallbackPlans::make_one(const PlanRequest& request, bool is_only) {
  const std::string key = key_of(request);
  {
    const std::lock_guard lock(mutex_);
    if (fallbacks_.contains(key) || image_bytes_ > kMostImageBytes) return true;
  }
  PlanRequest of = request;
  of.jobs = 1;  // frames need the other cores
  if (std::optional<PlanText> known = plan_for(request)) {
    of.given = *std::move(known);
  } else if (!is_only && !of.limits.search_s) {
    of.limits.search_s = kSearchSeconds;
  }
  try {
    Prepared p = prepare(graph_, of, Images::kAll,
                         program_key_ ? program_key_->data() : nullptr);
    auto made = std::make_shared<Fallback>();
    made->plan = std::move(p.plan);
    made->images = std::move(p.images);
    for (const auto& image : made->images) {
      mbedtls_sha256_ret(image.data(), image.size(),
                         made->hashes.emplace_back().data(), 0);
    }
    const std::lock_guard lock(mutex_);
    for (const auto& image : made->images) image_bytes_ += std::ssize(image);
    plans_.emplace(key, made->plan);
    fallbacks_.emplace(key, std::move(made));
  } catch (const PlanCancelled&) {
    return false;
  } catch (const std::exception&) {
  }
  return true;
}

std::optional<PlanText> FallbackPlans::plan_for(
    const PlanRequest& request) const {
  if (!net_) return std::nullopt;
  const std::string key = key_of(request);
  std::optional<Plan> plan;
  {
    const std::lock_guard lock(mutex_);
    const auto found = plans_.find(key);
    if (found == plans_.end()) return std::nullopt;
    plan = found->second;
  }
  rename_nodes(*plan, request.cluster);
  const nlohmann::json file{{"stored", stored_plan(*net_, *plan)}};
  return PlanText{"the plan that was made beforehand", file.dump()};
}

std::optional<Fallback> FallbackPlans::fallback_for(
    const PlanRequest& request) const {
  if (!net_) return std::nullopt;
  const std::string key = key_of(request);
  std::optional<Fallback> copy;
  {
    const std::lock_guard lock(mutex_);
    const auto found = fallbacks_.find(key);
    if (found == fallbacks_.end()) return std::nullopt;
    copy = *found->second;
  }
  rename_nodes(copy->plan, request.cluster);
  return copy;
}

std::optional<Fallbacks> FallbackPlans::made() const {
  const std::lock_guard lock(mutex_);
  if (!all_made_) return std::nullopt;
  Fallbacks all;
  for (const std::string& key : keys_) {
    const auto found = fallbacks_.find(key);
    all.push_back(found == fallbacks_.end() ? nullptr : found->second);
  }
  return all;
}

}  // namespace shoal
