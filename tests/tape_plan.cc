#include "tests/tape_plan.h"

#include <algorithm>

#include "device/program/image.h"
#include "device/program/record.h"
#include "host/board/board.h"
#include "host/plan/cost/plan_time.h"
#include "host/plan/tokens/token_simulation.h"
#include "host/program/emit/emit.h"

namespace shoal {
namespace {

std::vector<PlanRun> record_order(const Net& net, const PlanStage& stage) {
  StageTokens tokens(net, stage);
  std::vector<PlanRun> order;
  run_by_rank(tokens, depth_ranks(tokens), [&](int agent, int) {
    if (agent >= static_cast<int>(stage.actors.size())) return;
    if (!order.empty() && order.back().actor == agent) {
      ++order.back().firings;
    } else {
      order.push_back({agent, 1});
    }
  });
  return order;
}

struct Sizes {
  uint32_t head = 0, record = 0;
  std::vector<uint32_t> chunk;  // the largest, by stage
};

// Returns the sizes in the image that the plan would give.
Sizes find_sizes(const Net& net, const Plan& plan) {
  const std::vector<uint8_t> image = emit(net, plan, 0);
  const HeadView head = view_head(image.data());
  Sizes sizes;
  sizes.head = head.header->head_bytes;
  for (uint16_t s = 0; s < head.header->stages; ++s) {
    const StageEntry& entry = head.stages[s];
    sizes.record = std::max(sizes.record, entry.bytes);
    const StageView stage = view_stage(image.data() + entry.offset);
    sizes.chunk.push_back(0);
    for (uint32_t c = 0; c < stage.header->chunks; ++c) {
      sizes.chunk[s] = std::max(sizes.chunk[s], stage.chunks[c].bytes);
    }
  }
  return sizes;
}

}  // namespace

Plan tape_plan(const Net& net, const Plan& mapped) {
  Plan plan = mapped;
  PlanNode& node = plan.nodes[0];
  for (PlanStage& stage : node.stages) {
    if (stage.order.empty()) stage.order = record_order(net, stage);
    for (PlanActor& a : stage.actors) a.weights.place = WeightPlace::kTape;
  }
  const Sizes sizes = find_sizes(net, plan);
  PlanLayout& l = node.layout;
  const uint32_t before = l.buffers;
  l.head_bytes = sizes.head;
  l.record_bytes = sizes.record;
  l.head = align_up(l.states +
                    l.state_count * static_cast<uint32_t>(sizeof(ActorState)));
  l.record = align_up(l.head + l.head_bytes);
  l.buffers = align_up(l.record + l.record_bytes);
  if (l.room_bytes) {
    l.room = l.buffers;
    l.buffers += l.room_bytes;
  }
  uint32_t end = l.buffers;
  for (size_t s = 0; s < node.stages.size(); ++s) {
    PlanStage& stage = node.stages[s];
    if (sizes.chunk[s] == 0) continue;
    stage.slots = l.buffers;
    stage.slot_bytes = align_up(sizes.chunk[s] + kTagBytes);
    stage.slot_count = 2;
    end = std::max(end, stage.slots + stage.slot_bytes * stage.slot_count);
  }
  const uint32_t more = end - before;
  node.arena_bytes += more;
  for (PlanStage& stage : node.stages) {
    stage.arena_bytes += more;
    for (PlanBuffer& b : stage.buffers) b.offset += more;
    for (PlanActor& a : stage.actors) {
      if (a.accumulator_bytes) a.accumulator += more;
    }
  }
  node.mapped = false;
  const Board& board = find_board(node.board);
  node.storage = find_storage(board, "").name;
  model_plan(net, {{&board, &find_storage(board, ""), false}}, 0, plan);
  return plan;
}

}  // namespace shoal
