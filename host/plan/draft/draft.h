// A plan before anything of it has an address: nodes whose stages have their
// buffers, ports and actors, and what host/plan/build must know besides. A node
// alone, with links or without, gets it from its choice (node_draft()), several
// from what they exchange (linked_draft.h).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "host/plan/tokens/overlay.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/segment.h"

namespace shoal {

struct StageDraft {
  // By buffer: those of one home lie on the same bytes, from the first stage
  // that holds one to the last. -1: of this stage alone.
  std::vector<int> homes;
  std::optional<Overlay> overlay = {};
  std::vector<Overlay> kept = {};  // besides, by NetTensor::over
  // In a recorded order, so that rings may lie on the same bytes.
  bool share = false;
  uint32_t chunk_limit = 0;  // of its tape
};

// The buffers, held whole, that an overlay is of; -1: it has none here.
struct OverlayBuffers {
  int in = -1, out = -1;
  bool both() const { return in >= 0 && out >= 0; }
};
OverlayBuffers overlay_buffers(const PlanStage&, const std::vector<int>& homes,
                               const Overlay&);

struct PlanDraft {
  Plan plan;  // linked or not; nodes with stages, and streams
  // A node alone: its rings have their sizes, and its orders are its own.
  bool alone = false;
  std::vector<std::vector<StageDraft>> stages;  // by node: beside its stages
};

// Buffers of a stage that no caller touches and that no other stage needs.
std::vector<bool> sharing_buffers(const PlanStage&,
                                  const std::vector<int>& homes);

// The choices for a node alone.
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
  bool linked = false;              // rows come from and go to a coordinator
};

// Returns the homes of tensors; those that live inside the segment have none
// beyond it.
std::vector<int> node_homes(const std::vector<TensorUses>&, const PlanStage&,
                            Segment);

PlanDraft node_draft(const Net&, const std::vector<TensorUses>&, const Choice&);

}  // namespace shoal
