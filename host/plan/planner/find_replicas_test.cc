#include "host/plan/planner/find_replicas.h"

#include <gtest/gtest.h>

#include <optional>

#include "host/base/error.h"
#include "host/plan/cost/program_size.h"
#include "host/plan/planner/planner.h"
#include "host/plan/search/search.h"
#include "host/plan/testing/shape_net.h"
#include "host/plan/types/deadline.h"
#include "host/plan/types/progress.h"

namespace shoal {
namespace {

PlanRequest frames_of(int nodes) {
  return linked_nodes(uniform_cluster(nodes, find_board("teensy41"), {}),
                      "auto", Objective::kThroughput);
}

struct Searches final : PlanWatcher {
  Searches() { PlanProgress::watch(this); }
  ~Searches() { PlanProgress::watch(nullptr); }
  void tried(int64_t) override {}
  void ended() override { ++count; }
  int count = 0;
};

// Returns the plan that `shoal serve --replicas` makes for one worker.
Plan alone(const Net& net, const ClusterNode& node) {
  return make_plan(net, linked_nodes({{node}}, "auto"));
}

TEST(ReplicasTest, AreWhatEachNodeTakesAlone) {
  const Net net = bottleneck_net(48, 5);
  PlanRequest request = frames_of(4);
  auto& nodes = request.cluster.nodes;
  nodes[1].board.clock_hz /= 2;
  nodes[2].ram = 600;
  nodes[3].board.costs.firing_us *= 3;
  const std::optional<Replicas> r = find_replicas(net, request);
  ASSERT_TRUE(r);
  EXPECT_EQ(r->does_not_fit, std::vector<std::string>{"node2"});
  ASSERT_EQ(r->nodes.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    const ClusterNode& node = nodes[i == 2 ? 3 : i];
    const Plan plan = alone(net, node);
    EXPECT_EQ(r->nodes[i].node, node.name);
    EXPECT_EQ(r->nodes[i].latency_s, plan.latency_s) << node.name;
    EXPECT_EQ(r->nodes[i].arena_bytes, largest_arena(plan)) << node.name;
  }
  EXPECT_GT(r->nodes[1].latency_s, 1.5 * r->nodes[0].latency_s);
  EXPECT_GT(r->nodes[2].latency_s, r->nodes[0].latency_s);
}

TEST(ReplicasTest, NodesThatAreAlikeArePlannedOnce) {
  const Net net = bottleneck_net(48, 5);
  PlanRequest request = frames_of(8);
  Searches searches;
  EXPECT_EQ(find_replicas(net, request)->nodes.size(), 8u);
  EXPECT_EQ(searches.count, 1);
  request.cluster.nodes[3].board.link_bits_per_s /= 10;
  find_replicas(net, request);
  EXPECT_EQ(searches.count, 3);
  for (const size_t n : {2, 5}) request.cluster.nodes[n].ram = 20000;
  const std::optional<Replicas> r = find_replicas(net, request);
  EXPECT_EQ(searches.count, 6);
  EXPECT_EQ(r->nodes[2].node, "node2");
  EXPECT_LE(r->nodes[5].arena_bytes, 20000);
  EXPECT_EQ(r->nodes[5].arena_bytes, r->nodes[2].arena_bytes);
}

// The rest of a program counts as well as its weights. Searches only estimate
// it, so exceeds_flash() decides.
TEST(ReplicasTest, ProgramsMustFitTheFlash) {
  const Net net = bottleneck_net(48, 5);
  PlanRequest request = frames_of(2);
  for (ClusterNode& n : request.cluster.nodes) n.board.storages.clear();
  ClusterNode& small = request.cluster.nodes[1];
  PlanRequest one = one_node(small.board);
  int64_t bytes = make_plan(net, one).nodes[0].flash_weight_bytes;
  for (bool planned = false; !planned; bytes += 500) {
    one.node().flash = small.flash = bytes;
    try {
      ASSERT_TRUE(exceeds_flash(net, one.cluster, make_plan(net, one)));
      planned = true;
    } catch (const Error& e) {
      ASSERT_EQ(e.code(), Exit::kDoesNotFit) << e.what();
    }
  }
  EXPECT_EQ(find_replicas(net, request)->does_not_fit,
            std::vector<std::string>{"node1"});
  small.flash = bytes + 20000;
  EXPECT_TRUE(find_replicas(net, request)->does_not_fit.empty());
}

TEST(ReplicasTest, HaveTilesWhereRowsComeAgain) {
  const Net net = early_net();
  PlanRequest request = frames_of(2);
  PlanRequest one =
      linked_nodes({{request.cluster.nodes[0]}}, "auto", Objective::kRam);
  const int64_t whole = largest_arena(make_plan(net, one));
  one.replay = true;
  ASSERT_LT(largest_arena(make_plan(net, one)), whole);
  for (ClusterNode& n : request.cluster.nodes) n.ram = whole - 1;
  EXPECT_TRUE(find_replicas(net, request)->nodes.empty());
  request.replay = true;
  const std::optional<Replicas> r = find_replicas(net, request);
  ASSERT_EQ(r->nodes.size(), 2u);
  EXPECT_LT(r->nodes[0].arena_bytes, whole);
}

// A node computes while rows of its frame arrive, so that it is busy all the
// time.
TEST(ReplicasTest, FramesFollowEachOtherClosely) {
  const Net net = bottleneck_net(48, 5);
  PlanRequest request = frames_of(1);
  const Replica one = find_replicas(net, request)->nodes.front();
  EXPECT_NEAR(one.period_s, one.latency_s, 0.01 * one.latency_s);
  EXPECT_GT(one.wire_s, 0);
  request.cluster.nodes[0].board.link_bits_per_s /= 10;
  EXPECT_NEAR(find_replicas(net, request)->nodes[0].wire_s, 10 * one.wire_s,
              1e-6 * one.wire_s);
}

TEST(ReplicasTest, FramesThatDependOnEachOtherAndNoTimeGiveNone) {
  Net net = bottleneck_net(16, 2);
  const PlanRequest request = frames_of(2);
  EXPECT_TRUE(find_replicas(net, request));
  {
    const PlanDeadline over(0);
    EXPECT_FALSE(find_replicas(net, request));
  }
  net.variables.emplace_back();
  EXPECT_FALSE(find_replicas(net, request));
}

}  // namespace
}  // namespace shoal
