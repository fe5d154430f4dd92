// From the stages of a node to their places in its arena: weights cut into
// chunks, lifetimes, addresses, the exact size.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "device/program/link_layout.h"
#include "host/plan/cost/feed.h"
#include "host/plan/draft/draft.h"

namespace shoal {

// The coordinator has twice as many segments on their way as kWindow, and
// every second of them may be missing.
inline constexpr int kGaps = 8;

struct NodeBuild {
  int pack_tries = 60;
  int64_t most = INT64_MAX;  // so many bytes or more are of no use
  LinkCounts link = {};      // without peers it is not linked
  // What is left of so much is spent on what saves time: larger slots, sets
  // that stay, ranges of bytes behind gaps, so that what is lost or overtaken
  // holds up nobody but who waits for just that.
  std::optional<int64_t> budget = {};
};

// `node` has its stages, without addresses, beside `stages`.
void build_node(const Net&, const Supply&,
                const std::vector<StageDraft>& stages, const NodeBuild&,
                PlanNode& node);

}  // namespace shoal
