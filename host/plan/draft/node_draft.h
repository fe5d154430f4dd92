// What is chosen for a node without links, and the stages that follow.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "host/plan/draft/draft.h"
#include "host/plan/types/segment.h"

namespace shoal {

struct StageChoice {
  Segment segment;
  std::optional<Overlay> overlay;
  bool share = false;
  uint32_t chunk_limit = 0;
};

struct Choice {
  std::vector<StageChoice> stages;
  Work work;
  std::vector<int> slots;           // by tensor
  std::vector<WeightPlace> places;  // by layer
  bool mapped = true;               // head and records
};

// Tensors that live inside the segment have no home beyond it.
std::vector<int> node_homes(const std::vector<TensorUses>&, const PlanStage&,
                            Segment);

PlanDraft node_draft(const Net&, const std::vector<TensorUses>&, const Choice&);

}  // namespace shoal
