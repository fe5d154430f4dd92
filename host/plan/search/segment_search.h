// Where segments end and how high bands are: over all runs of layers that may
// be a segment, the cuts with the least time within every node's budget, or
// with the smallest largest node.
#pragma once

#include <optional>
#include <vector>

#include "host/plan/draft/linked_draft.h"
#include "host/plan/search/ends.h"
#include "host/plan/search/segment_cost.h"

namespace shoal {

// Bytes of rings and held boxes, by node: `hard` with one row a firing, `soft`
// with more, which leaves room for packing.
struct NodeBudgets {
  std::vector<int64_t> hard, soft;
};

class SegmentSearch {
 public:
  SegmentSearch(const CutNet&, const CostModel&);

  std::optional<Partition> fastest(const NodeBudgets&) const;
  SegmentChoice choice(const Partition&) const;
  // The smallest budget for all nodes for which there is a choice.
  std::optional<int64_t> smallest_budget() const;
  // A layer behind which a segment must end and may not, or -1.
  int clash() const { return clash_; }

 private:
  const CutNet& s_;
  const CostModel& model_;
  int layers_ = 0, clash_ = -1;
  // By first layer, then length - 1; shorter where longer ones cannot be.
  std::vector<std::vector<SegmentCost>> costs_;
};

}  // namespace shoal
