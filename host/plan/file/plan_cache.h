// Plans that were found before, in `$XDG_CACHE_HOME/shoal/plans` (else below
// ~/.cache): a request that was planned once starts at once. A cache never
// fails a command. What cannot be read, written or trusted is searched for
// again, and what is read the checker judges like every plan.
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
  // Bytes of all plans, beyond which those go that were used least recently.
  static constexpr int64_t kMostBytes = int64_t{64} << 20;

  // The user's cache; none if the environment names no place for it.
  PlanCache();
  PlanCache(std::string folder, int64_t most_bytes);

  // Returns the plan of an equal request by this very program.
  std::optional<Plan> find(const Net&, const PlanRequest&) const;
  // Keeps the plan. Two processes may do so at once.
  void keep(const Net&, const PlanRequest&, const Plan&) const;

 private:
  std::string path(const Net&, const PlanRequest&) const;
  void make_room() const;

  std::string folder_;  // empty: there is none
  int64_t most_bytes_;
};

}  // namespace shoal
