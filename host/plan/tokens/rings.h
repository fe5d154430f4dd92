// How many rows each tensor must hold. This is found by running the whole net
// as one stage on demand: the deepest process that can still move pulls what it
// needs, row by row, and nothing is made before it is wanted. The rows held at
// the peak suffice for each stage that a tensor lives inside, because the same
// order, restricted to the layers of that stage, is an order of that stage.
// Where a tensor has several readers, another order may need fewer rows:
// tighten() takes away row by row until the stage would stop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "host/plan/tokens/keyed_memo.h"
#include "host/plan/tokens/overlay.h"
#include "host/plan/tokens/ring_groups.h"
#include "host/plan/tokens/tokens.h"
#include "host/plan/types/segment.h"

namespace shoal {

// Returns the slots by tensor; 0 for a tensor that is not used. With `tight`,
// none can go.
std::vector<int> ring_slots(const Net&, const std::vector<TensorUses>&,
                            const Work&, bool tight = false);

// The slots of segments, found group by group, each group once, because a
// search asks for almost the same again and again. The net and its uses must
// outlive the object.
class SegmentSlots {
 public:
  SegmentSlots(const Net&, const std::vector<TensorUses>&);
  using TensorSlots = std::vector<std::pair<int, int>>;  // tensors and slots
  // Returns the slots of all tensors that live inside the segment.
  TensorSlots find(Segment, const Work&);
  // Returns those that depend on the layer's work: the slots of its groups.
  TensorSlots find(Segment, const Work&, int layer);
  // Returns the layers of the groups that have this layer.
  std::vector<int> neighbours(Segment, int layer);
  // Returns the number of simulations so far.
  size_t simulated() const { return known_.size(); }

 private:
  const Net& net_;
  const std::vector<TensorUses>& uses_;
  struct Parts {
    std::vector<RingGroup> groups;
    std::vector<std::vector<int>> of;  // by layer from the segment's first on
  };
  const Parts& parts(Segment);
  void add(Segment, const RingGroup&, const Work&, TensorSlots&);

  std::map<std::pair<int, int>, Parts> parts_;  // by segment
  // By the group's layers and their work.
  std::unordered_map<std::vector<int>, TensorSlots, KeyHash> known_;
};

// Returns the rows held at the peak, by buffer of a stage, which must hold all
// its buffers whole. `last`: an actor whose rows are read outside the stage;
// -1: there is none.
std::vector<int> peak_slots(const Net&, const PlanStage&,
                            const std::vector<StreamTie>&, int last = -1);
// Takes slots away from buffers of a stage that completes, from a group of them
// at a time, those with the longest rows first, until none can go. `group`: by
// buffer; -1: the buffer stays.
void tighten(const Net&, PlanStage&, const std::vector<StreamTie>&,
             const std::vector<int>& group);

// Remembers the rings of segments of one net: plans that a search builds one
// after the other have most segments in common. The key of a segment is all
// that a run of it depends on, so it does not matter which plan it is in.
class RingMemo {
 public:
  // Returns the slots that peak_slots() and, if `tight`, tighten() of the
  // buffers in a group find, by buffer. `group` must not change.
  std::vector<int> slots(const Net&, const PlanStage&,
                         const std::vector<StreamTie>&,
                         const std::vector<int>& group, bool tight);
  // Does the same as find_leads().
  void find_leads(const Net&, const PlanStage&, const std::vector<StreamTie>&,
                  std::vector<OverlaidBuffers>&);

  // Returns the number of simulations, for tests.
  size_t simulated() const { return slots_.added() + leads_.added(); }

 private:
  KeyedMemo<std::vector<int>> slots_;
  KeyedMemo<std::vector<int64_t>> leads_;
};

}  // namespace shoal
