// Turns boxes, homes and gathers into the stages and streams of a plan. Rings
// have no sizes yet.
#pragma once

#include <optional>
#include <vector>

#include "host/plan/draft/draft.h"
#include "host/plan/draft/exchange.h"

namespace shoal {

struct SegmentChoice {
  Segments segments;
  // By segment: how often each layer fires a frame, at most.
  std::vector<int> passes;
  // By segment: whether its output may lie over its input; empty: never.
  std::vector<bool> overlaid = {};
};
// A value of `passes`: each firing makes one row, if a program can say so.
inline constexpr int kOneRow = kMaxFirings;

// Returns the work of a layer of which a node makes `made`. The layer is in no
// loop, or the last one of a loop.
LayerWork share_work(const CutNet&, int layer, const Box& made, int passes);
// Returns the rows of a firing that copies a box.
int copied_rows(const Box&, int passes);

// Returns none if a segment cannot be one. Weights are all mapped.
std::optional<PlanDraft> linked_draft(const CutNet&, const SegmentChoice&);
// Returns the stages of one segment alone, from its exchange; passes are not
// set, ports not sorted. A node has one of them or none.
PlanDraft segment_draft(const CutNet&, Segment, const MadeBoxes&,
                        const Exchange&);

}  // namespace shoal
