#include <gtest/gtest.h>

#include "host/plan/arena/arena.h"
#include "host/plan/arena/layout.h"

namespace shoal {
namespace {

// Two stages: a buffer that both hold, and a ring, sums and slots of the second
// one.
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
  PackMemo packs;
  const int whole = arena.add(160, 0, 0);
  arena.hold(whole, 0, 0);
  arena.hold(whole, 1, 0);
  arena.hold(arena.add(32, 1, 1), 1, 1);
  arena.add_stage_items();
  EXPECT_EQ(arena.stage_bytes(1), 160 + 32 + 48 + 128);
  EXPECT_EQ(arena.place({10}, {}, packs), 368);
}

TEST(ArenaLayout, StagesHoldWhatIsAliveInThem) {
  const Net net;
  PlanNode node = small_node();
  place(net, node);
  lay_out(net, make_layout(net, node.stages, true), node);
  const uint32_t base = node.layout.buffers;
  EXPECT_GT(base, 0u);
  EXPECT_EQ(node.stages[0].arena_bytes, node.stages[0].buffers[0].offset + 160);
  EXPECT_EQ(node.stages[1].arena_bytes, base + 368);
  EXPECT_EQ(node.arena_bytes, base + 368);
  EXPECT_EQ(node.stages[0].buffers[0].offset, node.stages[1].buffers[0].offset);
  EXPECT_EQ(node.stages[0].buffers[0].last_stage, 1);
  EXPECT_EQ(alive_ranges(node, 0).size(), 2u);  // both stages have it
  EXPECT_EQ(alive_ranges(node, 1).size(), 4u);
}

TEST(ArenaLayout, AllLiesBehindTheFixedParts) {
  const Net net;
  PlanNode placed = small_node();
  place(net, placed);
  PlanNode node = placed;
  LinkCounts link;
  link.peers = 2;
  link.windows = 16;
  lay_out(net, make_layout(net, node.stages, true, link), node);
  EXPECT_GT(node.layout.link_bytes, 0u);
  const uint32_t by = node.layout.buffers;
  EXPECT_GE(by, node.layout.link + node.layout.link_bytes);
  EXPECT_EQ(node.arena_bytes, 368 + by);
  for (size_t s = 0; s < 2; ++s) {
    const PlanStage &a = placed.stages[s], &b = node.stages[s];
    EXPECT_GE(b.arena_bytes, by);
    for (size_t i = 0; i < a.buffers.size(); ++i) {
      EXPECT_EQ(b.buffers[i].offset, a.buffers[i].offset + by);
    }
  }
  EXPECT_EQ(node.stages[1].slots, placed.stages[1].slots + by);
  EXPECT_EQ(node.stages[1].actors[0].accumulator,
            placed.stages[1].actors[0].accumulator + by);
}

// Sets that stay lie where the layout has them; all else moves behind them.
TEST(ArenaLayout, SetsThatStayLieBeforeAllElse) {
  const Net net;
  PlanNode node = small_node();
  place(net, node);
  const uint32_t offset = node.stages[1].buffers[1].offset;
  PlanWeights& set = node.stages[1].actors[0].weights;
  set.place = WeightPlace::kSram;
  set.keep = true;
  set.offset = 32;
  const PlanLayout without = make_layout(net, node.stages, true);
  lay_out(net, make_layout(net, node.stages, true, {}, 96), node);
  EXPECT_EQ(node.layout.buffers, without.buffers + 96);
  EXPECT_EQ(set.offset, node.layout.keep + 32);
  EXPECT_EQ(node.stages[1].buffers[1].offset, offset + node.layout.buffers);
}

}  // namespace
}  // namespace shoal
