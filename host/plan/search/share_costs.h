// Finds what shares of layers take at each number of passes: time of the core,
// without links, storage and waiting, and bytes of private sums. The last
// answers are remembered: segments with the same end have most of their shares
// in common.
#pragma once

#include <cstdint>
#include <vector>

#include "host/plan/cost/time.h"
#include "host/plan/draft/cut_net.h"
#include "host/plan/search/streaming.h"

namespace shoal {

struct ShareCost {
  LayerWork work;
  int64_t ps = 0;
  int64_t sums_bytes = 0;  // aligned
};

class ShareCosts {
 public:
  // All must outlive it.
  ShareCosts(const CutNet&, const Cluster&, const Streaming&,
             const FlashPercent&, const std::vector<int>& passes);

  // Returns what all that a node does in a stage takes, by index in passes. The
  // stage's bands are not looked at; those of its loops are changed.
  struct StageCost {
    std::vector<int64_t> ps, sums_bytes;
  };
  StageCost stage(PlanStage&, int node);
  // Returns what an actor of a stage takes that is no copy and in no loop, by
  // index in passes. It holds until the next call.
  const std::vector<ShareCost>& actor(const PlanStage&, const PlanActor&,
                                      int node);
  // Whatever the bands, it takes no less to make this of the layer.
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
  std::vector<Share> shares_;  // by layer, then node
  std::vector<Loop> loops_;    // by loop of the net, then node
  std::vector<Box> boxes_;     // of the loop that is asked for
};

}  // namespace shoal
