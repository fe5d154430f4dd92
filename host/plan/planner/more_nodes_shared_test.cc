// Real models with which a search may find larger arenas for more nodes.
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>

#include "host/check/check.h"
#include "host/model/import/import.h"
#include "host/plan/cost/program_size.h"
#include "host/plan/planner/planner.h"
#include "host/plan/search/search.h"
#include "tests/shared.h"

namespace shoal {
namespace {

Plan smallest(const Net& net, int nodes, bool replay) {
  PlanRequest request =
      linked_nodes(uniform_cluster(nodes, find_board("teensy41"), {}), "auto",
                   Objective::kRam);
  request.replay = replay;
  Plan plan = make_plan(net, request);
  EXPECT_TRUE(check(net, plan).empty()) << plan.strategy;
  return plan;
}

Net net_of(const char* file) {
  return lower(load_model((shared_dir() / "models" / file).string()));
}

// With tiles, three nodes need less than four that all have a share; the fourth
// is left out.
TEST(MoreNodesSharedTest, FewerMayShareTilesBetter) {
  const Net net = net_of("vww_96_int8.tflite");
  const Plan three = smallest(net, 3, true), four = smallest(net, 4, true);
  EXPECT_LE(largest_arena(four), largest_arena(three)) << four.strategy;
  EXPECT_TRUE(three.strategy.starts_with("auto (tiles")) << three.strategy;
}

// With columns, five nodes need less than six, and four less than five,
// although the estimate is half as large again as the arena.
TEST(MoreNodesSharedLong, FewerMayShareColumnsBetter) {
  const Net net = net_of("tinyengine_vww_i8io.tflite");
  const Plan five = smallest(net, 5, false), six = smallest(net, 6, false);
  EXPECT_LE(largest_arena(six), largest_arena(five)) << six.strategy;
  const Net large = net_of("tinyengine_mcunetv2_large_i8io.tflite");
  const Plan of_five = smallest(large, 5, false);
  EXPECT_LE(largest_arena(of_five), 71000) << of_five.strategy;
}

// For layers on nodes of their own, the estimate is a quarter too high.
TEST(MoreNodesSharedTest, SevenMayHaveLayersOfTheirOwn) {
  const Net net = net_of("pretrainedResnet_quant.tflite");
  const Plan seven = smallest(net, 7, false), eight = smallest(net, 8, false);
  EXPECT_LE(largest_arena(eight), largest_arena(seven)) << eight.strategy;
}

// Crews that begin worse than all nodes, or whose estimate is worse, may end
// better.
TEST(MoreNodesSharedLong, SomeMayTakeLessTimeThanAll) {
  const std::string models = (shared_dir() / "models").string();
  const struct {
    std::string file;
    int some, all;
    std::optional<int64_t> ram;
  } cases[] = {
      {models + "/tinyengine_detection_i8io.tflite", 6, 8, {}},
      {models + "/pretrainedResnet_quant.tflite", 13, 16, 20 * 1024},
      {SHOAL_SOURCE_DIR "/models/fashion_mobilenet_v2.tflite", 6, 8, 12 * 1024},
  };
  for (const auto& [file, some, all, ram] : cases) {
    const Net net = lower(load_model(file));
    const auto latency_s = [&](int nodes) {
      const Cluster cluster = uniform_cluster(nodes, find_board("rp2350"), ram);
      return make_plan(net, linked_nodes(cluster, "auto")).latency_s;
    };
    EXPECT_LE(latency_s(all), latency_s(some)) << file;
  }
}

// After the first changes of each move there are others to try: with those
// alone it takes 10.7 ms.
TEST(MoreNodesSharedTest, AllChangesOfEachMoveAreTried) {
  const Net net = net_of("str_ww_ref_model.tflite");
  const Cluster cluster = uniform_cluster(3, find_board("stm32h743"), 2288);
  const Plan plan = make_plan(net, linked_nodes(cluster, "auto"));
  EXPECT_TRUE(check(net, plan).empty());
  EXPECT_LE(plan.latency_s, 0.0082) << plan.strategy;
}

// The tables of channel groups of eight exceed the flash of three nodes.
TEST(MoreNodesSharedTest, FlashBoundsTablesOfGroups) {
  const Net net = net_of("tf2_mobilenet_v2_1.0_224_ptq.tflite");
  const Board& board = find_board("stm32h743");
  const Plan plan = make_plan(net, linked_nodes(uniform_cluster(3, board, {}),
                                                "auto", Objective::kRam));
  EXPECT_LE(largest_arena(plan), 40000) << plan.strategy;
  for (const ProgramSize& size : program_sizes(net, plan)) {
    EXPECT_LE(size.bytes(), board.flash_bytes);
  }
}

}  // namespace
}  // namespace shoal
