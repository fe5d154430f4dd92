// Plans that fit only because they spill activations to storage.
#include "host/plan/draft/spill.h"

#include <gtest/gtest.h>

#include <random>

#include "host/base/error.h"
#include "host/check/check.h"
#include "host/check/testing/right_plan.h"
#include "host/plan/planner/planner.h"
#include "host/plan/testing/shape_net.h"
#include "host/plan/tokens/token_simulation.h"

namespace shoal {
namespace {

PlanRequest options_for(const std::string& board, std::optional<int64_t> ram,
                        int64_t max_writes) {
  PlanRequest options = one_node(find_board(board));
  options.node().ram = ram;
  options.max_writes = max_writes;
  if (!ram) options.objective = Objective::kRam;
  return options;
}

constexpr int64_t kAny = int64_t{1} << 40;

// Returns a net that computes a mean over the picture before it uses each of
// its rows.
Net squeezed(int size, int channels) {
  ShapeNet n("squeezed");
  const int x = n.conv(n.input(size, size, 4), 3, 1, channels);
  n.output(n.conv(n.mul(x, n.mean(x)), 1, 1, 4));
  return n.finish();
}

TEST(SpillTest, ATensorThatMustBeSeenWholeGoesThroughStorage) {
  const Net net = squeezed(32, 16);
  const int64_t whole =
      make_plan(net, options_for("stm32f746", {}, 0)).nodes[0].arena_bytes;
  EXPECT_GT(whole, 32 * 32 * 16);
  const Plan plan = make_plan(net, options_for("stm32f746", whole / 2, kAny));
  expect_right(net, plan);
  const PlanNode& node = plan.nodes[0];
  EXPECT_LE(node.arena_bytes, whole / 2);
  EXPECT_EQ(node.spill_page_bytes, 4096u);
  EXPECT_EQ(node.spill_pages, 5);  // 16 KB in payloads of 4,080
  EXPECT_EQ(node.storage_written_bytes, 5 * 4096);
  EXPECT_FALSE(node.storage.empty());
}

// The tensor that the last layer adds would lie whole during two stages.
TEST(SpillTest, ASkipConnectionComesBackWhereItIsAdded) {
  ShapeNet n("skip");
  const int x = n.conv(n.input(48, 48, 4), 3, 1, 16);
  const int wide = n.conv(n.conv(x, 3, 2, 48), 3, 2, 48);
  const int up = n.resize_twice(
      n.resize_twice(n.conv(n.mul(wide, n.mean(wide)), 1, 1, 16)));
  n.output(n.conv(n.add(x, up), 1, 1, 4));
  const Net net = n.finish();
  const int64_t whole =
      make_plan(net, options_for("stm32f746", {}, 0)).nodes[0].arena_bytes;
  const Plan plan =
      make_plan(net, options_for("stm32f746", whole - 16384, kAny));
  expect_right(net, plan);
  const PlanNode& node = plan.nodes[0];
  EXPECT_EQ(node.spill_pages, spill_pages(48 * 48 * 16, 4096));
  for (const PlanStage& stage : node.stages) {
    for (const PlanSpill& spill : stage.spills) {
      EXPECT_EQ(stage.buffers[stage.ports[spill.port].buffer].tensor, x);
    }
  }
}

TEST(SpillTest, WithoutPermissionTheErrorSaysWhatWouldSpill) {
  const Net net = squeezed(32, 16);
  for (const int64_t allowed : {int64_t{0}, int64_t{5} * 4096 - 1}) {
    try {
      make_plan(net, options_for("stm32f746", 15000, allowed));
      ADD_FAILURE() << "fits";
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kDoesNotFit);
      EXPECT_EQ(e.fix().find("--ram "), 0u) << e.fix();
      const std::string text = e.what();
      for (const char* part :
           {"with --max-writes 20480 it fits", "tensor ",
            "would go to storage, 20480 B written a frame"}) {
        EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
      }
    }
  }
  EXPECT_EQ(make_plan(net, options_for("stm32f746", 15000, 5 * 4096))
                .nodes[0]
                .storage_written_bytes,
            5 * 4096);
}

TEST(SpillTest, NothingIsWrittenThatFitsWithout) {
  const Net net = squeezed(32, 16);
  const int64_t whole =
      make_plan(net, options_for("stm32f746", {}, 0)).nodes[0].arena_bytes;
  const PlanNode node =
      make_plan(net, options_for("stm32f746", whole, kAny)).nodes[0];
  EXPECT_EQ(node.spill_pages, 0);
  EXPECT_EQ(node.storage_written_bytes, 0);
}

TEST(SpillTest, WhatIsSealedTakesTheCipherToo) {
  PlanRequest options = options_for("stm32f746", 15000, kAny);
  const Net net = squeezed(32, 16);
  const Plan open = make_plan(net, options);
  options.node().sealed = true;
  const Plan sealed = make_plan(net, options);
  EXPECT_TRUE(sealed.nodes[0].sealed);
  EXPECT_GT(sealed.latency_s, open.latency_s);
}

// Returns layers of one shape, many of which read a whole tensor or one from
// far back.
Net wide_net(uint32_t seed) {
  std::mt19937 random(seed);
  const auto pick = [&](int low, int high) {
    return low +
           static_cast<int>(random() % static_cast<uint32_t>(high - low + 1));
  };
  ShapeNet n("wide" + std::to_string(seed));
  const int channels = 4 * pick(1, 4);
  std::vector<int> made{
      n.conv(n.input(pick(12, 30), pick(8, 20), 3), 3, 1, channels)};
  for (int l = pick(3, 9); l > 0; --l) {
    const int x = made.back();
    const int other = made[random() % made.size()];
    switch (pick(0, 4)) {
      case 0:
        made.push_back(n.mul(x, n.mean(x)));
        break;
      case 1:
        made.push_back(other == x ? n.table(x) : n.add(x, other));
        break;
      case 2:
        made.push_back(n.depthwise(x, pick(2, 7), 1));
        break;
      case 3:
        made.push_back(n.conv(other, pick(1, 5), 1, channels));
        break;
      default:
        made.push_back(n.conv(n.conv(x, 1, 1, 4 * channels), 1, 1, channels));
    }
  }
  n.output(made.back());
  if (pick(0, 2) == 0) n.output(made[random() % made.size()]);
  return n.finish();
}

// Pages are small, so that small nets gain from spills.
TEST(SpillTest, RandomNetsInTooSmallArenas) {
  Board board = find_board("stm32f746");
  Storage& storage = board.storages[0];
  storage.erase_bytes = 64;
  storage.write_bytes = 16;
  int spilled = 0, tried = 0;
  for (uint32_t seed = 1; seed <= 24; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const Net net = seed % 3 ? wide_net(seed) : random_net(seed);
    PlanRequest options = one_node(board);
    options.objective = Objective::kRam;
    const int64_t whole = make_plan(net, options).nodes[0].arena_bytes;
    options.objective = random() % 2 ? Objective::kRam : Objective::kLatency;
    options.node().ram = whole * static_cast<int64_t>(60 + random() % 35) / 100;
    options.max_writes = kAny;
    ++tried;
    try {
      const Plan plan = make_plan(net, options);
      const PlanNode& node = plan.nodes[0];
      expect_right(net, plan);
      EXPECT_LE(node.arena_bytes, *options.node().ram);
      EXPECT_GT(node.spill_pages, 0);
      ++spilled;
      options.max_writes = 0;
      EXPECT_THROW(make_plan(net, options), Error);
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kDoesNotFit) << e.what();
    }
    if (HasFailure()) return;
  }
  EXPECT_GT(spilled, 6) << "of " << tried;
}

}  // namespace
}  // namespace shoal
