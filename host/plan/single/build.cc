#include "host/plan/single/build.h"

#include <algorithm>

#include "host/plan/arena/arena.h"
#include "host/plan/arena/layout.h"
#include "host/plan/cost/tape.h"
#include "host/plan/single/spill.h"
#include "host/plan/single/stages.h"
#include "host/plan/tokens/share.h"
#include "host/plan/types/variables.h"

namespace shoal {
namespace {

int stage_of(const std::vector<StageChoice>& stages, int position) {
  int s = 0;
  while (stages[s].segment.end <= position) ++s;
  return s;
}

class NodeBuilder {
 public:
  NodeBuilder(const Net& net, const std::vector<TensorUses>& uses,
              const Choice& choice)
      : net_(net), uses_(uses), choice_(choice) {}

  PlanNode build(int pack_tries, int64_t most) {
    for (const StageChoice& s : choice_.stages) {
      node_.stages.push_back(
          make_stage(net_, uses_, s.segment, choice_.work, choice_.slots));
    }
    number_pages(net_, uses_, node_);
    for (size_t s = 0; s < node_.stages.size(); ++s) supply(s);
    node_.layout = make_layout(net_, node_.stages, choice_.mapped);
    place_variables(node_);
    ArenaPlan arena(net_, node_);
    add_tensors(arena);
    const auto stages = static_cast<int>(node_.stages.size());
    for (int s = 0; s < stages; ++s) arena.add_sums(s);
    for (int s = 0; s < stages; ++s) {
      arena.add_slots(s);
      arena.add_sets(s);
    }
    for (int s = 0; s < stages; ++s) arena.add_pages(s);
    const std::vector<int64_t> saved = share_rings(arena);
    arena.place(pack_tries, saved, most - node_.layout.buffers);
    for (int s = 0; s < stages; ++s) mark_overlay(s);
    return std::move(node_);
  }

 private:
  void supply(size_t s) {
    PlanStage& stage = node_.stages[s];
    bool tape = !choice_.mapped;
    for (PlanActor& a : stage.actors) {
      if (a.weights.chunks.empty()) continue;
      a.weights.place = choice_.places[a.layer];
      tape |= a.weights.place != WeightPlace::kMapped;
      if (a.weights.place == WeightPlace::kSram) {
        cut_for_sram(net_, stage, a);
      }
    }
    if (!tape) return;
    const auto& overlay = choice_.stages[s].overlay;
    put_on_tape(net_, stage, overlay ? buffer_of(stage, overlay->out) : -1,
                choice_.stages[s].chunk_limit);
    stage.slot_bytes = slot_bytes(net_, stage);
    stage.slot_count = stage.slot_bytes ? kTapeSlots : 0;
  }

  void add_tensors(ArenaPlan& arena) {
    std::vector<int> order;
    for (size_t t = 0; t < uses_.size(); ++t) {
      if (uses_[t].first >= 0) order.push_back(static_cast<int>(t));
    }
    // An overlaid tensor comes before the one that lies over it.
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
      return uses_[a].first < uses_[b].first;
    });
    item_of_.assign(uses_.size(), -1);
    for (int t : order) {
      const NetTensor& tensor = net_.tensors[t];
      const int first = stage_of(choice_.stages, uses_[t].first);
      const int last = stage_of(choice_.stages, uses_[t].last);
      const int slots = first == last ? choice_.slots[t] : tensor.rows;
      const int item =
          arena.add(tensor.bytes() / tensor.rows * slots, first, last);
      const auto& overlay = choice_.stages[first].overlay;
      if (overlay && overlay->out == t) {
        arena.item(item).over = item_of_[overlay->in];
        arena.item(item).lead = overlay->lead;
      }
      for (int s = first; s <= last; ++s) {
        const int buffer = buffer_of(node_.stages[s], t);
        if (buffer >= 0) arena.hold(item, s, buffer);
      }
      item_of_[t] = item;
    }
  }

  // Bytes that may be saved, by stage.
  std::vector<int64_t> share_rings(ArenaPlan& arena) {
    std::vector<int64_t> saved(node_.stages.size(), 0);
    for (size_t s = 0; s < saved.size(); ++s) {
      if (!choice_.stages[s].share) continue;
      PlanStage& stage = node_.stages[s];
      Sharing sharing =
          share_stage(net_, stage,
                      sharing_buffers(uses_, stage, choice_.stages[s].segment));
      for (size_t a = 0; a < stage.buffers.size(); ++a) {
        const int item = item_of_[stage.buffers[a].tensor];
        for (size_t b = 0; b < stage.buffers.size(); ++b) {
          if (!sharing.apart[a][b]) continue;
          arena.item(item).apart.push_back(item_of_[stage.buffers[b].tensor]);
        }
      }
      saved[s] = sharing.most_saved;
    }
    return saved;
  }

  void mark_overlay(int s) {
    const auto& overlay = choice_.stages[s].overlay;
    if (!overlay) return;
    PlanStage& stage = node_.stages[s];
    stage.buffers[buffer_of(stage, overlay->out)].overlay =
        buffer_of(stage, overlay->in);
  }

  const Net& net_;
  const std::vector<TensorUses>& uses_;
  const Choice& choice_;
  PlanNode node_;
  std::vector<int> item_of_;  // by tensor
};

}  // namespace

std::vector<bool> sharing_buffers(const std::vector<TensorUses>& uses,
                                  const PlanStage& stage, Segment segment) {
  std::vector<bool> may;
  for (const PlanBuffer& b : stage.buffers) {
    may.push_back(lives_inside(uses[b.tensor], segment));
  }
  for (const PlanPort& p : stage.ports) {
    if (p.owner != Owner::kActor) may[p.buffer] = false;
  }
  return may;
}

PlanNode build_node(const Net& net, const std::vector<TensorUses>& uses,
                    const Choice& choice, int pack_tries, int64_t most) {
  return NodeBuilder(net, uses, choice).build(pack_tries, most);
}

}  // namespace shoal
