#include "host/plan/single/build.h"

#include <algorithm>

#include "device/program/params.h"
#include "device/program/record.h"
#include "host/plan/arena/pack.h"
#include "host/plan/cost/tape.h"
#include "host/plan/single/spill.h"
#include "host/plan/single/stages.h"
#include "host/plan/tokens/share.h"

namespace shoal {
namespace {

// What lies at an item's place: a tensor's buffers, an actor's sums or weights,
// a spill's page, or (none of these) a stage's slots.
struct Tenant {
  int tensor = -1;
  int stage = -1, actor = -1;
  bool weights = false;
  int spill = -1;
};

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

  PlanNode build(int pack_tries) {
    for (const StageChoice& s : choice_.stages) {
      node_.stages.push_back(
          make_stage(net_, uses_, s.segment, choice_.work, choice_.slots));
    }
    number_pages(net_, uses_, node_);
    for (size_t s = 0; s < node_.stages.size(); ++s) supply(s);
    node_.layout = make_layout(net_, node_.stages, choice_.mapped);
    add_tensors();
    add_sums();
    add_weights();
    add_pages();
    const std::vector<int64_t> saved = share_rings();
    const Packing packing = pack(items_, pack_tries, saved);
    place(packing);
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
        cut_for_sram(net_.layers[a.layer], a);
      }
    }
    if (!tape) return;
    const auto& overlay = choice_.stages[s].overlay;
    put_on_tape(net_, stage, overlay ? buffer_of(stage, overlay->out) : -1,
                choice_.stages[s].chunk_limit);
    stage.slot_bytes = slot_bytes(net_, stage);
    stage.slot_count = stage.slot_bytes ? kTapeSlots : 0;
  }

  bool is_inside(int tensor) const {
    const TensorUses& u = uses_[tensor];
    return stage_of(choice_.stages, u.first) ==
           stage_of(choice_.stages, u.last);
  }

  void add_tensors() {
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
      PackItem item;
      item.first_stage = stage_of(choice_.stages, uses_[t].first);
      item.last_stage = stage_of(choice_.stages, uses_[t].last);
      const int slots = is_inside(t) ? choice_.slots[t] : tensor.rows;
      item.bytes = tensor.bytes() / tensor.rows * slots;
      const auto& overlay = choice_.stages[item.first_stage].overlay;
      if (overlay && overlay->out == t) {
        item.over = item_of_[overlay->in];
        item.lead = overlay->lead;
      }
      item_of_[t] = static_cast<int>(items_.size());
      items_.push_back(item);
      tenants_.push_back({t, -1, -1, false, -1});
    }
  }

  void add_sums() {
    for (size_t s = 0; s < node_.stages.size(); ++s) {
      const auto& actors = node_.stages[s].actors;
      for (size_t a = 0; a < actors.size(); ++a) {
        if (!actors[a].accumulator_bytes) continue;
        const int stage = static_cast<int>(s);
        items_.push_back(
            {actors[a].accumulator_bytes, stage, stage, -1, 0, {}});
        tenants_.push_back({-1, stage, static_cast<int>(a), false, -1});
      }
    }
  }

  // Slots and sets of stages.
  void add_weights() {
    const auto add = [&](int64_t bytes, size_t stage, int actor) {
      const int s = static_cast<int>(stage);
      items_.push_back({bytes, s, s, -1, 0, {}});
      tenants_.push_back({-1, s, actor, true, -1});
    };
    for (size_t s = 0; s < node_.stages.size(); ++s) {
      const PlanStage& stage = node_.stages[s];
      if (stage.slot_count) add(stage.slot_count * stage.slot_bytes, s, -1);
      for (size_t a = 0; a < stage.actors.size(); ++a) {
        const PlanActor& actor = stage.actors[a];
        if (actor.weights.place != WeightPlace::kSram) continue;
        add(sram_bytes(net_.layers[actor.layer], actor), s,
            static_cast<int>(a));
      }
    }
  }

  void add_pages() {
    for (size_t s = 0; s < node_.stages.size(); ++s) {
      const int stage = static_cast<int>(s);
      for (size_t i = 0; i < node_.stages[s].spills.size(); ++i) {
        items_.push_back(
            {int64_t{node_.spill_page_bytes}, stage, stage, -1, 0, {}});
        tenants_.push_back({-1, stage, -1, false, static_cast<int>(i)});
      }
    }
  }

  // Bytes that may be saved, by stage.
  std::vector<int64_t> share_rings() {
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
          items_[item].apart.push_back(item_of_[stage.buffers[b].tensor]);
        }
      }
      saved[s] = sharing.most_saved;
    }
    return saved;
  }

  void place(const Packing& packing) {
    const uint32_t base = node_.layout.buffers;
    node_.arena_bytes = base;
    for (PlanStage& s : node_.stages) s.arena_bytes = base;
    for (size_t i = 0; i < items_.size(); ++i) {
      const PackItem& item = items_[i];
      const auto offset = base + static_cast<uint32_t>(packing.offsets[i]);
      const uint32_t end = offset + static_cast<uint32_t>(item.bytes);
      for (int s = item.first_stage; s <= item.last_stage; ++s) {
        PlanStage& stage = node_.stages[s];
        stage.arena_bytes = std::max(stage.arena_bytes, end);
        for (PlanBuffer& b : stage.buffers) {
          if (b.tensor != tenants_[i].tensor) continue;
          b.offset = offset;
          b.first_stage = item.first_stage;
          b.last_stage = item.last_stage;
        }
      }
      settle(tenants_[i], offset);
      node_.arena_bytes = std::max(node_.arena_bytes, end);
    }
    for (size_t s = 0; s < node_.stages.size(); ++s) mark_overlay(s);
  }

  void settle(const Tenant& t, uint32_t offset) {
    if (t.tensor >= 0) return;
    PlanStage& stage = node_.stages[t.stage];
    if (t.spill >= 0) {
      stage.spills[t.spill].offset = offset;
    } else if (t.actor < 0) {
      stage.slots = offset;
    } else if (t.weights) {
      stage.actors[t.actor].weights.offset = offset;
    } else {
      stage.actors[t.actor].accumulator = offset;
    }
  }

  void mark_overlay(size_t s) {
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
  std::vector<PackItem> items_;
  std::vector<Tenant> tenants_;
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

StageCounts count_tables(const Net& net, const PlanStage& stage) {
  StageCounts n;
  n.buffers = static_cast<uint16_t>(stage.buffers.size());
  n.ports = static_cast<uint16_t>(stage.ports.size());
  n.actors = static_cast<uint16_t>(stage.actors.size());
  n.order = static_cast<uint16_t>(stage.order.size());
  n.loops = static_cast<uint16_t>(stage.loops.size());
  n.spills = static_cast<uint16_t>(stage.spills.size());
  for (const PlanActor& a : stage.actors) {
    if (a.copy) {
      n.params += kParamCount<MoveParams>;
      continue;
    }
    const Layer& layer = net.layers[a.layer];
    if (!a.weights.chunks.empty()) ++n.weights;
    n.chunks += static_cast<uint16_t>(a.weights.chunks.size());
    n.params += static_cast<uint16_t>(layer.params.size());
    if (layer.op == OpCode::kResize) {
      n.maps +=
          static_cast<uint16_t>(layer.row_map.size() + layer.column_map.size());
    }
  }
  return n;
}

PlanLayout make_layout(const Net& net, const std::vector<PlanStage>& stages,
                       bool mapped, const LinkCounts& link) {
  PlanLayout l;
  for (const PlanStage& s : stages) {
    l.cursor_count =
        std::max(l.cursor_count, static_cast<uint32_t>(s.ports.size()));
    l.state_count =
        std::max(l.state_count, static_cast<uint32_t>(s.actors.size()));
    if (mapped) continue;
    l.record_bytes =
        std::max(l.record_bytes, record_bytes(count_tables(net, s)));
  }
  if (!mapped) {
    const size_t ios = link.peers ? 0 : net.inputs.size() + net.outputs.size();
    l.head_bytes = head_bytes(static_cast<uint32_t>(stages.size()),
                              static_cast<uint32_t>(ios), link.peers);
  }
  l.states = align_up(l.cursors + 4 * l.cursor_count);
  l.head = align_up(l.states +
                    l.state_count * static_cast<uint32_t>(sizeof(ActorState)));
  l.record = align_up(l.head + l.head_bytes);
  l.spill = align_up(l.record + l.record_bytes);
  l.spill_bytes = spill_state(stages);
  l.buffers = align_up(l.spill + l.spill_bytes);
  if (!link.peers) return l;
  l.link = align_up(l.buffers);
  l.link_bytes = link_layout(link).bytes;
  l.buffers = l.link + l.link_bytes;
  return l;
}

PlanNode build_node(const Net& net, const std::vector<TensorUses>& uses,
                    const Choice& choice, int pack_tries) {
  return NodeBuilder(net, uses, choice).build(pack_tries);
}

}  // namespace shoal
