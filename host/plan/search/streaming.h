// Nodes of a cluster whose share of the weights exceeds what they may execute
// in place: which weights are read from storage, how, and what that takes.
//
// What a stage reads of a set once (a fully connected layer, a convolution in
// one band) passes through the stage's slots in a recorded order, beside the
// core's work. Every other set is read into the arena when the stage is
// entered and stays for all its bands: weights stay, activations pass.
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

class Streaming {
 public:
  // The boards must have the storages that the cluster names.
  Streaming(const CutNet&, const Cluster&);

  // Why it cannot be: a node has no storage for its weights, or its cuts have
  // weights that cannot be read from one. None: it can.
  const std::optional<Misfit>& misfit() const { return misfit_; }

  // Whether any weights of the node come from storage.
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
  // Of the nodes; no storage if one reads nothing.
  const std::vector<Supply>& supplies() const { return supplies_; }

  // What a segment's sets take: to choose segments, before they are built.
  struct Load {
    int64_t sram_bytes = 0;  // in the arena while the segment runs
    int64_t slot_bytes = 0;  // of each of kTapeSlots
    int64_t entry_ps = 0;    // reading into SRAM, before all else
    int64_t tape_ps = 0;     // beside the core's work
    int64_t check_ps = 0;    // the core's, of what was read
    int64_t wait_ps = 0;     // the core's, for the tape
  };
  // Adds what `made` of the layer takes in firings like these, for which the
  // core takes `core_ps`.
  void add(int node, int layer, const Box& made, LayerWork, int64_t core_ps,
           Load&) const;

  // Places for the weights of all stages: all sets that stream.
  void place(PlanDraft&) const;

 private:
  const CutNet& s_;
  std::optional<Misfit> misfit_;
  std::vector<std::vector<bool>> streams_;  // by node, then layer
  std::vector<Supply> supplies_;
  std::vector<int64_t> slot_limits_;  // by node, for estimates
};

}  // namespace shoal
