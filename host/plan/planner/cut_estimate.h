// Estimates the time of cuts layer by layer, to find the mixed cuts that are
// worth a search for their segments (mixed_cuts.h). A node's core makes its
// share. What the share reads and the node does not own is sent or computed
// twice, whichever takes less time. Only wire and core overlap.
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
  std::vector<int> nodes;        // those that have a share
  std::vector<Box> own;          // by node
  std::vector<Box> needs[2];     // by operand, then node: the box that it reads
  std::vector<int64_t> core_ps;  // by node
  int64_t most_ps = 0;           // the largest of core_ps
};

// Assumptions about what is unknown before segments are built. Searches try
// several.
struct CutCosts {
  int passes = 1;         // firings a layer
  int waits = 1;          // latencies of a link per exchange
  int wire_percent = 25;  // of the shorter of wire and core time that counts
  FlashPercent flash = {};
  int64_t byte_ps = 0;  // price of a byte, in addition to its time
  // False: weights from storage count as if they were in mapped flash.
  bool storage = true;
};

class CutEstimate {
 public:
  // `order`: nodes that may have a share, the fastest first.
  CutEstimate(const Net&, const PlanRequest&, const std::vector<int>& order,
              const CutCosts&);

  // Allows layers to be shared by any number of nodes. At first only some
  // numbers are allowed.
  void add_other_counts();

  int layers() const { return static_cast<int>(options_.size()); }
  const std::vector<CutOption>& options(int layer) const {
    return options_[static_cast<size_t>(layer)];
  }
  // Returns the number of the option that cuts the layer so; adds it if it is
  // new.
  int find(int layer, const LayerCut&);
  // Returns the time of the layer with this option, and that of the picture's
  // way to it.
  int64_t own_ps(int layer, int option) const;
  // Returns the time of the ways from layers that are cut as `path` says; not
  // negative.
  int64_t edges_ps(int layer, int option, const std::vector<int>& path);
  // Returns both.
  int64_t layer_ps(int layer, int option, const std::vector<int>& path) {
    return own_ps(layer, option) + edges_ps(layer, option, path);
  }
  bool has_stored() const;  // whether any node reads weights from storage
  // Returns the time of all layers.
  int64_t path_ps(const std::vector<int>& path);

 private:
  // Adds cuts over these numbers of nodes; keeps at most `most` of a layer.
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
  // False for the smallest arena, since bands with fewer nodes hold wider rows,
  // and for equal nodes where all of the wire's time counts, so that some plans
  // begin without.
  const bool bands_;
  const int nodes_;               // of the cluster
  const std::vector<int> order_;  // those that may have a share
  std::vector<int> crew_;         // the same nodes, in the cluster's order
  const CutCosts costs_;
  const int64_t latency_ps_;
  // By node: the fraction of its weights that comes from storage.
  struct Stored {
    Supply supply;
    double part = 0;
  };
  std::vector<Stored> stored_;
  std::vector<TensorUses> uses_;
  std::vector<std::vector<CutOption>> options_;  // by layer
  // By operand and layer: for each writer of the operand, the time by both
  // options; -1: not computed yet.
  struct Edges {
    int writer = -1;
    std::vector<int64_t> ps;
  };
  std::vector<std::vector<Edges>> edges_[2];
  int64_t edge_ps(Edges&, int from, int layer, int operand, int to) const;
};

}  // namespace shoal
