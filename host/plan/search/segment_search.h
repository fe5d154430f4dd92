// Which layers become segments: over all runs of layers that may be one, the
// cuts with the least time within every node's budget. What a segment costs is
// worked out when it is first asked for, and only if its arithmetic alone does
// not take longer than the best way to its end that is known.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "host/plan/search/segment_cost.h"
#include "host/plan/search/stage_ends.h"

namespace shoal {

// Bytes of rings and held boxes, by node: `hard` with one row a firing, `soft`
// with more, which leaves room for packing.
struct NodeBudgets {
  std::vector<int64_t> hard, soft;
  // One band of all rows is as little as can be, too: its weights pass.
  bool whole = false;
  // Segments take what was built of them, where that is known to be more.
  bool learnt = false;
  // So much more a segment takes, of whatever bands: what packing it lacked.
  struct Lack {
    Segment segment;
    int variant = 0;
    int64_t bytes = 0;
  };
  std::vector<Lack> lacks = {};
  void add_lack(const StageCut&, int64_t bytes);
  int64_t lack_of(Segment, int variant) const;
};

// What tells a segment of these cuts from the same one of others.
struct MustHave {
  bool groups = false;  // of channels
  bool halos = false;   // that are sent in it
};

class SegmentSearch {
 public:
  // `waits_ps`: what a segment waits before it begins. `byte_ps`: of what it
  // receives, beside its time.
  // `overlays`: what a segment makes may lie over what it uses up.
  SegmentSearch(const Net&, int64_t waits_ps, int64_t byte_ps, bool overlays);

  // The segments of these cuts that have what they must. Cuts and model must
  // outlive it.
  void add(const CutNet&, const CostModel&, MustHave);

  // `toll_ps`: added to the time of each segment.
  std::optional<Partition> fastest(const NodeBudgets&,
                                   int64_t toll_ps = 0) const;
  // The smallest budget of all nodes within which there are cuts, each segment
  // with as little as it can have. Segments are costed only where the best way
  // by what is known of them, or the bound of those that are not, goes; beyond
  // `most` nothing is costed, and it is no less than what is returned.
  std::optional<int64_t> smallest(
      bool whole, bool learnt,
      int64_t most = std::numeric_limits<int64_t>::max()) const;
  // Segments of this form hold so much more, whatever their bands.
  void add_bytes(const StageCut&, int64_t more);
  // A layer behind which a segment must end and may not, or -1.
  int clash() const { return clash_; }

 private:
  // Of one kind of cuts: what is known of each segment.
  struct Known {
    int64_t least_ps = -1;              // -1: it cannot be one
    int64_t least_bytes = 0;            // of the node that holds most
    const SegmentCost* cost = nullptr;  // once it has been asked for
  };
  struct Variant {
    const CutNet* cut = nullptr;
    const CostModel* model = nullptr;
    // By first layer, then length - 1; shorter where longer ones cannot be.
    std::vector<std::vector<Known>> known;
    // What nodes own, but for layers [from, end), which are those of segments
    // that end there.
    MadeBoxes made;
    int from = 0, end = 0;

    Known* find(Segment);
    const SegmentCost& cost(Segment, Known&);
    // Boxes of segments that end at `end`, down to layer `begin`.
    bool make(int begin, int end);
  };
  int64_t least_of(const SegmentCost&, bool whole, bool learnt) const;
  void offer(const SegmentCost&, Segment, int variant, const NodeBudgets&,
             int64_t toll_ps, Ends&) const;

  const int64_t waits_ps_, byte_ps_;
  const int layers_;
  int clash_ = -1;
  const bool overlays_;
  mutable std::vector<Variant> variants_;  // remember
};

}  // namespace shoal
