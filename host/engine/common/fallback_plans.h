// Plans for a cluster that has lost one node, made beside the frames, so that
// they are at hand when it happens. Equal nodes have one plan.
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
  // Begins with the plans for each loss, in a thread of the lowest priority.
  FallbackPlans(Graph, const PlanRequest&);
  // Ends the search that is under way.
  ~FallbackPlans();
  FallbackPlans(const FallbackPlans&) = delete;
  FallbackPlans& operator=(const FallbackPlans&) = delete;

  // Returns the plan for all nodes except one, as --plan reads it; none if it
  // is not there yet.
  std::optional<PlanText> without(size_t node) const;

 private:
  void make_all();

  const Graph graph_;
  const Net net_;
  const PlanRequest request_;
  std::atomic<bool> cancelled_ = false;
  mutable std::mutex mutex_;
  std::map<std::string, Plan> plans_;  // by request_key() without names
  std::thread thread_;
};

}  // namespace shoal
