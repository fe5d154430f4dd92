// What a segment would cost every node: bytes of rings and of what is held
// while it runs, and the time it takes, from the stages and streams that a plan
// would have of it. Sizes of rings are those that the layers would have in a
// plan of a single node, so a built plan may differ by a few rows; the time is
// without queues, which a rehearsal knows (host/plan/cost/rehearsal.h), and
// without what a segment waits before it begins.
#pragma once

#include <cstdint>
#include <vector>

#include "host/plan/cost/time.h"
#include "host/plan/draft/cut_net.h"
#include "host/plan/search/segment_memo.h"
#include "host/plan/search/share_costs.h"
#include "host/plan/search/stages.h"
#include "host/plan/search/streaming.h"

namespace shoal {

class CostModel {
 public:
  // The memo must outlive it, and be of other cuts that read no weights from
  // storage and join no layers, or of none.
  CostModel(const CutNet&, const Cluster&, const Streaming&,
            uint32_t max_payload, const FlashPercent&, SegmentTime,
            SegmentMemo&);

  // Fewest first; the last is kOneRow.
  const std::vector<int>& passes() const { return passes_; }
  // `made`: what it computes, and of all other layers what nodes own.
  // For as long as the memo has it.
  const SegmentCost& cost(Segment, const MadeBoxes& made) const;
  // Adds, by node, what each takes at least to make this of a layer.
  void add_least(int layer, const std::vector<Box>& made,
                 std::vector<int64_t>& node_ps) const;
  // Of a segment in which nodes take so much at least.
  int64_t least_ps(const std::vector<int64_t>& node_ps) const;
  // Sums by node of the least bytes that hold what layers of a segment make,
  // and the bytes of the largest tensor that is held whole for what follows.
  struct Made {
    std::vector<int64_t> all, largest_whole;
  };
  // `end`: of the segment.
  void add_least_bytes(int layer, int end, const std::vector<Box>& made,
                       Made&) const;
  // Of a segment from `begin` on that makes so much, the node that holds most:
  // no bands and no room need less. `overlays`: what the segment makes may lie
  // over what it uses up.
  int64_t least_bytes(int begin, const Made&, bool overlays) const;
  // What a plan's fixed parts take at least.
  int64_t fixed_bytes() const;
  // Nodes that have a share of a layer. Others change nothing.
  int busy_nodes() const { return static_cast<int>(busy_.size()); }
  const std::vector<int>& busy() const { return busy_; }

 private:
  struct Draft;
  SegmentCost worked_out(Segment, const MadeBoxes& made) const;
  Draft draft(Segment, const MadeBoxes&) const;
  // Bytes of a node's rings, by index in passes().
  std::vector<int64_t> ring_bytes(const Draft&, int node) const;
  // Rows of a ring of so many rows of a tensor, by index in passes().
  const std::vector<int>& slots(int tensor, int rows, int node) const;
  Streaming::Load storage_load(const PlanStage&, size_t passes, int node) const;
  // `core_ps`: what its core takes for its layers.
  int64_t time_ps(const Draft&, int64_t core_ps, const Streaming::Load&,
                  size_t passes, int node) const;
  bool is_even(Segment, const MadeBoxes&) const;
  int cuts_number(Segment) const;
  void find_held();
  std::vector<int> last_readers(int tensor, int writer) const;

  const CutNet& s_;
  const Cluster& cluster_;
  const Streaming& streaming_;
  const uint32_t max_payload_;
  const FlashPercent flash_;
  const SegmentTime time_;
  SegmentMemo& memo_;
  std::vector<int> busy_;         // nodes with a share
  std::vector<int> cut_numbers_;  // by layer, as the memo knows its cut
  // By first layer, then length - 1: a number for how these layers are cut.
  mutable std::vector<std::vector<int>> cuts_from_;
  std::vector<int> passes_;
  // held_ has, by layer, then node, the bytes that lie whole there when a
  // segment begins with the layer; last_readers_ the last layer for which what
  // the node owns of the layer's output lies there.
  std::vector<int64_t> held_;
  std::vector<int> last_readers_;
  mutable ShareCosts shares_;  // remembers
  // slots_ keeps the last answer of slots() by tensor, then node.
  struct Slots {
    int rows = 0;
    std::vector<int> slots;
  };
  mutable std::vector<Slots> slots_;
};

}  // namespace shoal
