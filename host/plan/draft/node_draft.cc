#include "host/plan/draft/draft.h"
#include "host/plan/draft/spill.h"

namespace shoal {

std::vector<bool> sharing_buffers(const PlanStage& stage,
                                  const std::vector<int>& homes) {
  std::vector<bool> may;
  for (size_t b = 0; b < homes.size(); ++b) {
    // The recorded order does not show the rows inside a loop.
    may.push_back(homes[b] < 0 && !stage.buffers[b].is_private);
  }
  for (const PlanPort& p : stage.ports) {
    if (p.owner != Owner::kActor) may[p.buffer] = false;
  }
  return may;
}

OverlaidBuffers overlay_buffers(const PlanStage& stage,
                                const std::vector<int>& homes,
                                const Overlay& overlay) {
  OverlaidBuffers found;
  for (int b = 0; b < static_cast<int>(homes.size()); ++b) {
    if (homes[b] < 0) continue;
    if (stage.buffers[b].tensor == overlay.in) found.in = b;
    if (stage.buffers[b].tensor == overlay.out) found.out = b;
  }
  return found;
}

std::vector<int> node_homes(const std::vector<TensorUses>& uses,
                            const PlanStage& stage, Segment segment) {
  std::vector<int> homes;
  for (const PlanBuffer& b : stage.buffers) {
    const bool inside = b.is_private || lives_inside(uses[b.tensor], segment);
    homes.push_back(inside ? -1 : b.tensor);
  }
  return homes;
}

PlanDraft node_draft(const Net& net, const std::vector<TensorUses>& uses,
                     const Choice& choice, const GivenNet* given) {
  PlanDraft draft;
  draft.plan.linked = choice.linked;
  PlanNode& node = draft.plan.nodes.emplace_back();
  std::vector<StageDraft>& stages = draft.stages.emplace_back();
  node.mapped = choice.mapped;
  for (const StageChoice& s : choice.stages) {
    PlanStage stage =
        make_stage(net, uses, s.segment, choice.work, choice.slots, given);
    if (choice.linked) stage.segment = static_cast<int>(node.stages.size());
    for (PlanActor& a : stage.actors) {
      if (a.weights.chunks.empty()) continue;
      a.weights.place = choice.places[given ? given->other(a.layer) : a.layer];
    }
    stages.push_back({node_homes(uses, stage, s.segment), s.overlay,
                      kept_overlays(net, uses, s.segment), s.share,
                      s.chunk_limit});
    node.stages.push_back(std::move(stage));
  }
  number_pages(net, uses, node);
  return draft;
}

}  // namespace shoal
