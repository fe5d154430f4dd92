// Which cut each layer gets: the least estimated time over the layers from left
// to right. A state is the cut of the layer that was added last, with all that
// came before it, so that what a layer reads from far back is known, too.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "host/plan/planner/cut_estimate.h"
#include "host/plan/types/segment.h"

namespace shoal {

struct MixedPath {
  std::vector<int> options;  // by layer
  int64_t time_ps = 0;
};

class MixedCuts {
 public:
  explicit MixedCuts(CutEstimate estimate);

  const CutEstimate& estimate() const { return estimate_; }
  const MixedPath& best() const { return best_; }
  // The next best ways beside a path: for each run of layers the best without
  // its cuts there; soonest first.
  std::vector<MixedPath> beside(const MixedPath&,
                                const std::vector<Segment>& runs);
  // From now on layers may be shared by any number of nodes.
  void add_other_counts() { estimate_.add_other_counts(); }
  // A path whose runs of layers with the same cells take over some layers of
  // their neighbours, or all, or have other cells; soonest first.
  std::vector<MixedPath> moved_borders(const MixedPath&);
  Cuts cuts_of(const MixedPath&) const;
  // Of other cuts.
  MixedPath path_of(const Cuts&);

 private:
  using States = std::vector<MixedPath>;
  // The states behind a layer; `without`: this cut is not taken.
  States step(int layer, const States& before, const LayerCut* without);
  // The option of the layer with the cells of the other one's; -1: none.
  int like(int layer, int other, int option) const;

  CutEstimate estimate_;
  MixedPath best_;
};

}  // namespace shoal
