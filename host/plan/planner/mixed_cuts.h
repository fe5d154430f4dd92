// Chooses the cut of each layer by the least estimated time, over the layers
// from left to right. A state is the cut of the last layer with the best cuts
// of all layers before it, so the cut of each tensor that a layer reads is
// known.
#pragma once

#include <cstdint>
#include <vector>

#include "host/plan/planner/cut_estimate.h"
#include "host/plan/types/segment.h"

namespace shoal {

// Layers of a built plan that are one segment, or made in tiles by several, and
// the work of their slowest node.
struct Stretch {
  Segment layers;
  double seconds = 0;
};

struct MixedPath {
  std::vector<int> options;  // by layer
  int64_t time_ps = 0;
};

// Where the time of a layer's cut comes from.
enum class TimesOf : uint8_t {
  kEstimates,
  kPlans,  // estimates, each times what was learnt of it
};

class MixedCuts {
 public:
  explicit MixedCuts(CutEstimate estimate);

  const CutEstimate& estimate() const { return estimate_; }
  const MixedPath& best() const { return best_; }
  // Returns the best alternatives to a path, fastest first: for each run of
  // layers, the best path without its cuts there.
  std::vector<MixedPath> beside(const MixedPath&,
                                const std::vector<Segment>& runs,
                                TimesOf = TimesOf::kEstimates);
  // Learns what layers took in a built plan with these cuts. A plan of another
  // net is ignored.
  void learn(const Cuts&, const std::vector<Stretch>&);
  // Returns the best path, and behind it those of beside(), by estimates that
  // are multiplied by what was learnt: by the least factor between the time of
  // a stretch and its estimate among plans with this cut of the layer, or of
  // all plans if none has it.
  std::vector<MixedPath> as_learnt(const MixedPath&,
                                   const std::vector<Segment>& runs);
  // Allows layers to be shared by any number of nodes from now on.
  void add_other_counts() { estimate_.add_other_counts(); }
  // Returns paths in which a run of layers with the same cells takes over some
  // or all layers of a neighbouring run, or has other cells; fastest first.
  std::vector<MixedPath> moved_borders(const MixedPath&);
  Cuts cuts_of(const MixedPath&) const;
  // Returns the path of these cuts.
  MixedPath path_of(const Cuts&);

 private:
  using States = std::vector<MixedPath>;
  // Returns the best path of all.
  MixedPath find(TimesOf);
  // Returns the states after a layer; `without`: cells that are not allowed.
  States step(int layer, const States& before, const LayerCut* without,
              TimesOf);
  double factor(int layer, int option, TimesOf) const;
  // Returns the option of `layer` with the same cells as `option` of layer
  // `other`; -1: none.
  int like(int layer, int other, int option) const;

  CutEstimate estimate_;
  // The least factor of a layer, and that of each option; 0: none is known.
  struct Factors {
    double least = 0;
    std::vector<double> options;
  };
  std::vector<Factors> factors_;  // by layer
  MixedPath best_;
};

}  // namespace shoal
