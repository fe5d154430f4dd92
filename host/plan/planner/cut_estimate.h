// What the cut of a layer takes by estimate, layer by layer: to find the mixed
// cuts that are worth a search of their segments (mixed_cuts.h). A node's core
// makes its share; what the share reads and the node does not own is sent, or
// computed a second time, whichever is less. Nothing overlaps but wire and
// core.
#pragma once

#include <cstdint>
#include <vector>

#include "host/plan/cost/feed.h"
#include "host/plan/cost/time.h"
#include "host/plan/cuts/cut_layer.h"
#include "host/plan/types/request.h"
#include "host/plan/types/uses.h"

namespace shoal {

struct CutOption {
  LayerCut cut;
  std::vector<Box> own;          // by node
  std::vector<Box> needs[2];     // by operand, then node: what it reads
  std::vector<int64_t> core_ps;  // by node
  int64_t most_ps = 0;           // of them
};

// What nobody knows before segments are built: several are tried.
struct CutCosts {
  int passes = 1;         // firings a layer
  int waits = 1;          // latencies of a link that an exchange takes
  int wire_percent = 25;  // of wire and core, of what takes less
  FlashPercent flash = {};
  int64_t byte_ps = 0;  // what a byte counts, beside the time that it takes
  // Weights from storage are counted as such, not as if flash were mapped.
  bool storage = true;
};

class CutEstimate {
 public:
  // `order`: nodes that may take part, strongest first.
  CutEstimate(const Net&, const PlanRequest&, const std::vector<int>& order,
              const CutCosts&);

  // Layers may be shared by any number of nodes; at first by some numbers only.
  void add_other_counts();

  int layers() const { return static_cast<int>(options_.size()); }
  const std::vector<CutOption>& options(int layer) const {
    return options_[static_cast<size_t>(layer)];
  }
  // The number of the option that cuts the layer so; a new one if need be.
  int find(int layer, const LayerCut&);
  // Of the layer, cut so, behind layers that are cut as `path` says.
  int64_t layer_ps(int layer, int option, const std::vector<int>& path);
  bool has_stored() const;  // on any node
  // Of all layers.
  int64_t path_ps(const std::vector<int>& path);

 private:
  // Over so many nodes; of a layer at most so many are kept.
  void add_options(const std::vector<int>& counts, size_t most);
  void add_options(int layer, const std::vector<Crew>& crews,
                   const std::vector<Cells>& cells, size_t most);
  void find_stored();
  int64_t core_ps(const Layer&, const LayerShare&, int node) const;
  CutOption make_option(int layer, LayerCut) const;
  int64_t input_ps(int operand, const CutOption&) const;
  int64_t moved_ps(int writer, const CutOption& from, int layer, int operand,
                   const CutOption& to) const;
  int64_t again_ps(int writer, const CutOption& from, int layer, int operand,
                   const CutOption& to) const;

  const Net& net_;
  const Cluster& cluster_;
  const uint32_t payload_;
  const int nodes_;               // of the cluster
  const std::vector<int> order_;  // those that may take part
  std::vector<int> crew_;         // the same, as the cluster has them
  const CutCosts costs_;
  const int64_t latency_ps_;
  // By node: so much of its weights comes from storage.
  struct Stored {
    Supply supply;
    double part = 0;
  };
  std::vector<Stored> stored_;
  std::vector<TensorUses> uses_;
  std::vector<std::vector<CutOption>> options_;  // by layer
  // By layer, then operand: of each of its writers, by both options; -1: not
  // known yet.
  struct Edges {
    int writer = -1;
    std::vector<int64_t> ps;
  };
  std::vector<std::vector<Edges>> edges_[2];
  int64_t edge_ps(Edges&, int from, int layer, int operand, int to) const;
};

}  // namespace shoal
