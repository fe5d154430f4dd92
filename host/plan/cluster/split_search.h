// Where segments end and how high bands are: over all runs of layers that may
// be a segment, the cuts with the least time within every node's budget, or
// with the smallest largest node.
#pragma once

#include <optional>
#include <vector>

#include "host/plan/cluster/segment_cost.h"
#include "host/plan/cluster/segment_stage.h"

namespace shoal {

// Bytes of rings and held boxes, by node: `hard` with one row a firing, `soft`
// with more, which leaves room for packing.
struct SplitBudget {
  std::vector<int64_t> hard, soft;
};

class SplitSearch {
 public:
  SplitSearch(const SplitNet&, const CostModel&);

  std::optional<SplitChoice> fastest(const SplitBudget&) const;
  // The smallest budget for all nodes for which there is a choice.
  std::optional<int64_t> smallest_budget() const;
  // A layer behind which a segment must end and may not, or -1.
  int clash() const { return clash_; }

 private:
  const SplitNet& s_;
  const CostModel& model_;
  int layers_ = 0, clash_ = -1;
  // By first layer, then length - 1; shorter where longer ones cannot be.
  std::vector<std::vector<SegmentCost>> costs_;
};

}  // namespace shoal
