// Plans for a cluster whose nodes come and go: those that ran before, and those
// for the loss of each single node, made beside the frames, so that they are at
// hand when it happens. Equal nodes have one plan.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "host/engine/common/prepare.h"

namespace shoal {

class FallbackPlans {
 public:
  explicit FallbackPlans(Graph);
  ~FallbackPlans();
  FallbackPlans(const FallbackPlans&) = delete;
  FallbackPlans& operator=(const FallbackPlans&) = delete;

  // Keeps the plan.
  void keep(const PlanRequest&, const Plan&);
  // Begins with those for each loss, in a thread of the lowest priority.
  void begin(const PlanRequest&);
  // Ends the search that is under way, and keeps what was found.
  void end();

  // Returns the plan for this request, as --plan reads it; none if it is not
  // there yet.
  std::optional<PlanText> plan_for(const PlanRequest&) const;

 private:
  void make_all(const PlanRequest&);
  std::string key_of(PlanRequest) const;

  const Graph graph_;
  std::optional<Net> net_;
  std::atomic<bool> cancelled_ = false;
  mutable std::mutex mutex_;
  std::map<std::string, Plan> plans_;  // by request_key() without names
  std::thread thread_;
};

}  // namespace shoal
