// What cores take for shares of layers at each number of passes, without links,
// storage and waiting. The last answers are remembered: segments with the same
// end have most of their shares in common.
#pragma once

#include <cstdint>
#include <vector>

#include "host/plan/cost/time.h"
#include "host/plan/draft/cut_net.h"
#include "host/plan/search/streaming.h"

namespace shoal {

class ShareTimes {
 public:
  // All must outlive it.
  ShareTimes(const CutNet&, const Cluster&, const Streaming&,
             const FlashPercent&, const std::vector<int>& passes);

  // Of all that a node does in the stage, whose bands are those of passes[p].
  int64_t stage_ps(const PlanStage&, size_t p, int node);
  // Of an actor of its (no copy, in no loop).
  int64_t actor_ps(const PlanStage&, const PlanActor&, size_t p, int node);
  // Whatever the bands, it takes no less to make this of the layer.
  int64_t least_ps(int layer, const Box& made, int node);

 private:
  struct Times {
    Box out;
    int in_channels = -1;
    bool sums = false;
    std::vector<int64_t> ps;  // by index in passes
  };
  struct LoopTimes {
    std::vector<Box> out;     // by actor
    std::vector<int64_t> ps;  // by index in passes; -1: not known yet
  };

  size_t index(int of, int node) const {
    return size_t(of) * size_t(s_.nodes) + size_t(node);
  }
  int64_t counted_ps(const LayerTime&, int layer, int node) const;
  const Times& times(int layer, const LayerShare&, int node);
  int64_t loop_ps(const PlanStage&, const PlanLoop&, size_t p, int node);

  const CutNet& s_;
  const Cluster& cluster_;
  const Streaming& streaming_;
  const FlashPercent flash_;
  const std::vector<int>& passes_;
  std::vector<Times> shares_;     // by layer, then node
  std::vector<LoopTimes> loops_;  // by loop of the net, then node
  std::vector<Box> boxes_;        // of the loop that is asked for
};

}  // namespace shoal
