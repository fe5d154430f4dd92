#include "host/plan/cluster/split_build.h"

#include <algorithm>
#include <map>
#include <set>

#include "host/plan/arena/arena.h"
#include "host/plan/arena/layout.h"
#include "host/plan/cluster/boxes.h"
#include "host/plan/tokens/merge.h"
#include "host/plan/tokens/rings.h"
#include "host/plan/types/trial_shares.h"
#include "host/plan/types/variables.h"

namespace shoal {
namespace {

// One number for all buffers of a tensor in a segment that nodes use alike.
std::vector<int> ring_groups(const MergedSegment& segment,
                             const std::vector<bool>& whole) {
  std::map<std::tuple<int, int, bool>, int> numbers;
  std::vector<bool> copied_to(segment.stage.buffers.size(), false);
  for (const PlanPort& p : segment.stage.ports) {
    if (!p.is_read && p.owner == Owner::kStream) copied_to[p.buffer] = true;
  }
  std::vector<int> group;
  for (size_t b = 0; b < segment.stage.buffers.size(); ++b) {
    const PlanBuffer& buffer = segment.stage.buffers[b];
    if (whole[b]) {
      group.push_back(-1);
      continue;
    }
    const std::tuple key{buffer.tensor, buffer.element_bytes,
                         bool(copied_to[b])};
    group.push_back(numbers.try_emplace(key, static_cast<int>(numbers.size()))
                        .first->second);
  }
  return group;
}

// A sender's rows stay until they are acknowledged, a receiver's slots are
// known to be free a while after they are: more rows keep both going.
void add_slack(PlanStage& stage, const std::vector<bool>& whole, int slack) {
  std::vector<bool> given(stage.buffers.size(), false);
  for (const PlanPort& p : stage.ports) {
    if (p.owner == Owner::kActor || whole[p.buffer] || given[p.buffer]) {
      continue;
    }
    given[p.buffer] = true;
    PlanBuffer& b = stage.buffers[p.buffer];
    b.slots = std::min(b.box.rows(), b.slots + slack);
  }
}

void size_rings(const Net& net, SplitStages& stages,
                const BuildOptions& options) {
  for (MergedSegment& m : merge_segments(stages.plan)) {
    std::vector<bool> whole;
    for (const MergedSegment::Part& part : m.parts) {
      for (int home : stages.homes[part.node][part.stage]) {
        const PlanBuffer& b = m.stage.buffers[whole.size()];
        whole.push_back(home >= 0 || b.is_private || b.variable >= 0);
      }
    }
    const std::vector<int> slots = peak_slots(net, m.stage, m.ties);
    for (size_t b = 0; b < slots.size(); ++b) {
      if (!whole[b]) m.stage.buffers[b].slots = slots[b];
    }
    if (options.tighten_tries > 0) {
      tighten(net, m.stage, m.ties, ring_groups(m, whole),
              options.tighten_tries);
    }
    add_slack(m.stage, whole, options.slack);
    for (const MergedSegment::Part& part : m.parts) {
      PlanStage& stage = stages.plan.nodes[part.node].stages[part.stage];
      for (size_t b = 0; b < stage.buffers.size(); ++b) {
        stage.buffers[b].slots = m.stage.buffers[part.first_buffer + b].slots;
      }
    }
  }
}

void add_peers(Plan& plan) {
  std::vector<std::set<int>> peers(plan.nodes.size());
  for (const PlanStream& stream : plan.streams) {
    for (const PlanStream::End& to : stream.to) {
      peers[stream.from.node].insert(to.node);
      peers[to.node].insert(stream.from.node);
    }
  }
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    for (const PlanStage& stage : plan.nodes[n].stages) {
      for (const PlanPort& p : stage.ports) {
        if (p.owner == Owner::kInput || p.owner == Owner::kOutput) {
          peers[n].insert(-1);
        }
      }
    }
    for (int peer : peers[n]) plan.nodes[n].peers.push_back({peer, kWindow});
  }
}

// Items for all that a node's stages hold; buffers of one home share theirs.
ArenaPlan make_arena(const Net& net, PlanNode& node,
                     const std::vector<std::vector<int>>& homes) {
  ArenaPlan arena(net, node);
  std::map<int, int> item_of_home;
  for (int s = 0; s < static_cast<int>(node.stages.size()); ++s) {
    arena.add_sets(s);
    arena.add_slots(s);
    const std::vector<PlanBuffer>& buffers = node.stages[s].buffers;
    for (int b = 0; b < static_cast<int>(buffers.size()); ++b) {
      if (buffers[b].variable >= 0) continue;
      const int home = homes[s][b];
      const auto at = item_of_home.find(home);
      const int item = at != item_of_home.end()
                           ? at->second
                           : arena.add(buffers[b].bytes(), s, s);
      if (home >= 0) item_of_home[home] = item;
      arena.hold(item, s, b);
    }
    arena.add_sums(s);
  }
  return arena;
}

// Larger chunks are fewer requests: what a stage has left of the arena is for
// its slots. Packing is not perfect: if all of it does not go in, less may.
constexpr uint32_t kLeastChunk = 1024, kMostChunk = 256 * 1024;
void grow_slots(const Net& net, PlanNode& node,
                const std::vector<std::vector<int>>& homes, int64_t budget,
                int pack_tries) {
  for (int s = 0; s < static_cast<int>(node.stages.size()); ++s) {
    if (!node.stages[s].slot_count) continue;
    const int64_t stage_bytes = make_arena(net, node, homes).stage_bytes(s);
    const int64_t room = (budget - stage_bytes) / kTapeSlots / kAlign * kAlign;
    const PlanNode small = node;
    for (const int percent : shares::kSlots) {
      const int64_t limit =
          std::min<int64_t>(small.stages[s].slot_bytes +
                                shares::percent_of(percent, room) - kTagBytes,
                            kMostChunk);
      if (limit < small.stages[s].slot_bytes) break;
      cut_tape(net, node.stages[s], static_cast<uint32_t>(limit));
      make_arena(net, node, homes).place(pack_tries);
      if (node.arena_bytes <= budget) break;
      node = small;
    }
  }
}

// A node assigns what it reads of a variable in the next frame, so that nobody
// else need keep it. An assignment may read another variable, or its own, so
// that what it makes may grow again.
void assign_what_is_read(const SplitNet& s, MadeBoxes& made) {
  for (bool grown = true; grown;) {
    grown = false;
    for (const NetVariable& v : s.net.variables) {
      const std::vector<Box> boxes = kept_boxes(s, v, made);
      for (const Use& w : s.uses[v.after].writers) {
        if (made[w.index] == boxes) continue;
        made[w.index] = boxes;
        grown = true;
      }
    }
  }
}

}  // namespace

