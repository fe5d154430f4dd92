// From a choice of segments to a complete plan: ring sizes by simulation of all
// nodes at once, lifetimes, addresses, sizes to the byte.
#pragma once

#include <optional>

#include "device/program/link_layout.h"
#include "host/plan/cluster/segment_stage.h"
#include "host/plan/cluster/streaming.h"

namespace shoal {

inline constexpr int kWindow = 8;  // segments in flight to a peer

struct BuildOptions {
  int pack_tries = 60;
  int slack = 0;          // rows more than needed for rings that streams touch
  int tighten_tries = 0;  // simulations a segment
  // By node: slots for chunks grow into what is left of it; empty: they stay
  // as small as can be.
  std::vector<int64_t> budgets;
};

// None if a segment cannot be one.
std::optional<Plan> build_split_plan(const SplitNet&, const SplitChoice&,
                                     const Streaming&, const BuildOptions&);

}  // namespace shoal
