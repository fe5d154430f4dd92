// Computes what shares of layers take at each number of passes: core time
// without links, storage and waiting, and bytes of private sums. The last
// answers are remembered, because segments with the same end have most of their
// shares in common.
#pragma once

#include <cstdint>
#include <vector>

#include "host/plan/cost/time.h"
#include "host/plan/draft/cut_net.h"
#include "host/plan/search/segment_memo.h"
#include "host/plan/search/streaming.h"

namespace shoal {

struct ShareCost {
  LayerWork work;
  int64_t ps = 0;
  int64_t sums_bytes = 0;  // aligned
};

class ShareCosts {
 public:
  // All references must outlive this object.
  ShareCosts(const CutNet&, const Cluster&, const Streaming&,
             const FlashPercent&, const std::vector<int>& passes, SegmentMemo&);

  // Returns the cost of a node's part of a stage, by index in passes. Ignores
  // the bands of the stage, and changes those of its loops.
  struct StageCost {
    std::vector<int64_t> ps, sums_bytes;
  };
  StageCost stage(PlanStage&, int node);
  // Returns the cost of an actor that is no copy and in no loop, by index in
  // passes. The result is valid until the next call.
  const std::vector<ShareCost>& actor(const PlanStage&, const PlanActor&,
                                      int node);
  // Returns a lower bound of the time to make this box of the layer, whatever
  // the bands are.
  int64_t least_ps(int layer, const Box& made, int node);

 private:
  struct Share {
    Box out;
    int in_channels = -1;
    bool sums = false;
    std::vector<ShareCost> costs;
  };
  struct Loop {
    std::vector<Box> out;  // by actor
    StageCost cost;
  };

  size_t index(int of, int node) const {
    return size_t(of) * size_t(s_.nodes) + size_t(node);
  }
  int64_t counted_ps(const LayerTime&, int layer, int node) const;
  const std::vector<ShareCost>& costs(int layer, const LayerShare&, int node);
  const StageCost& loop(PlanStage&, PlanLoop&, int node);

  const CutNet& s_;
  const Cluster& cluster_;
  const Streaming& streaming_;
  const FlashPercent flash_;
  const std::vector<int>& passes_;
  SegmentMemo& memo_;
  std::vector<Share> shares_;  // by layer, then node
  std::vector<Loop> loops_;    // by loop of the net, then node
  std::vector<Box> boxes_;     // boxes of the current loop
};

}  // namespace shoal
