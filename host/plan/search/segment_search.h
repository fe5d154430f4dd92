// Finds the segments with the least time within the budget of every node, over
// all runs of layers that may be a segment. A segment is costed when it is
// first needed, and only if its arithmetic alone takes no longer than the best
// known way to its end.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "host/plan/search/segment_cost.h"
#include "host/plan/search/stage_ends.h"
#include "host/plan/types/beyond.h"

namespace shoal {

// Limits by node for bytes of rings and held boxes: `hard` with one row per
// firing, `soft` with more, which leaves room for packing.
struct NodeBudgets {
  std::vector<int64_t> hard, soft;
  // Bytes that packing a segment lacked, added whatever its bands are.
  struct Lack {
    Segment segment;
    int variant = 0;
    int64_t bytes = 0;
  };
  std::vector<Lack> lacks = {};
  void add_lack(const StageCut&, int64_t bytes);
  int64_t lack_of(Segment, int variant) const;
};

// Segments are added only if they have what makes these cuts differ from
// others.
struct MustHave {
  bool groups = false;  // channel groups
  bool halos = false;   // halos sent within the segment
};

struct SegmentOptions {
  int64_t waits_ps = 0;  // before a segment begins
  int64_t byte_ps = 0;   // cost of each byte that it receives
  // Its output may lie over an input that it consumes.
  bool overlays = false;
  // Hard limits also apply to one band of all rows, whose weights pass through
  // slots.
  bool whole = false;
  // Segments count as what was built of them where that is more than the
  // estimate.
  bool learns = false;
};

class SegmentSearch {
 public:
  SegmentSearch(const Net&, const SegmentOptions&);

  // Adds the segments of these cuts that have what they must. Cuts and model
  // must outlive this object.
  void add(const CutNet&, const CostModel&, MustHave);

  // Returns the fastest partition; none if nothing fits.
  std::optional<Partition> fastest(const NodeBudgets&) const;
  // Returns the smallest budget of all nodes within which there is a partition,
  // with each segment as small as it can be. Only segments on the best path by
  // known costs and lower bounds are costed. A result above `most` is a lower
  // bound.
  std::optional<int64_t> smallest(int64_t most = kBeyond) const;
  // Adds bytes to what segments of this form hold, whatever their bands.
  void add_bytes(const StageCut&, int64_t more);
  // Returns a layer behind which a segment must end but may not; -1: none.
  int clash() const { return clash_; }

 private:
  // The known facts about a segment under one of the added cuts.
  struct Known {
    int64_t least_ps = -1;              // -1: it is no segment
    int64_t least_bytes = 0;            // of the fullest node
    const SegmentCost* cost = nullptr;  // null until it is needed
  };
  struct Variant {
    const CutNet* cut = nullptr;
    const CostModel* model = nullptr;
    MustHave must;
    // Indexed by first layer and length - 1; rows end where longer segments are
    // impossible.
    std::vector<std::vector<Known>> known;
    // Boxes that nodes own, except for layers [from, end), which hold the boxes
    // of segments that end at `end`.
    MadeBoxes made;
    int from = 0, end = 0;

    Known* find(Segment);
    const SegmentCost& cost(Segment, Known&);
    // Computes the boxes of segments that end at `end`, down to layer `begin`;
    // false if they must begin later.
    bool make(int begin, int end);
  };
  // Finds the segments that may need at most `room` bytes on each node, if that
  // is more than before.
  void find_segments(int64_t room) const;
  void find_segments(int64_t room, Variant&) const;
  int64_t more_of(const SegmentCost&, bool overlay) const;
  int64_t least_of(const SegmentCost&) const;
  void offer(const SegmentCost&, Segment, int variant, const NodeBudgets&,
             Ends&) const;

  const SegmentOptions options_;
  const int layers_;
  mutable int clash_ = -1;
  mutable int64_t room_ = -1;              // of the segments that were found
  mutable std::vector<Variant> variants_;  // remember
};

}  // namespace shoal
