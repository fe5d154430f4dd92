// From a draft to a complete plan: sizes of rings by simulation of all nodes at
// once, then node by node what lies where (build_node.h). A node without links
// is a cluster of one whose rings have their sizes.
#pragma once

#include <cstdint>
#include <vector>

#include "host/plan/cost/feed.h"
#include "host/plan/draft/draft.h"

namespace shoal {

inline constexpr int kWindow = 8;  // segments in flight to a peer

struct BuildOptions {
  int pack_tries = 60;
  int64_t most = INT64_MAX;  // of a node: so many bytes or more are of no use
  // By node: what is left of it is spent on time; empty: all is as small as
  // can be.
  std::vector<int64_t> budgets = {};
  int slack = 0;          // rows more than needed for rings that streams touch
  int tighten_tries = 0;  // simulations a segment
};

// `supplies`: of each node.
Plan build_plan(const Net&, PlanDraft, const std::vector<Supply>& supplies,
                const BuildOptions&);

}  // namespace shoal
