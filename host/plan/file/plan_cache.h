// A cache of plans in `$XDG_CACHE_HOME/shoal/plans` (else below ~/.cache), so
// that a request is planned only once. The cache never makes a command fail:
// what cannot be read, written or trusted is planned again, and the checker
// judges a stored plan like any other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "host/lower/net.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/request.h"

namespace shoal {

class PlanCache {
 public:
  // The most bytes of all plans. Beyond it, those used least recently are
  // removed.
  static constexpr int64_t kMostBytes = int64_t{64} << 20;

  // The user's cache; none if the environment names no place for it.
  PlanCache();
  PlanCache(std::string folder, int64_t most_bytes);

  // Returns the plan that this very program stored for an equal request.
  std::optional<Plan> find(const Net&, const PlanRequest&) const;
  // Stores the plan. Two processes may do so at once.
  void keep(const Net&, const PlanRequest&, const Plan&) const;

 private:
  std::string path(const Net&, const PlanRequest&) const;
  void make_room() const;

  std::string folder_;  // empty: there is none
  int64_t most_bytes_;
};

}  // namespace shoal
