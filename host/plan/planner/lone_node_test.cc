// Where links are slow, or few nodes have room, one node alone may be best.
// Then it matters most what it computes while rows still arrive.
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "host/check/check.h"
#include "host/plan/cuts/cuts.h"
#include "host/plan/planner/planner.h"
#include "host/plan/planner/trials.h"
#include "host/plan/search/segment_memo.h"
#include "host/plan/testing/shape_net.h"

namespace shoal {
namespace {

Plan checked_plan(const Net& net, const PlanRequest& request) {
  Plan plan = make_plan(net, request);
  EXPECT_TRUE(check(net, plan).empty()) << plan.strategy;
  return plan;
}

Cluster nodes_at(int nodes, double bits_per_s) {
  Cluster cluster = uniform_cluster(nodes, find_board("teensy41"), {});
  for (ClusterNode& n : cluster.nodes) n.board.link_bits_per_s = bits_per_s;
  return cluster;
}

// All layers on the first node, as a file of cuts may have them.
Plan by_hand(const Net& net, Cluster cluster) {
  Cuts cuts = make_cuts_over(net, cluster, {0}, {.strategy = "spatial"});
  return checked_plan(net, linked_nodes(std::move(cluster), std::move(cuts)));
}

TEST(LoneNodeTest, OneNodeByHandIsNoFaster) {
  const Net net = bottleneck_net(96, 6);
  for (const double rate : {2e5, 1e6, 5e6, 1e7}) {
    for (const int nodes : {1, 2}) {
      SCOPED_TRACE(std::to_string(rate) + " on " + std::to_string(nodes));
      const Cluster cluster = nodes_at(nodes, rate);
      const Plan plan = checked_plan(net, linked_nodes(cluster, "auto"));
      EXPECT_LE(plan.latency_s, 1.01 * by_hand(net, cluster).latency_s);
    }
  }
}

// Cuts and options change nothing of it.
TEST(LoneNodeTest, ANodeAsIfAloneIsPlannedOnce) {
  const Net net = bottleneck_net(48, 3);
  const PlanRequest request = linked_nodes(nodes_at(1, 1e7), "auto");
  SegmentMemo memo(net);
  Trials trials(net, request, memo);
  const Cuts cuts = make_cuts(net, request.cluster, {.strategy = "spatial"});
  Trial trial{"single", cuts, {}, 0};
  EXPECT_TRUE(trials.run(trial));
  trial.cuts.ends = {2};
  trial.options.save_memory();
  EXPECT_FALSE(trials.run(trial));
  EXPECT_EQ(trials.count(), 1);
  trial.alone = -1;
  trials.run(trial);
  EXPECT_EQ(trials.count(), 2);
}

Plan without(int node, const Net& net, Cluster cluster) {
  cluster.nodes.erase(cluster.nodes.begin() + node);
  return checked_plan(net, linked_nodes(std::move(cluster), "auto"));
}

// The second of two equally fast nodes alone has room for all layers.
TEST(LoneNodeTest, NodesWithLittleRoomAreLeftOut) {
  ShapeNet n("spotter");
  int t = n.input(30, 1, 40);
  for (int i = 0; i < 3; ++i) t = n.conv(n.depthwise(t, 5, 1), 1, 1, 64);
  n.output(n.fully_connected(t, 3));
  const Net net = n.finish();
  Cluster cluster = nodes_at(3, 1e8);
  cluster.nodes[0].ram = 1024;
  cluster.nodes[1].ram = 4096;
  cluster.nodes[2].ram = 65536;
  const Plan plan = checked_plan(net, linked_nodes(cluster, "auto"));
  EXPECT_LE(plan.latency_s, without(1, net, cluster).latency_s);
}

// Only one node has a faster link.
TEST(LoneNodeTest, OneNodeHasTheFastestLink) {
  const Net net = bottleneck_net(32, 3);
  Cluster cluster = nodes_at(4, 1e5);
  cluster.nodes[2].board.link_bits_per_s = 1e6;
  const Plan plan = checked_plan(net, linked_nodes(cluster, "auto"));
  Cluster fastest = cluster;
  fastest.nodes = {cluster.nodes[2]};
  EXPECT_LE(plan.latency_s, 1.01 * by_hand(net, fastest).latency_s);
}

}  // namespace
}  // namespace shoal
