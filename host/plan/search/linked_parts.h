// What the search over several nodes is made of: its cuts and their
// alternatives, and what it asks of built plans.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "host/plan/draft/cut_net.h"
#include "host/plan/draft/linked_draft.h"
#include "host/plan/search/search.h"
#include "host/plan/search/segment_cost.h"
#include "host/plan/search/segment_search.h"
#include "host/plan/search/streaming.h"
#include "host/plan/types/layer_cuts.h"
#include "host/plan/types/misfit.h"
#include "host/plan/types/plan.h"

namespace shoal {

// Nodes assign what they read of variables, not what they would own. That
// costs no layer before any row, because across the end of a segment all is
// exchanged.
Cuts with_assignments_apart(const Net&, Cuts);

// The net as its layers are cut, and where its weights lie. It refers to
// itself, so that it stays where it is.
struct CutOver {
  CutOver(const Net& net, const Cluster& cluster, Cuts given)
      : cuts(with_assignments_apart(net, std::move(given))),
        cut(net, cluster, cuts),
        streaming(cut, cluster) {}
  CutOver(const CutOver&) = delete;
  CutOver& operator=(const CutOver&) = delete;

  const Cuts cuts;
  const CutNet cut;
  const Streaming streaming;
};

// The cuts with channel groups, halos that are sent within segments, or both,
// in all places where they may be.
struct Alternative {
  const Cuts cuts;
  const CutNet cut;
  const CostModel model;
  Alternative(const Net& net, const Cluster& cluster, Cuts others,
              const Streaming& streaming, uint32_t max_payload,
              const SearchOptions& options, SegmentMemo& memo)
      : cuts(std::move(others)),
        cut(net, cluster, cuts),
        model(cut, cluster, streaming, max_payload, options.flash, options.time,
              memo) {}
};

// What a partition chooses, with the channel groups of its segments, and the
// layers that send halos.
struct Chosen {
  SegmentChoice segments;
  std::vector<BlockChoice> groups;
  std::vector<int> halos;
};

// Adds what stages of the plan reach beyond their nodes' limits.
void add_lacks(const Partition&, const Plan&,
               const std::vector<int64_t>& limits, NodeBudgets&);

// Why there are no segments: what a file of cuts keeps together is in the way.
Misfit must_end_behind(const CutNet&, int layer);

// Of all that is alive during a stage.
int64_t held_bytes(const PlanNode&, int stage);

// Returns why no plan has these cuts: a node's share of a layer would fire more
// often than a program counts; none: there may be one. It is known before any
// ring is sized, which takes a step a firing.
std::optional<Misfit> too_many_firings(const CutNet&);

// Whether each in-stream of a node has as many ranges as are of use.
bool has_all_gaps(const Plan&);

}  // namespace shoal
