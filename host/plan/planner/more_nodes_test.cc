// More nodes need no larger arenas than fewer, and no more time within a
// budget, with small nets whose own order of layers is best.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/base/error.h"
#include "host/check/check.h"
#include "host/plan/planner/planner.h"
#include "host/plan/search/search.h"
#include "host/plan/testing/shape_net.h"

namespace shoal {
namespace {

Cluster nodes_with(int nodes, std::optional<int64_t> ram = {}) {
  return uniform_cluster(nodes, find_board("teensy41"), ram);
}

Plan plan_over(const Net& net, Cluster cluster, Objective objective,
               bool replay) {
  PlanRequest request = linked_nodes(std::move(cluster), "auto", objective);
  request.replay = replay;
  Plan plan = make_plan(net, request);
  EXPECT_TRUE(check(net, plan).empty()) << plan.strategy;
  return plan;
}

// The own order of these nets is best with all cuts.
std::vector<NamedNet> nets_of_shapes() {
  return {{"early", early_net()}, {"bottleneck", bottleneck_net(48, 4)}};
}
std::vector<NamedNet> random_nets() {
  return {{"random 3", random_net(3)}, {"random 8", random_net(8)}};
}

void expect_no_larger_arenas(const std::vector<NamedNet>& nets, int most) {
  int tiled = 0;
  for (const auto& [name, net] : nets) {
    for (const bool replay : {false, true}) {
      int64_t least = INT64_MAX;
      for (int nodes = 1; nodes <= most; ++nodes) {
        SCOPED_TRACE(name + " on " + std::to_string(nodes) +
                     (replay ? " with tiles" : ""));
        const Plan plan =
            plan_over(net, nodes_with(nodes), Objective::kRam, replay);
        EXPECT_LE(largest_arena(plan), least) << plan.strategy;
        least = largest_arena(plan);
        tiled += plan.strategy.starts_with("auto (tiles");
      }
    }
  }
  EXPECT_GT(tiled, 0);
}

TEST(MoreNodesTest, NeverNeedLargerArenas) {
  expect_no_larger_arenas(nets_of_shapes(), 3);
}
TEST(MoreNodesLong, NeverNeedLargerArenas) {
  std::vector<NamedNet> nets = random_nets();
  std::ranges::copy(nets_of_shapes(), std::back_inserter(nets));
  // Tiles over three nodes are the smallest plan here.
  nets.push_back({"random 20", random_net(20)});
  expect_no_larger_arenas(nets, 5);
}

// For fewer nodes another order of layers is best here, with cuts that are not
// best in the net's own order.
TEST(MoreNodesLong, NeverNeedLargerArenasInAnotherOrder) {
  int reordered = 0;
  for (const uint32_t seed : {19, 25}) {
    const Net net = random_net(seed);
    int64_t least = INT64_MAX;
    for (int nodes = 1; nodes <= 6; ++nodes) {
      SCOPED_TRACE(std::to_string(seed) + " on " + std::to_string(nodes));
      const Plan plan =
          plan_over(net, nodes_with(nodes), Objective::kRam, false);
      EXPECT_LE(largest_arena(plan), least) << plan.strategy;
      least = largest_arena(plan);
      reordered += !plan.order.layers.empty();
    }
  }
  EXPECT_GT(reordered, 5);
}

// Nets with which a weaker search is slower on more nodes.
void expect_no_longer(const std::vector<uint32_t>& seeds, int least_idle) {
  int idle = 0;
  for (const uint32_t seed : seeds) {
    const Net net = random_net(seed);
    double latency = 1e9;
    for (int nodes = 1; nodes <= 6; ++nodes) {
      SCOPED_TRACE(std::to_string(seed) + " on " + std::to_string(nodes));
      const Plan plan =
          plan_over(net, nodes_with(nodes), Objective::kLatency, false);
      EXPECT_LE(plan.latency_s, latency) << plan.strategy;
      latency = plan.latency_s;
      idle += plan.says_nodes;
    }
  }
  EXPECT_GT(idle, least_idle);
}

TEST(MoreNodesTest, NeverTakeLonger) { expect_no_longer({14, 38, 22}, 4); }
TEST(MoreNodesLong, NeverTakeLonger) {
  expect_no_longer({10, 55, 1, 16, 43}, 8);
}

// The first `nodes` of some nodes whose clocks differ. The fourth one also has
// another board.
Cluster unequal_nodes(int nodes) {
  constexpr double kClocks[] = {0.25, 0.75, 0.5, 1, 0.25, 0.5};
  Cluster cluster = nodes_with(nodes);
  for (size_t n = 0; n < cluster.nodes.size(); ++n) {
    ClusterNode& node = cluster.nodes[n];
    if (n == 3) node.board = find_board("rp2350");
    node.board.clock_hz *= kClocks[n];
    node.rating = board_rating(node.board);
  }
  return cluster;
}

// Nets with which a weaker search needs larger arenas, or more time, on more
// nodes.
TEST(MoreNodesLong, NeitherDoUnequalOnes) {
  for (const uint32_t seed : {29, 14, 39, 9, 31}) {
    const Net net = random_net(seed);
    int64_t least = INT64_MAX;
    double latency = 1e9;
    for (int nodes = 1; nodes <= 6; ++nodes) {
      SCOPED_TRACE(std::to_string(seed) + " on " + std::to_string(nodes));
      const Plan small =
          plan_over(net, unequal_nodes(nodes), Objective::kRam, false);
      EXPECT_LE(largest_arena(small), least) << small.strategy;
      least = largest_arena(small);
      const Plan fast =
          plan_over(net, unequal_nodes(nodes), Objective::kLatency, false);
      EXPECT_LE(fast.latency_s, latency) << fast.strategy;
      latency = fast.latency_s;
    }
  }
}

// The boards have exactly the smallest arena, which needs equal shares: shares
// in proportion to clocks may not fit.
TEST(MoreNodesTest, WhatTheSmallestArenaFitsTakesTheLeastTimeThere) {
  for (const uint32_t seed : {29, 31, 39}) {
    SCOPED_TRACE(seed);
    const Net net = random_net(seed);
    Cluster cluster = unequal_nodes(6);
    const int64_t bytes =
        largest_arena(plan_over(net, cluster, Objective::kRam, false));
    for (ClusterNode& n : cluster.nodes) {
      n.board.banks = {{.name = "all", .bytes = bytes}};
    }
    Plan plan;
    ASSERT_NO_THROW(plan = plan_over(net, cluster, Objective::kLatency, false));
    EXPECT_LE(largest_arena(plan), bytes) << plan.strategy;
  }
}

// The smallest arena of two nodes is enough for more nodes, which take no
// longer.
void expect_no_longer_within_a_budget(const std::vector<NamedNet>& nets) {
  for (const auto& [name, net] : nets) {
    const int64_t ram =
        largest_arena(plan_over(net, nodes_with(2), Objective::kRam, true));
    double latency = 1e9;
    for (int nodes = 2; nodes <= 4; ++nodes) {
      SCOPED_TRACE(name + " on " + std::to_string(nodes));
      Plan plan;
      ASSERT_NO_THROW(plan = plan_over(net, nodes_with(nodes, ram),
                                       Objective::kLatency, true));
      EXPECT_LE(largest_arena(plan), ram);
      EXPECT_LE(plan.latency_s, latency) << plan.strategy;
      latency = plan.latency_s;
    }
  }
}

TEST(MoreNodesTest, NeverTakeLongerWithinABudget) {
  expect_no_longer_within_a_budget(random_nets());
}
TEST(MoreNodesLong, NeverTakeLongerWithinABudget) {
  expect_no_longer_within_a_budget(nets_of_shapes());
}

// The search is no smooth function of memory, but a plan within more memory is
// at most a little slower.
TEST(MoreNodesTest, HardlyTakeLongerWithinMore) {
  struct Case {
    Net net;
    const char* board;
    int nodes;
    int64_t less, more;
    double by;
  };
  const Case cases[] = {
      // Rows come over a slow link, into what bands leave.
      {early_net(), "esp32s3", 1, 26635, 28766, 1.01},
      {random_net(10), "esp32s3", 1, 2605, 2813, 1.05},
      // With more memory, plans without overlays fit, or the smallest of one
      // node.
      {early_net(), "teensy41", 5, 7205, 7782, 1.01},
      {random_net(8), "esp32s3", 2, 2272, 2454, 1.25},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(std::to_string(c.more) + " B on " + std::to_string(c.nodes));
    const auto seconds = [&](int64_t ram) {
      return plan_over(c.net,
                       uniform_cluster(c.nodes, find_board(c.board), ram),
                       Objective::kLatency, false)
          .latency_s;
    };
    EXPECT_LT(seconds(c.more), c.by * seconds(c.less));
  }
}

// If only the smallest arenas fit, links get the rows that these leave. The
// planner takes the fastest of such plans.
TEST(MoreNodesTest, WhatBarelyFitsIsNotMuchSlower) {
  const Net net = random_net(3);
  for (const auto& [board, by] : {std::pair{"esp32s3", 3}, {"teensy41", 2}}) {
    SCOPED_TRACE(board);
    Cluster cluster = uniform_cluster(3, find_board(board), {});
    const int64_t least =
        largest_arena(plan_over(net, cluster, Objective::kRam, false));
    const auto seconds = [&](int64_t percent) {
      for (ClusterNode& n : cluster.nodes) n.ram = least * percent / 100;
      return plan_over(net, cluster, Objective::kLatency, false).latency_s;
    };
    EXPECT_LT(seconds(104), by * seconds(140));
  }
}

}  // namespace
}  // namespace shoal
