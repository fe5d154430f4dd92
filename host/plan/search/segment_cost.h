// Estimates the cost of a segment for every node, from the stages and streams
// that a plan would have: bytes of rings and of tensors that are held while it
// runs, and its time. Rings are as large as in a plan of a single node, so a
// built plan may differ by a few rows. The time excludes queues, which a
// rehearsal simulates (host/plan/cost/rehearsal.h), and what a segment waits
// before it begins.
#pragma once

#include <cstdint>
#include <vector>

#include "host/plan/cost/time.h"
#include "host/plan/draft/cut_net.h"
#include "host/plan/search/segment_bounds.h"
#include "host/plan/search/segment_memo.h"
#include "host/plan/search/share_costs.h"
#include "host/plan/search/stages.h"
#include "host/plan/search/streaming.h"

namespace shoal {

class CostModel {
 public:
  // The memo must outlive this object. It may be shared by cuts that read no
  // weights from storage and join no layers; others need a memo of their own.
  CostModel(const CutNet&, const Cluster&, const Streaming&,
            uint32_t max_payload, const FlashPercent&, SegmentTime,
            SegmentMemo&);

  // Numbers of passes, ascending; the last is kOneRow.
  const std::vector<int>& passes() const { return passes_; }
  // Returns the cost of a segment that computes the boxes in `made`, which has
  // what nodes own of all other layers. The result is valid while the memo has
  // it.
  const SegmentCost& cost(Segment, const MadeBoxes& made) const;
  // Returns lower bounds of the costs. They must not outlive this object.
  SegmentBounds bounds() const {
    return {s_, cluster_, busy_, max_payload_, time_, shares_, memo_};
  }
  // Returns a lower bound on the bytes of a plan's fixed parts.
  int64_t fixed_bytes() const;
  // Returns the number of nodes that have a share of a layer.
  int busy_nodes() const { return static_cast<int>(busy_.size()); }
  const std::vector<int>& busy() const { return busy_; }

 private:
  struct Draft;
  SegmentCost worked_out(Segment, const MadeBoxes& made) const;
  Draft draft(Segment, const MadeBoxes&) const;
  // Returns the bytes of a node's rings, by index in passes().
  std::vector<int64_t> ring_bytes(const Draft&, int node) const;
  // Returns the rows of the ring for a box of `rows` rows of a tensor, by index
  // in passes().
  const std::vector<int>& slots(int tensor, int rows, int node) const;
  Streaming::Load storage_load(const PlanStage&, size_t passes, int node) const;
  // Returns the time of a node whose core takes `core_ps` for its layers.
  int64_t time_ps(const Draft&, int64_t core_ps, const Streaming::Load&,
                  size_t passes, int node) const;
  bool is_even(Segment, const MadeBoxes&) const;
  int cuts_number(Segment) const;

  const CutNet& s_;
  const Cluster& cluster_;
  const Streaming& streaming_;
  const uint32_t max_payload_;
  const FlashPercent flash_;
  const SegmentTime time_;
  SegmentMemo& memo_;
  std::vector<int> busy_;         // nodes with a share
  std::vector<int> cut_numbers_;  // by layer: the memo's number of its cut
  // Indexed by first layer and length - 1: a number for the cuts of these
  // layers.
  mutable std::vector<std::vector<int>> cuts_from_;
  std::vector<int> passes_;
  mutable ShareCosts shares_;  // remembers
  // The last answer of slots(), by tensor, then node.
  struct Slots {
    int rows = 0;
    std::vector<int> slots;
  };
  mutable std::vector<Slots> slots_;
};

}  // namespace shoal
