#include "host/plan/planner/planner.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "device/program/image.h"
#include "host/base/error.h"
#include "host/base/testing/expect_throws.h"
#include "host/check/check.h"
#include "host/check/testing/right_plan.h"
#include "host/plan/cost/supply.h"
#include "host/plan/search/testing/plan_for.h"
#include "host/plan/testing/shape_net.h"
#include "host/plan/text/plan_json.h"
#include "host/plan/tokens/token_simulation.h"

namespace shoal {
namespace {

void expect_sound(const Net& net, const Plan& plan) {
  expect_right(net, plan);
  EXPECT_GE(plan.macs, net.model_macs);  // columns of tiles are made twice
}

// Plans within the smallest arena, within twice that and without a limit; the
// smallest is exact.
void expect_good_plans(const Net& net, const std::string& board) {
  SCOPED_TRACE(net.name + " on " + board);
  const Plan small = plan_for(net, board, Objective::kRam);
  expect_sound(net, small);
  const int64_t least = small.nodes[0].arena_bytes;
  for (const int64_t ram : {least, least * 5 / 4, least * 2, least * 50}) {
    SCOPED_TRACE("ram " + std::to_string(ram));
    const Plan fast = plan_for(net, board, Objective::kLatency, ram);
    expect_sound(net, fast);
    EXPECT_GE(fast.nodes[0].arena_bytes, least);
    EXPECT_LE(fast.nodes[0].arena_bytes, ram);
    EXPECT_LE(fast.latency_s, small.latency_s);
  }
  try {
    plan_for(net, board, Objective::kLatency, least - 1);
    ADD_FAILURE() << "a byte less than the least was enough";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kDoesNotFit);
    EXPECT_EQ(e.fix(), "--ram " + std::to_string(least));
    EXPECT_NE(std::string(e.what()).find("ARENA does not fit"),
              std::string::npos);
  }
}

TEST(PlannerTest, HandMadeNets) {
  for (const NamedNet& n : shape_nets()) {
    expect_good_plans(n.net, "stm32f746");
    expect_good_plans(n.net, "host");
  }
}

TEST(PlannerTest, HandMadeNetsOnABoardThatReadsRecords) {
  for (const NamedNet& n : shape_nets()) {
    expect_good_plans(n.net, "emcraft-sf2");
    const Plan plan = plan_for(n.net, "emcraft-sf2", Objective::kRam);
    EXPECT_GT(plan.nodes[0].layout.head_bytes, 0u);
    EXPECT_GT(plan.nodes[0].layout.record_bytes, 0u);
  }
}

// Each chunk has an entry in its stage's record. Large chunks keep the record
// short where buffers are small; elsewhere small chunks keep slots small.
TEST(PlannerTest, StagesHaveChunksOfTheirOwnSize) {
  ShapeNet n("wide end");
  int x = n.conv(n.input(32, 32, 3), 3, 2, 16);
  for (int i = 0; i < 3; ++i) {
    x = n.conv(n.depthwise(n.conv(x, 1, 1, 96), 3, 1), 1, 1, 16);
  }
  n.output(n.fully_connected(n.mean(n.conv(x, 1, 1, 128)), 4000));
  const Net net = n.finish();
  const Plan plan = plan_for(net, "emcraft-sf2", Objective::kRam);
  expect_sound(net, plan);
  const PlanNode& node = plan.nodes[0];
  const PlanStage& last = node.stages.back();
  const PlanStage& fullest = *std::ranges::max_element(
      node.stages, {}, [](const PlanStage& s) { return s.buffers.size(); });
  EXPECT_GT(last.slot_bytes, 4 * fullest.slot_bytes);
  // With the chunks of the fullest stage the table of the last stage would be
  // longer.
  const int64_t weights = flash_bytes(net.layers[last.actors.back().layer]);
  const int64_t entries = weights / fullest.slot_bytes;
  EXPECT_GT(entries * int64_t{sizeof(ChunkRecord)},
            4 * int64_t{node.layout.record_bytes});
}

void expect_good_plans_of_random_nets(uint32_t first, uint32_t last) {
  for (uint32_t seed = first; seed <= last; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    expect_good_plans(random_net(seed), "stm32f746");
    if (testing::Test::HasFailure()) return;
  }
}

TEST(PlannerTest, RandomNets) { expect_good_plans_of_random_nets(1, 20); }
TEST(PlannerLong, RandomNets) { expect_good_plans_of_random_nets(21, 60); }

TEST(PlannerTest, DeepNetNeedsAFractionOfItsTensors) {
  const Net net = bottleneck_net(96, 12);
  const Plan plan = plan_for(net, "host", Objective::kRam);
  expect_sound(net, plan);
  int64_t largest = 0;
  for (const Layer& l : net.layers) {
    largest = std::max(largest, l.in[0].box.elements() + l.out.box.elements());
  }
  EXPECT_LT(plan.nodes[0].arena_bytes, largest / 4);
}

TEST(PlannerTest, SamePlanForTheSameInput) {
  const Net net = bottleneck_net(48, 7);
  for (const Objective o : {Objective::kRam, Objective::kLatency}) {
    const std::string once =
        plan_json(net, plan_for(net, "stm32f746", o, 20000));
    EXPECT_EQ(once, plan_json(net, plan_for(net, "stm32f746", o, 20000)));
  }
}

TEST(PlannerTest, WithoutLimitWeightsAreReadOnce) {
  const Net net = bottleneck_net(48, 7);
  int64_t once = 0;
  for (const Layer& l : net.layers) {
    once += l.weights.empty() ? 0 : 1;
  }
  const Plan plan = plan_for(net, "host", Objective::kLatency);
  int64_t weighted_firings = 0;
  for (const PlanStage& s : plan.nodes[0].stages) {
    for (const PlanActor& a : s.actors) {
      if (a.weights.chunks.empty()) continue;
      const int rows = net.layers[a.layer].out.box.rows();
      weighted_firings += (rows + a.band - 1) / a.band;
    }
  }
  EXPECT_EQ(weighted_firings, once);
}

TEST(PlannerTest, BoardLimitsTheArena) {
  const Net net = bottleneck_net(160, 8);
  const Board& board = find_board("nrf52840");
  const Plan plan = plan_for(net, board.name, Objective::kLatency);
  EXPECT_LE(plan.nodes[0].arena_bytes, board.arena_limit());
  const Plan less = plan_for(net, board.name, Objective::kLatency, 60000);
  EXPECT_LE(less.nodes[0].arena_bytes, 60000);
}

TEST(PlannerTest, SaysWhichLayerDoesNotFit) {
  ShapeNet n("tight");
  const int x = n.conv(n.input(16, 16, 4), 1, 1, 4);
  n.output(n.conv(n.conv(n.mul(x, n.mean(x)), 1, 1, 64), 16, 16, 2));
  try {
    plan_for(n.finish(), "host", Objective::kLatency, 100);
    ADD_FAILURE();
  } catch (const Error& e) {
    const std::string text = e.what();
    EXPECT_EQ(text.find("ARENA does not fit: layer layer"), 0u) << text;
    EXPECT_NE(text.find("; budget 100 B"), std::string::npos) << text;
  }
}

TEST(PlannerTest, MoreFiringsThanAProgramCounts) {
  ShapeNet n("firings");
  n.output(n.conv(n.input(60000, 1, 1), 33, 1, 1));
  expect_throws([&] { plan_for(n.finish(), "host", Objective::kRam); },
                Exit::kUnsupported);
}

TEST(PlannerTest, UnknownStrategy) {
  PlanRequest options = one_node(find_board("host"));
  options.strategy = "magic";
  expect_throws([&] { make_plan(shape_nets()[0].net, options); }, Exit::kUsage);
}

}  // namespace
}  // namespace shoal
