// What a segment would cost every node: bytes of rings and of what is held
// while it runs, and the time it takes, from the stages and streams that a plan
// would have of it. Sizes of rings are those that the layers would have in a
// plan of a single node, so a built plan may differ by a few rows; the time is
// without queues, which a rehearsal knows (host/plan/cost/rehearsal.h).
#pragma once

#include <cstdint>
#include <vector>

#include "host/plan/draft/cut_net.h"
#include "host/plan/search/stages.h"
#include "host/plan/search/streaming.h"

namespace shoal {

struct SegmentCost {
  bool possible = false;
  struct AtPasses {
    std::vector<int64_t> bytes;  // by node, without the fixed parts
    int64_t time_ps = 0;         // of the node that takes longest
  };
  std::vector<AtPasses> at;  // by index in passes()
};

class CostModel {
 public:
  // `waits`: so many times the links' latency a segment takes to begin.
  CostModel(const CutNet&, const Cluster&, const Streaming&,
            uint32_t max_payload, int waits);

  // Fewest first; the last is kOneRow.
  const std::vector<int>& passes() const { return passes_; }
  // `made`: what it computes, and of all other layers what nodes own.
  SegmentCost cost(Segment, const MadeBoxes& made) const;
  // What a plan's fixed parts take at least.
  int64_t fixed_bytes() const;

 private:
  struct Draft;
  Draft draft(Segment, const MadeBoxes&) const;
  int64_t ring_bytes(const Draft&, size_t passes, int node) const;
  Streaming::Load storage_load(const PlanStage&, int node) const;
  int64_t time_ps(const Draft&, const Streaming::Load&, size_t passes,
                  int node) const;
  bool is_even(Segment, const MadeBoxes&) const;
  int slots(int tensor, const Box& box, int passes) const;

  const CutNet& s_;
  const Cluster& cluster_;
  const Streaming& streaming_;
  const uint32_t max_payload_;
  const int waits_;
  std::vector<int> passes_;
  // By passes of a whole net, fewest first, the slots of each tensor.
  std::vector<int> table_passes_;
  std::vector<std::vector<int>> table_slots_;
};

}  // namespace shoal
