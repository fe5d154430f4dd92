#include <gtest/gtest.h>

#include "host/plan/arena/arena.h"
#include "host/plan/arena/layout.h"

namespace shoal {
namespace {

// Two stages: a buffer that both hold, and a ring, sums and slots of the
// second one.
PlanNode small_node() {
  PlanNode node;
  node.stages.resize(2);
  PlanBuffer whole;
  whole.box = {0, 10, 0, 4, 0, 4};
  whole.slots = 10;
  PlanBuffer ring = whole;
  ring.slots = 2;
  node.stages[0].buffers = {whole};
  node.stages[1].buffers = {whole, ring};
  PlanActor actor;
  actor.accumulator_bytes = 48;
  node.stages[1].actors = {actor};
  node.stages[1].slots = 1;
  node.stages[1].slot_bytes = 64;
  node.stages[1].slot_count = 2;
  return node;
}

void place(const Net& net, PlanNode& node) {
  ArenaPlan arena(net, node);
  const int whole = arena.add(160, 0, 0);
  arena.hold(whole, 0, 0);
  arena.hold(whole, 1, 0);
  arena.hold(arena.add(32, 1, 1), 1, 1);
  arena.add_sums(1);
  arena.add_slots(1);
  EXPECT_EQ(arena.stage_bytes(1), node.layout.buffers + 160 + 32 + 48 + 128);
  arena.place(10);
}

TEST(ArenaLayout, StagesHoldWhatIsAliveInThem) {
  const Net net;
  PlanNode node = small_node();
  node.layout = make_layout(net, node.stages, true);
  place(net, node);
  const uint32_t base = node.layout.buffers;
  EXPECT_EQ(node.stages[0].arena_bytes, node.stages[0].buffers[0].offset + 160);
  EXPECT_EQ(node.stages[1].arena_bytes, base + 368);
  EXPECT_EQ(node.arena_bytes, base + 368);
  EXPECT_EQ(node.stages[0].buffers[0].offset, node.stages[1].buffers[0].offset);
  EXPECT_EQ(node.stages[0].buffers[0].last_stage, 1);
  EXPECT_EQ(alive_ranges(node, 0).size(), 2u);  // said by both stages
  EXPECT_EQ(alive_ranges(node, 1).size(), 4u);
}

TEST(ArenaLayout, AllMovesBehindLargerFixedParts) {
  const Net net;
  PlanNode node = small_node();
  node.layout = make_layout(net, node.stages, true);
  place(net, node);
  const PlanNode before = node;
  LinkCounts link;
  link.peers = 2;
  link.windows = 16;
  set_layout(net, make_layout(net, node.stages, true, link), node);
  const uint32_t by = node.layout.link_bytes;
  EXPECT_GT(by, 0u);
  EXPECT_EQ(node.arena_bytes, before.arena_bytes + by);
  for (size_t s = 0; s < 2; ++s) {
    const PlanStage &a = before.stages[s], &b = node.stages[s];
    EXPECT_EQ(b.arena_bytes, a.arena_bytes + by);
    for (size_t i = 0; i < a.buffers.size(); ++i) {
      EXPECT_EQ(b.buffers[i].offset, a.buffers[i].offset + by);
    }
  }
  EXPECT_EQ(node.stages[1].slots, before.stages[1].slots + by);
  EXPECT_EQ(node.stages[1].actors[0].accumulator,
            before.stages[1].actors[0].accumulator + by);
}

}  // namespace
}  // namespace shoal
