#include "host/plan/arena/layout.h"

#include <algorithm>

#include "device/program/spill_layout.h"
#include "host/plan/cost/int4_room.h"
#include "host/plan/cost/tape.h"
#include "host/plan/types/variables.h"

namespace shoal {
namespace {

// Returns the bytes of the state of all spills; 0: there are none.
uint32_t spill_state(const std::vector<PlanStage>& stages) {
  uint32_t pages = 0;
  for (const PlanStage& stage : stages) {
    for (const PlanSpill& spill : stage.spills) {
      if (!stage.ports[spill.port].is_read) continue;
      pages += static_cast<uint32_t>(spill.pages);
    }
  }
  return pages ? spill_state_bytes(pages) : 0;
}

// Returns the slots and sets of weights that exist in this stage only.
std::vector<ArenaRange> weight_ranges(const Net& net, const PlanStage& s) {
  std::vector<ArenaRange> ranges;
  const int64_t slots = int64_t{s.slot_count} * s.slot_bytes;
  if (slots) ranges.push_back({s.slots, s.slots + slots});
  for (const PlanActor& a : s.actors) {
    if (a.weights.place != WeightPlace::kSram || a.weights.keep) continue;
    const int64_t at = a.weights.offset;
    ranges.push_back({at, at + sram_bytes(net, s, a)});
  }
  return ranges;
}

int64_t stage_end(const Net& net, const PlanNode& node, size_t stage) {
  int64_t end = 0;
  for (const ArenaRange& r : alive_ranges(node, static_cast<int>(stage))) {
    end = std::max(end, r.hi);
  }
  for (const ArenaRange& r : weight_ranges(net, node.stages[stage])) {
    end = std::max(end, r.hi);
  }
  return end;
}

}  // namespace

PlanLayout make_layout(const Net& net, const std::vector<PlanStage>& stages,
                       bool mapped, const LinkCounts& link, uint32_t keep_bytes,
                       const std::vector<StageEnds>* ends, uint32_t int4_room) {
  PlanLayout l;
  for (size_t i = 0; i < stages.size(); ++i) {
    const PlanStage& s = stages[i];
    l.cursor_count =
        std::max(l.cursor_count, static_cast<uint32_t>(s.ports.size()));
    l.state_count =
        std::max(l.state_count, static_cast<uint32_t>(s.actors.size()));
    if (mapped) continue;
    const StageCounts counts =
        count_tables(net, s, ends ? (*ends)[i] : StageEnds{});
    l.record_bytes = std::max(l.record_bytes, record_bytes(counts));
  }
  const std::vector<PlanVariable> variables = node_variables(stages, 0);
  l.variable_bytes = variable_bytes(variables);
  if (!mapped) {
    const size_t ios = ends ? 0 : net.inputs.size() + net.outputs.size();
    l.head_bytes = head_bytes(
        static_cast<uint32_t>(stages.size()), static_cast<uint32_t>(ios),
        link.peers, static_cast<uint32_t>(variables.size()),
        initial_bytes(net, variables),
        least_int4_room(net, stages) > 0 || has_wide_rows(stages));
  }
  l.states = align_up(l.cursors + 4 * l.cursor_count);
  l.head = align_up(l.states +
                    l.state_count * static_cast<uint32_t>(sizeof(ActorState)));
  l.record = align_up(l.head + l.head_bytes);
  const uint32_t record_end = align_up(l.record + l.record_bytes);
  l.keep = keep_bytes ? record_end : 0;
  l.keep_bytes = keep_bytes;
  l.spill = align_up(record_end + keep_bytes);
  l.spill_bytes = spill_state(stages);
  l.buffers = align_up(l.spill + l.spill_bytes);
  if (link.peers) {
    l.link = align_up(l.buffers);
    l.link_bytes = link_layout(link).bytes;
    l.buffers = l.link + l.link_bytes;
  }
  if (l.variable_bytes) {
    l.variables = align_up(l.buffers);
    l.buffers = l.variables + l.variable_bytes;
  }
  l.room_bytes = std::max(least_int4_room(net, stages), int4_room);
  if (l.room_bytes) {
    l.room = align_up(l.buffers);
    l.buffers = l.room + l.room_bytes;
  }
  return l;
}

std::vector<ArenaRange> alive_ranges(const PlanNode& node, int stage) {
  std::vector<ArenaRange> ranges;
  for (const PlanStage& s : node.stages) {
    for (const PlanBuffer& b : s.buffers) {
      if (b.variable >= 0) continue;
      if (b.first_stage > stage || b.last_stage < stage) continue;
      ranges.push_back({b.offset, int64_t{b.offset} + b.bytes()});
    }
  }
  for (const PlanActor& a : node.stages[stage].actors) {
    if (!a.accumulator_bytes) continue;
    ranges.push_back(
        {a.accumulator, int64_t{a.accumulator} + a.accumulator_bytes});
  }
  for (const PlanSpill& s : node.stages[stage].spills) {
    ranges.push_back({s.offset, int64_t{s.offset} + node.spill_page_bytes});
  }
  return ranges;
}

void lay_out(const Net& net, const PlanLayout& layout, PlanNode& node) {
  node.layout = layout;
  node.arena_bytes = layout.buffers;
  for (size_t s = 0; s < node.stages.size(); ++s) {
    node.stages[s].arena_bytes =
        layout.buffers + static_cast<uint32_t>(stage_end(net, node, s));
    node.arena_bytes = std::max(node.arena_bytes, node.stages[s].arena_bytes);
  }
  for (PlanStage& s : node.stages) {
    for (PlanBuffer& b : s.buffers) b.offset += layout.buffers;
    for (PlanSpill& p : s.spills) p.offset += layout.buffers;
    if (s.slot_count) s.slots += layout.buffers;
    for (PlanActor& a : s.actors) {
      if (a.accumulator_bytes) a.accumulator += layout.buffers;
      if (a.weights.place != WeightPlace::kSram) continue;
      if (a.weights.bank > 0) continue;
      a.weights.offset += a.weights.keep ? layout.keep : layout.buffers;
    }
  }
  place_variables(node);
}

}  // namespace shoal
