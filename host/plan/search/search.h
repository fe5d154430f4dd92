// The interface of searches for the plan of a request. All searches share the
// objective, the budgets and the misfit if nothing fits. They differ in how
// they find candidates: stages consist of a node's layers (node_search.cc), or
// of shares of layers and streams over links (linked_search.cc).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/plan/cost/feed.h"
#include "host/plan/cost/time.h"
#include "host/plan/search/segment_memo.h"
#include "host/plan/types/layer_cuts.h"
#include "host/plan/types/misfit.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/request.h"

namespace shoal {

class Search {
 public:
  virtual ~Search() = default;
  // Returns the fastest plan within the budgets; none if nothing that was found
  // fits.
  virtual std::optional<Plan> fastest() = 0;
  // Gives the latency of another plan: the search tries less for plans that
  // cannot be faster.
  virtual void compare_with(double /*seconds*/) {}
  // Returns the plan whose largest arena is smallest; a misfit if the net
  // cannot be cut at all.
  virtual OrMisfit<Plan> smallest() = 0;
  // Returns the last plan of smallest() with the rows for links that the
  // budgets leave; none if it has no links or did not fit, or if the smallest
  // arena is the objective.
  virtual std::optional<Plan> loosened_smallest() { return std::nullopt; }
  // Called if the smallest plan exceeds a budget: returns another plan that
  // fits, or none. Sets `else_fits` to a change with which the request would be
  // met, if one is known.
  virtual std::optional<Plan> otherwise(std::string& else_fits) = 0;
  // Estimates the largest arena of smallest(), much faster than that; for
  // several nodes without its fixed parts. A result above `most` is a lower
  // bound; 0: not known.
  virtual int64_t least_arena(int64_t /*most*/) { return 0; }

  // Estimates that need no built plan; none if the search has none.
  struct Estimate {
    // Latency within the budgets; 0: nothing fits, or it is not the objective.
    int64_t time_ps = 0;
    int64_t bytes = 0;  // largest arena of smallest(); 0: something fits
  };
  virtual std::optional<Estimate> estimate() const { return std::nullopt; }
};

// Searches plans of one node, with or without links to its coordinator: stages,
// bands and overlays, tiles, weights from flash or storage, and, as the last
// resort of a node without links, activations that are spilled to storage. Of
// several nodes of the request, `node` computes all layers.
using SearchOrMisfit = OrMisfit<std::unique_ptr<Search>>;
SearchOrMisfit node_search(const Net&, const PlanRequest&, int node = 0);
// Options of the search for nodes with links, which is given the cut of every
// layer. It decides which layers form a segment (run as one pipeline by all
// nodes that have a share), what is computed twice and what is exchanged.
struct SearchOptions {
  // The cost of beginning a segment, in latencies of a link; a higher cost
  // gives fewer segments.
  int waits = 1;
  FlashPercent flash = {};
  SegmentTime time = SegmentTime::kFrame;
  int64_t byte_ps = 0;  // cost of a received byte beyond its time
  // Segments may have channel groups of about any one of these sizes.
  std::vector<int> groups = {};
  // Rings have room for datagrams under way, where that fits.
  bool in_flight_room = true;
  // Rings of each node take all room that it has left, up to whole tensors.
  bool roomy = false;
  // If not all rings have room for datagrams under way, gives each stage as
  // many spare rows as fit, and tries smaller budgets for bands.
  bool rungs = false;
  // The output of a segment may lie over an input that it consumes.
  bool overlays = false;
  // Halos may be sent within segments (LayerCut::sends_halo).
  bool halos = false;
  bool operator==(const SearchOptions&) const = default;

  // Turns on overlays, and groups of any size.
  void save_memory();
};
// `memo` is shared by searches of the same net over the same nodes; may be
// null.
SearchOrMisfit linked_search(const Net&, const PlanRequest&, Cuts,
                             const SearchOptions& = {},
                             SegmentMemo* memo = nullptr);

// Returns the plan of a request. Net and request must outlive the search.
OrMisfit<Plan> search_plan(const Net&, const PlanRequest&, SearchOrMisfit);
// Returns the plan with the smallest arena as it was built, without the figures
// that finish_plan() adds.
OrMisfit<Plan> smallest_plan(const Net&, const PlanRequest&, Search&);

bool fits(const Cluster&, const Plan&);
int64_t largest_budget(const Cluster&);
// Returns an estimate above which no plan can fit any budget.
int64_t far_beyond(const Cluster&);
// Returns whether the largest arena of smallest() exceeds `bytes` by estimate,
// even without its fixed parts; false if that is not known.
bool takes_more(Search&, int64_t bytes);
// Returns whether an arena nearly fills its node's budget. Then a plan that
// needs less memory may be faster.
bool is_tight(const Cluster&, const Plan&);
// Returns the same of one node without kept weights, which take whatever is
// left. Other banks count as well.
bool is_tight_besides_weights(const ClusterNode&, const PlanNode&);
// Returns whether this holds for any node, so that spare rows may lack room.
bool lacks_room(const Cluster&, const Plan&);
// Fills in names and boards of nodes, slices of linked nodes, and all modelled
// figures. `memo`: of this net and these nodes; may be null.
void finish_plan(const Net&, const PlanRequest&, Plan&,
                 SegmentMemo* memo = nullptr);

// Returns a plan in which no node of the cluster has a share of any layer; such
// a node has a program, too.
Plan idle_plan(const Net&, const Cluster&);

}  // namespace shoal
