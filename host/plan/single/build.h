// From cuts, bands and overlays to a complete node: stages, lifetimes,
// addresses, the arena's exact size.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "host/plan/tokens/overlay.h"
#include "host/plan/types/segment.h"

namespace shoal {

struct StageChoice {
  Segment segment;
  std::optional<Overlay> overlay;
  // In a recorded order, so that rings may lie on the same bytes.
  bool share = false;
  uint32_t chunk_limit = 0;  // of its tape
};

struct Choice {
  std::vector<StageChoice> stages;
  Work work;
  std::vector<int> slots;           // by tensor
  std::vector<WeightPlace> places;  // by layer
  bool mapped = true;               // head and records
};

// Buffers of a stage that no caller touches and that no other stage needs.
std::vector<bool> sharing_buffers(const std::vector<TensorUses>&,
                                  const PlanStage&, Segment);

// `pack_tries` is how long to search for a tight packing; a node of `most`
// bytes or more is of no use.
PlanNode build_node(const Net&, const std::vector<TensorUses>&, const Choice&,
                    int pack_tries, int64_t most = INT64_MAX);

}  // namespace shoal