std::optional<Plan> build_split_plan(const SplitNet& split,
                                     const SplitChoice& choice,
                                     const Streaming& streaming,
                                     const BuildOptions& options) {
  MadeBoxes made(split.net.layers.size());
  for (size_t s = choice.segments.size(); s-- > 0;) {
    if (!compute_boxes(split, choice.segments[s], made)) return std::nullopt;
  }
  assign_what_is_read(split, made);
  const Exchange exchange = find_exchange(split, choice.segments, made);
  SplitStages stages = make_split_stages(split, choice, made, exchange);
  Plan& plan = stages.plan;
  plan.linked = true;
  size_rings(split.net, stages, options);
  add_peers(plan);
  const std::vector<LinkCounts> links = count_links(plan);
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    PlanNode& node = plan.nodes[n];
    const int number = static_cast<int>(n);
    if (streaming.any(number)) {
      const Supply& supply = streaming.supply(number);
      node.storage = supply.storage->name;
      node.sealed = supply.sealed;
      for (PlanStage& stage : node.stages) {
        streaming.place(number, stage);
        cut_tape(split.net, stage, kLeastChunk);
      }
    }
    node.layout = make_layout(split.net, node.stages, true, links[n]);
    place_variables(node);
    make_arena(split.net, node, stages.homes[n]).place(options.pack_tries);
    if (streaming.any(number) && !options.budgets.empty()) {
      grow_slots(split.net, node, stages.homes[n], options.budgets[n],
                 options.pack_tries);
    }
  }
  record_orders(split.net, plan);
  return std::move(plan);
}

}  // namespace shoal
