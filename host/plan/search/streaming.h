// Nodes whose share of the weights exceeds what they may execute in place:
// decides which weights they read from storage, and how, and estimates the
// cost.
//
// Weights that a stage reads once (a fully connected layer, a convolution in
// one band) pass through the stage's slots in a recorded order, in parallel
// with the core. Other weights are read into the arena when the stage is
// entered and stay there for all its bands: weights stay, activations pass.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "host/plan/cost/feed.h"
#include "host/plan/cost/tape.h"
#include "host/plan/draft/cut_net.h"
#include "host/plan/draft/draft.h"
#include "host/plan/types/cluster.h"
#include "host/plan/types/misfit.h"

namespace shoal {

// Bytes of a program's head and its largest record.
inline constexpr int64_t kHeadAndRecord = 2048;

class Streaming {
 public:
  // The boards must have the storage that the cluster names.
  Streaming(const CutNet&, const Cluster&);

  // Returns a misfit if a node has no storage for its weights, or its cuts have
  // weights that cannot be read from storage.
  const std::optional<Misfit>& misfit() const { return misfit_; }

  // Returns whether any weights of the node come from storage.
  bool any(int node) const { return !streams_[size_t(node)].empty(); }
  bool any() const {
    for (const std::vector<bool>& node : streams_) {
      if (!node.empty()) return true;
    }
    return false;
  }
  bool streams(int node, int layer) const {
    return any(node) && streams_[size_t(node)][size_t(layer)];
  }
  // Returns the supplies by node; a node that reads nothing has no storage.
  const std::vector<Supply>& supplies() const { return supplies_; }

  // Estimated cost of a segment's weights from storage, before it is built.
  struct Load {
    int64_t sram_bytes = 0;  // of the arena while the segment runs
    int64_t slot_bytes = 0;  // each of kTapeSlots
    int64_t entry_ps = 0;    // reading into SRAM before anything else
    int64_t tape_ps = 0;     // in parallel with the core
    int64_t check_ps = 0;    // the core checks what was read
    int64_t wait_ps = 0;     // the core waits for the tape
  };
  // Adds the cost of `made` of the layer in firings of this work, for which the
  // core takes `core_ps`.
  void add(int node, int layer, const Box& made, LayerWork, int64_t core_ps,
           Load&) const;

  // Places all streamed weights of all stages.
  void place(PlanDraft&) const;

 private:
  const CutNet& s_;
  std::optional<Misfit> misfit_;
  std::vector<std::vector<bool>> streams_;  // by node, then layer
  std::vector<Supply> supplies_;
  std::vector<int64_t> slot_limits_;  // by node, for estimates
};

}  // namespace shoal
