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

// Returns the plan that `shoal plan` makes for one node.
Plan alone(const Net& net, const ClusterNode& node) {
  PlanRequest request = one_node(node.board);
  request.cluster.nodes = {node};
  return make_plan(net, request);
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
  // The link does not matter to a node alone; the budget does.
  request.cluster.nodes[3].board.link_bits_per_s /= 10;
  find_replicas(net, request);
  EXPECT_EQ(searches.count, 2);
  for (const size_t n : {2, 5}) request.cluster.nodes[n].ram = 20000;
  const std::optional<Replicas> r = find_replicas(net, request);
  EXPECT_EQ(searches.count, 4);
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

// Looking for tiles would take as long as the search for the plan itself.
TEST(ReplicasTest, TilesAreLeftOut) {
  const Net net = early_net();
  PlanRequest request = frames_of(2);
  PlanRequest one = one_node(find_board("teensy41"));
  one.objective = Objective::kRam;
  const int64_t whole = largest_arena(make_plan(net, one));
  one.replay = true;
  ASSERT_LT(largest_arena(make_plan(net, one)), whole);
  for (ClusterNode& n : request.cluster.nodes) n.ram = whole - 1;
  request.replay = true;
  const std::optional<Replicas> r = find_replicas(net, request);
  EXPECT_TRUE(r->nodes.empty());
  EXPECT_TRUE(r->without_tiles);
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
