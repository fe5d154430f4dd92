// Plans of MobileNetV2 for clusters: memory of every node, traffic, and how
// evenly the work is spread.
#include <gtest/gtest.h>

#include <map>
#include <tuple>
#include <utility>

#include "host/check/check.h"
#include "host/model/import/import.h"
#include "host/plan/cuts/cuts.h"
#include "host/plan/planner/planner.h"
#include "tests/shared.h"

namespace shoal {
namespace {

class MobileNet : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const auto path =
        shared_dir() / "models" / "tf2_mobilenet_v2_1.0_224_ptq.tflite";
    net_ = new Net(lower(load_model(path.string())));
  }
  static void TearDownTestSuite() { delete net_; }

  // Makes and checks each plan once for all tests.
  static const Plan& plan(const std::string& strategy, int nodes,
                          Objective objective) {
    static std::map<std::tuple<std::string, int, Objective>, Plan> made;
    const std::tuple key{strategy, nodes, objective};
    if (const auto at = made.find(key); at != made.end()) return at->second;
    const Cluster cluster =
        uniform_cluster(nodes, find_board("teensy41"), std::nullopt);
    StrategyOptions how;
    how.strategy = strategy;
    Plan p = make_plan(
        *net_,
        linked_nodes(cluster, make_cuts(*net_, cluster, how), objective));
    const std::vector<std::string> found = check(*net_, p);
    EXPECT_TRUE(found.empty()) << found.front();
    return made.emplace(key, std::move(p)).first->second;
  }

  // Returns the MACs of the busiest node relative to an even share.
  static double busiest(const Plan& plan) {
    int64_t most = 0;
    for (const PlanNode& n : plan.nodes) most = std::max(most, n.macs);
    return static_cast<double>(most) * static_cast<double>(plan.nodes.size()) /
           static_cast<double>(plan.model_macs);
  }

  static Net* net_;
};
Net* MobileNet::net_ = nullptr;
using MobileNetLong = MobileNet;

TEST_F(MobileNet, EightNodesTakeLittle) {
  EXPECT_LE(largest_arena(plan("spatial", 8, Objective::kRam)), 32u * 1024);
  EXPECT_LE(largest_arena(plan("kernel", 8, Objective::kRam)), 40u * 1024);
}

// The last cuts of this plan are found by splices when no other move helps.
TEST_F(MobileNet, EightNodesOf32KBAreFast) {
  constexpr double kAlone = 0.7588, kAim = 4.6;
  const Plan p = make_plan(
      *net_, linked_nodes(uniform_cluster(8, find_board("teensy41"), 32 * 1024),
                          "auto"));
  EXPECT_EQ(check(*net_, p), std::vector<std::string>());
  EXPECT_LE(largest_arena(p), 32u * 1024);
  EXPECT_LE(p.latency_s, kAlone / kAim);
  EXPECT_LE(p.traffic_bytes, 1'350'000);
}

// The budget is what lwIP, stacks and the agent leave of 64 KB; weights come
// from storage.
TEST_F(MobileNet, EightBoardsWith64KBHaveRoom) {
  constexpr int kRoom = 42592;
  const Cluster cluster = uniform_cluster(8, find_board("emcraft-sf2"), kRoom);
  const Plan p = make_plan(
      *net_,
      linked_nodes(cluster, make_cuts(*net_, cluster, {.strategy = "spatial"}),
                   Objective::kLatency));
  EXPECT_LE(largest_arena(p), uint32_t{kRoom});
}

// Plans the same for one board with datagrams of 128 B and sealed weights:
// reading them takes most of the time, so there are only as many tiles as high
// bands need.
TEST_F(MobileNetLong, OneBoardWith64KBReadsLittle) {
  constexpr int kRoom = 55024;
  PlanRequest request = linked_nodes(
      uniform_cluster(1, find_board("emcraft-sf2"), kRoom), "auto");
  request.node().sealed = true;
  request.max_payload = 128;
  request.replay = true;
  const Plan p = make_plan(*net_, request);
  EXPECT_EQ(check(*net_, p), std::vector<std::string>());
  EXPECT_LE(p.nodes[0].arena_bytes, uint32_t{kRoom});
  EXPECT_LE(p.nodes[0].storage_read_bytes, 53'500'000);
  EXPECT_LE(p.latency_s, 35.0);
}

TEST_F(MobileNet, RowsTravelWhereTheyMust) {
  EXPECT_LE(plan("spatial", 8, Objective::kRam).traffic_bytes, 1200000);
  EXPECT_LE(plan("kernel", 8, Objective::kRam).traffic_bytes, 24300000);
}

TEST_F(MobileNet, EveryNodeHasItsShare) {
  for (const int nodes : {2, 4, 8, 16}) {
    for (const Objective o : {Objective::kRam, Objective::kLatency}) {
      SCOPED_TRACE(nodes);
      EXPECT_LE(busiest(plan("spatial", nodes, o)), 1.6);
    }
  }
}

TEST_F(MobileNet, MoreNodesAreFasterAndSmaller) {
  double latency = 1e9;
  uint32_t arena = 0xFFFFFFFF;
  for (const int nodes : {1, 2, 4, 8, 16}) {
    const Plan& fast = plan("spatial", nodes, Objective::kLatency);
    const Plan& small = plan("spatial", nodes, Objective::kRam);
    EXPECT_LT(fast.latency_s, latency);
    EXPECT_LT(largest_arena(small), arena);
    latency = fast.latency_s;
    arena = largest_arena(small);
  }
}

// The search must charge single segments with what packing lacked, and try all
// seeds in ways that save memory.
TEST_F(MobileNetLong, LittleMemoryIsNoReasonForFewCuts) {
  Cluster cluster = uniform_cluster(8, find_board("teensy41"), 20 * 1024);
  const Plan p = make_plan(*net_, linked_nodes(std::move(cluster), "auto"));
  EXPECT_TRUE(check(*net_, p).empty());
  EXPECT_LE(largest_arena(p), 20u * 1024);
  EXPECT_LT(p.latency_s, 0.236);
}

}  // namespace
}  // namespace shoal
