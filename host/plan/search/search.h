// A search for the plan of a request, and what all searches have in common: the
// objective, the budgets, what is said if nothing fits. How candidates are
// found differs with what a stage is made from: a node's layers
// (node_search.cc), or shares of layers and what goes over links
// (linked_search.cc).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/plan/cost/feed.h"
#include "host/plan/cost/time.h"
#include "host/plan/search/group_blocks.h"
#include "host/plan/search/segment_memo.h"
#include "host/plan/types/layer_cuts.h"
#include "host/plan/types/misfit.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/request.h"

namespace shoal {

class Search {
 public:
  virtual ~Search() = default;
  // The least time within the budgets; none: it found nothing that fits.
  virtual std::optional<Plan> fastest() = 0;
  // What another plan takes: of what cannot be faster less is tried.
  virtual void compare_with(double /*seconds*/) {}
  // The smallest largest arena; a misfit: the net cannot be cut at all.
  virtual OrMisfit<Plan> smallest() = 0;
  // The smallest is beyond a budget: a plan that fits after all, or none.
  // `else_fits`: with what else the request would be met, if that is known.
  virtual std::optional<Plan> otherwise(std::string& else_fits) = 0;
  // What the largest arena of smallest() takes, about, of several nodes without
  // its fixed parts; more than `most`: at least so much; 0: not known. Much
  // quicker.
  virtual int64_t least_arena(int64_t /*most*/) { return 0; }
  // Of each node.
  virtual const std::vector<Supply>& supplies() const = 0;

  // Estimates, for which no plan is built; none: it has none.
  struct Estimate {
    int64_t bytes = 0;  // of the smallest largest arena
    // Within the budgets; 0: nothing fits, or it is not asked for.
    int64_t time_ps = 0;
  };
  virtual std::optional<Estimate> estimate() const { return std::nullopt; }
};

// A node alone, with links to its coordinator or without: cuts, bands and
// overlays, tiles, weights from flash or storage, and, as the last resort of
// one without links, activations through storage.
using SearchOrMisfit = OrMisfit<std::unique_ptr<Search>>;
SearchOrMisfit node_search(const Net&, const PlanRequest&);
// Nodes with links, given the cut of every layer: which layers form a segment
// (executed as one pipeline by all nodes that have a share of it), what is
// computed twice and what is exchanged.
struct SearchOptions {
  // How many latencies of a link the begin of a segment is taken to cost; with
  // more there are fewer segments.
  int waits = 1;
  FlashPercent flash = {};
  SegmentTime time = SegmentTime::kFrame;
  int64_t byte_ps = 0;  // what a byte counts, beside the time that it takes
  // Segments may have channel groups in one of these ways.
  std::vector<GroupWay> groups = {};
  // Rings have room for what links have under way, where that fits.
  bool in_flight_room = true;
  // Each node's rings have as much room as it has left, up to whole tensors.
  bool roomy = false;
  // Where not all rings have room for what links have under way: each stage's
  // as much as it has room for, and smaller budgets for bands.
  bool rungs = false;
  // What a segment makes may lie over what it uses up.
  bool overlays = false;
  // Segments may send halos (LayerCut::sends_halo).
  bool halos = false;
  bool operator==(const SearchOptions&) const = default;

  // Overlays, and groups of any size.
  void save_memory() {
    overlays = true;
    groups = {{64}, {32}, {16}, {8}};
  }
};
// `memo`: of searches of the same net over the same nodes.
SearchOrMisfit linked_search(const Net&, const PlanRequest&, Cuts,
                             const SearchOptions& = {},
                             SegmentMemo* memo = nullptr);

// The plan of a request. Net and request must outlive the search.
OrMisfit<Plan> search_plan(const Net&, const PlanRequest&, SearchOrMisfit);
// The plan of the smallest arena, as it was built: to be compared by it before
// what else is to be known is worked out by finish_plan().
OrMisfit<Plan> smallest_plan(const Net&, const PlanRequest&, Search&);

int64_t largest_arena(const Plan&);
bool fits(const Cluster&, const Plan&);
// So far beyond all budgets that no plan fits which is estimated larger.
int64_t far_beyond(const Cluster&);
// Whether the largest arena of smallest() takes more by estimate, even without
// its fixed parts; false: it is not known.
bool takes_more(Search&, int64_t bytes);
// Whether an arena takes more than four fifths of its node's budget, so that
// more room, or a plan that needs less, might be of use.
bool is_tight(const Cluster&, const Plan&);
// Whether a node's arena takes more than that share of its budget without
// weights that stay, which take whatever is left; other banks count as well.
bool takes_besides_weights(const ClusterNode&, const PlanNode&, double share);
// The same of any node: whether rows could do with more room.
bool lacks_room(const Cluster&, const Plan&);
// Names and boards of nodes, slices of linked ones, all modelled numbers.
void finish_plan(const Net&, const PlanRequest&, const std::vector<Supply>&,
                 Plan&);

}  // namespace shoal
