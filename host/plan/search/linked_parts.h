// Parts of the search over several nodes: its cuts and their alternatives, and
// questions that it asks of built plans.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "host/plan/draft/cut_net.h"
#include "host/plan/draft/linked_draft.h"
#include "host/plan/draft/tile_net.h"
#include "host/plan/search/search.h"
#include "host/plan/search/segment_cost.h"
#include "host/plan/search/segment_search.h"
#include "host/plan/search/streaming.h"
#include "host/plan/types/layer_cuts.h"
#include "host/plan/types/misfit.h"
#include "host/plan/types/plan.h"

namespace shoal {

// Makes each node assign the part of a variable that it reads, not the part
// that it would own. This delays no layer, because everything can be exchanged
// at the end of a segment.
Cuts with_assignments_apart(const Net&, Cuts);

// A cut net, and where its weights lie. It refers to itself, so it must not
// move. `made`: not null if the net is the one of these tiles.
struct CutOver {
  CutOver(const Net& net, const Cluster& cluster, Cuts given,
          std::unique_ptr<const TileNet> made)
      : tiles(std::move(made)),
        cuts(with_assignments_apart(net, std::move(given))),
        cut(net, cluster, cuts),
        streaming(cut, cluster) {}
  CutOver(const CutOver&) = delete;
  CutOver& operator=(const CutOver&) = delete;

  // Turns a plan of the net of tiles into one of the net that was given.
  void restore(Plan& plan) const {
    if (tiles) tiles->restore(plan);
  }

  const std::unique_ptr<const TileNet> tiles;
  const Cuts cuts;
  const CutNet cut;
  const Streaming streaming;
};

// Returns every place for channel groups in a net that is cut over nodes, about
// `channels` in each group. The search for segments chooses between them and
// the plain layers.
std::vector<BlockChoice> group_blocks(const CutNet&, int channels);

// The same cuts with channel groups, with halos that are sent within segments,
// or with both, in every possible place.
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

// The segments of a partition, with their channel groups and the layers that
// send halos.
struct Chosen {
  SegmentChoice segments;
  std::vector<BlockChoice> groups;
  std::vector<int> halos;
};

// Adds to a budget the bytes by which stages of the plan exceed the limits of
// their nodes.
void add_lacks(const Partition&, const Plan&,
               const std::vector<int64_t>& limits, NodeBudgets&);

// Returns the misfit of cuts that join layers where a segment must end.
Misfit must_end_behind(const CutNet&, int layer);

// Returns the bytes of everything that is alive during a stage.
int64_t held_bytes(const PlanNode&, int stage);

// Returns a misfit if a node's share of a layer would fire more often than a
// program can count. This is checked before rings are sized, which takes a step
// per firing.
std::optional<Misfit> too_many_firings(const CutNet&);

// Returns whether each incoming stream has as many ranges as can be of use.
bool has_all_gaps(const Plan&);

}  // namespace shoal
