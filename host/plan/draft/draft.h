// A plan before anything in it has an address: nodes whose stages have their
// buffers, ports and actors, and what host/plan/build needs besides. It is made
// from the choice of a node alone (node_draft()) or from what several nodes
// exchange (linked_draft.h).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "host/plan/tokens/overlay.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/segment.h"
#include "host/plan/types/stage_maker.h"

namespace shoal {

struct StageDraft {
  // By buffer: its home. Buffers of one home lie on the same bytes from the
  // first stage that holds one to the last. -1: the buffer is of this stage
  // alone.
  std::vector<int> homes;
  std::optional<Overlay> overlay = {};
  std::vector<Overlay> kept = {};  // more overlays, those of NetTensor::over
  // Firings are in a recorded order, so that rings may lie on the same bytes.
  bool share = false;
  uint32_t chunk_limit = 0;  // of its tape
};

// Returns the two buffers of an overlay, both held whole; -1: the stage has
// none.
OverlaidBuffers overlay_buffers(const PlanStage&, const std::vector<int>& homes,
                                const Overlay&);

struct PlanDraft {
  // Linked or not; nodes with stages, and streams. Rings of 0 slots have no
  // size yet.
  Plan plan;
  std::vector<std::vector<StageDraft>> stages;  // by node, then stage of `plan`
  bool is_alone() const { return plan.nodes.size() == 1; }
};

// Returns, by buffer, whether no caller touches it and no other stage needs it.
std::vector<bool> sharing_buffers(const PlanStage&,
                                  const std::vector<int>& homes);

// The choices for a node alone.
struct StageChoice {
  Segment segment;
  std::optional<Overlay> overlay = {};
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

// `given`: as for make_stage().
PlanDraft node_draft(const Net&, const std::vector<TensorUses>&, const Choice&,
                     const GivenNet* given = nullptr);

}  // namespace shoal
