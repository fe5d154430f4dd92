// Plans of nets whose weights do not fit flash.
#include <gtest/gtest.h>

#include "host/base/error.h"
#include "host/base/testing/expect_throws.h"
#include "host/check/check.h"
#include "host/plan/cost/supply.h"
#include "host/plan/planner/planner.h"
#include "host/plan/testing/shape_net.h"

namespace shoal {
namespace {

Plan plan_for(const Net& net, std::optional<int64_t> flash, int64_t ram,
              Objective objective = Objective::kLatency) {
  PlanRequest options = one_node(find_board("teensy41"));
  options.node().flash_weights = flash;
  options.node().ram = ram;
  options.objective = objective;
  return make_plan(net, options);
}

// Returns convolutions with much arithmetic per byte of weights, followed by
// layers with little.
Net picture_net() {
  ShapeNet n("picture");
  int x = n.input(48, 48, 3);
  for (const int channels : {16, 32, 64}) {
    x = n.max_pool(n.conv(x, 3, 1, channels), 2, 2);
  }
  n.output(n.fully_connected(n.fully_connected(x, 256), 100));
  return n.finish();
}

TEST(StreamingTest, WhatFitsTheFlashStaysThere) {
  const Net net = picture_net();
  const PlanNode node = plan_for(net, std::nullopt, 100000).nodes[0];
  EXPECT_EQ(node.storage, "");
  EXPECT_EQ(node.storage_read_bytes, 0);
  EXPECT_EQ(node.tape_bytes + node.sram_weight_bytes, 0);
}

TEST(StreamingTest, LeastComputeForAByteStaysInFlash) {
  const Net net = picture_net();
  int64_t all = 0;
  for (const Layer& l : net.layers) all += flash_bytes(l);
  for (int64_t flash = 0; flash < all; flash += all / 7) {
    for (const Objective o : {Objective::kRam, Objective::kLatency}) {
      const Plan plan = plan_for(net, flash, 100000, o);
      const PlanNode& node = plan.nodes[0];
      EXPECT_EQ(check(net, plan), std::vector<std::string>{});
      EXPECT_LE(node.flash_weight_bytes, flash);
      EXPECT_GT(node.tape_bytes + node.sram_weight_bytes, 0);
      // If flash lacks only a few bytes, the weights stay in SRAM instead,
      // unless the objective is RAM.
      const bool stays = flash > all * 6 / 7 && o == Objective::kLatency;
      EXPECT_EQ(node.storage_read_bytes == 0, stays) << flash;
      EXPECT_LE(node.arena_bytes, 100000u);
    }
  }
  const int64_t last = flash_bytes(net.layers.back());
  std::vector<Box> made;
  for (const Layer& l : net.layers) made.push_back(l.out.box);
  const auto pixels = [&](int l) { return made[l].rows() * made[l].columns(); };
  const std::vector<bool> streamed = streamed_layers(net, made, last, pixels);
  for (size_t l = 0; l < net.layers.size(); ++l) {
    EXPECT_EQ(streamed[l],
              !net.layers[l].weights.empty() && l + 1 < net.layers.size())
        << l;
  }
}

TEST(StreamingTest, MoreArenaIsLessTime) {
  const Net net = picture_net();
  const Plan least = plan_for(net, 0, 1 << 20, Objective::kRam);
  const int64_t bytes = least.nodes[0].arena_bytes;
  double before = least.latency_s;
  for (const int64_t ram : {bytes, bytes * 2, bytes * 4, bytes * 16}) {
    const Plan plan = plan_for(net, 0, ram);
    EXPECT_EQ(check(net, plan), std::vector<std::string>{});
    EXPECT_LE(plan.latency_s, before);
    before = plan.latency_s;
  }
  // All weights that were read again and again are now kept in SRAM.
  EXPECT_LT(before, 0.6 * least.latency_s);
  expect_throws([&] { plan_for(net, 0, bytes - 1); }, Exit::kDoesNotFit);
}

TEST(StreamingTest, SealedStorageCostsTheCore) {
  const Net net = picture_net();
  PlanRequest options = one_node(find_board("teensy41"));
  options.node().flash_weights = 0;
  options.node().ram = 30000;
  const Plan open = make_plan(net, options);
  options.node().sealed = true;
  const Plan sealed = make_plan(net, options);
  EXPECT_FALSE(open.nodes[0].sealed);
  EXPECT_TRUE(sealed.nodes[0].sealed);
  EXPECT_GT(sealed.latency_s, open.latency_s);
  const auto cycles_per_byte = [&](const Plan& plan) {
    double check_s = 0;
    for (const PlanStage& s : plan.nodes[0].stages) check_s += s.check_s;
    return check_s * options.node().board.clock_hz /
           static_cast<double>(plan.nodes[0].storage_read_bytes);
  };
  EXPECT_NEAR(cycles_per_byte(sealed), 25.0, 0.025);
  EXPECT_NEAR(cycles_per_byte(open), options.node().board.check_cycles_per_byte,
              1e-3 * options.node().board.check_cycles_per_byte);
  EXPECT_GT(cycles_per_byte(open), 0);
}

}  // namespace
}  // namespace shoal
