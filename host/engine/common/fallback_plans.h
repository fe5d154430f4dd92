// Plans for a cluster whose nodes come and go: those that ran before, and those
// for the loss of each single node, made beside the frames with their programs,
// so that they are at hand when it happens. Equal nodes have one plan.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "host/engine/common/prepare.h"

namespace shoal {

// A plan for the nodes that one loss leaves, in their order.
struct Fallback {
  Plan plan;
  std::vector<std::vector<uint8_t>> images;     // one program per node
  std::vector<std::array<uint8_t, 32>> hashes;  // SHA-256 of each
};

// By the node that is lost; null: there is none.
using Fallbacks = std::vector<std::shared_ptr<const Fallback>>;

class FallbackPlans {
 public:
  // `program_key`: as for prepare().
  FallbackPlans(Graph, std::optional<std::array<uint8_t, 32>> program_key);
  ~FallbackPlans();
  FallbackPlans(const FallbackPlans&) = delete;
  FallbackPlans& operator=(const FallbackPlans&) = delete;

  // Keeps the plan.
  void keep(const PlanRequest&, const Plan&);
  // Begins with those for each loss, in a thread of the lowest priority, unless
  // it has begun with them before. Where nodes differ, so that each loss has a
  // plan of its own, each search takes 2 s at most. `in_haste`: the plan that
  // runs was found so; a better one is sought first.
  void begin(const PlanRequest&, bool in_haste = false);
  // Makes them now, in this thread.
  void make(const PlanRequest&);
  // Ends the search that is under way, and keeps what was found.
  void end();

  // Returns the plan for this request, as --plan reads it; none if it is not
  // there yet.
  std::optional<PlanText> plan_for(const PlanRequest&) const;
  // Returns the same with its programs, if they were made for the loss of a
  // node.
  std::optional<Fallback> fallback_for(const PlanRequest&) const;
  // Returns those of each loss, once all that there will be are there.
  std::optional<Fallbacks> made() const;

 private:
  void make_all(const PlanRequest&, bool in_haste = false);
  bool make_one(const PlanRequest&, bool is_only);
  std::string key_of(PlanRequest) const;
  // Returns false if it has begun with this cluster before; else ends what is
  // under way.
  bool begins_with(const PlanRequest&);
  void use_net_of(const PlanRequest&);

  const Graph graph_;
  const std::optional<std::array<uint8_t, 32>> program_key_;
  std::optional<Net> net_;
  std::atomic<bool> cancelled_ = false;
  mutable std::mutex mutex_;
  std::map<std::string, Plan> plans_;  // by request_key() without names
  // The fallbacks of the cluster that was asked for last, by that key, and the
  // keys by the node that is lost.
  std::map<std::string, std::shared_ptr<const Fallback>> fallbacks_;
  std::vector<std::string> keys_;
  int64_t image_bytes_ = 0;  // of `fallbacks_`
  std::string begun_;        // the key of the cluster
  bool all_made_ = false;
  std::thread thread_;
};

}  // namespace shoal
