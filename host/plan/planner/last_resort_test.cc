// Budgets that the smallest arena keeps are enough for any objective.
#include "host/plan/planner/last_resort.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "host/base/error.h"
#include "host/check/check.h"
#include "host/check/testing/right_plan.h"
#include "host/plan/planner/fixes.h"
#include "host/plan/planner/plan_numbers.h"
#include "host/plan/planner/planner.h"
#include "host/plan/search/search.h"
#include "host/plan/testing/branch_nets.h"
#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

const std::vector<Objective> kAll = {Objective::kRam, Objective::kLatency,
                                     Objective::kThroughput, Objective::kEnergy,
                                     Objective::kTraffic};

PlanRequest over(int nodes, const char* strategy = "auto") {
  return linked_nodes(uniform_cluster(nodes, find_board("teensy41"), {}),
                      strategy);
}

// Gives each node the largest arena of the smallest plan, then its own arena.
void expect_reached(const Net& net, const PlanRequest& request,
                    const std::vector<Objective>& objectives = kAll) {
  PlanRequest small = request;
  small.objective = Objective::kRam;
  const Plan least = make_plan(net, small);
  for (const bool each : {false, true}) {
    PlanRequest r = request;
    for (size_t n = 0; n < r.cluster.nodes.size(); ++n) {
      r.cluster.nodes[n].ram =
          each ? least.nodes[n].arena_bytes : largest_arena(least);
    }
    for (const Objective objective : objectives) {
      SCOPED_TRACE(std::string(objective_name(objective)) +
                   (each ? ", each its own" : ""));
      r.objective = objective;
      try {
        const Plan plan = make_plan(net, r);
        EXPECT_TRUE(fits(r.cluster, plan));
        EXPECT_TRUE(keeps(r.limits, numbers_of(net, r, plan, false)));
        EXPECT_EQ(plan.objective, objective);
        EXPECT_EQ(joined(check(net, plan)), "");
      } catch (const Error& e) {
        ADD_FAILURE() << e.what();
      }
    }
  }
}

TEST(LastResortTest, SeveralNodesKeepWhatTheSmallestArenasTake) {
  for (uint32_t seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE(seed);
    expect_reached(wired_net(seed, 12), over(3));
  }
  expect_reached(bottleneck_net(24, 2), over(3));
  for (const char* const strategy : {"spatial", "kernel", "layer"}) {
    SCOPED_TRACE(strategy);
    expect_reached(bottleneck_net(24, 3), over(3, strategy));
  }
}

TEST(LastResortTest, UnequalNodesDo) {
  PlanRequest request = over(3);
  request.cluster.nodes[1].board = find_board("rp2040");
  request.cluster.nodes[1].rating /= 3;
  expect_reached(wired_net(4, 12), request);
}

TEST(LastResortTest, ANodeWithStorageDoes) {
  for (const bool tiles : {false, true}) {
    SCOPED_TRACE(tiles);
    PlanRequest request = one_node(find_board("teensy41"));
    request.node().flash_weights = 0;
    request.replay = request.linked = tiles;
    expect_reached(bottleneck_net(24, 2), request,
                   {Objective::kLatency, Objective::kTraffic});
  }
}

TEST(LastResortLong, LimitsAreKept) {
  const Net net = bottleneck_net(24, 2);
  PlanRequest request = over(2);
  const Plan fast = make_plan(net, request);
  for (const double more : {1.02, 1.2}) {
    SCOPED_TRACE(more);
    request.limits.latency_s = fast.latency_s * more;
    expect_reached(net, request);
  }
}

// Here plans cost so much that the other order of layers is planned with the
// cuts of the first.
TEST(LastResortLong, OtherOrdersDo) {
  const Net net = wired_net(2, 35);
  ASSERT_GT(7 * net.layers.size(), tuning::kCostly);
  PlanRequest request = over(7);
  request.objective = Objective::kRam;
  const Plan least = make_plan(net, request);
  EXPECT_FALSE(least.order.layers.empty());
  request.objective = Objective::kLatency;
  for (ClusterNode& n : request.cluster.nodes) n.ram = largest_arena(least);
  const Plan plan = make_plan(net, request);
  EXPECT_TRUE(fits(request.cluster, plan));
  EXPECT_EQ(joined(check(net, plan)), "");
}

TEST(LastResortTest, WhatARefusalAsksForIsEnough) {
  const Net net = breadth_first_net(1, 4);
  PlanRequest request = over(3);
  request.objective = Objective::kRam;
  const int64_t least = largest_arena(make_plan(net, request));
  request.objective = Objective::kLatency;
  const auto give = [&](int64_t bytes) {
    for (ClusterNode& n : request.cluster.nodes) n.ram = bytes;
  };
  give(least - 1);
  try {
    make_plan(net, request);
    ADD_FAILURE() << "a byte less than the least was enough";
  } catch (const Error& e) {
    EXPECT_EQ(e.fix(), "--ram " + std::to_string(least));
  }
  for (const std::string& line : find_fixes(net, request, {})) {
    if (!line.starts_with("--ram ")) continue;
    give(std::stoll(line.substr(6)));
    EXPECT_LE(largest_arena(make_plan(net, request)),
              request.node().plan_budget());
  }
}

// With a limit, the message names the smallest arena with which a plan keeps
// it.
TEST(LastResortTest, SaysWhichArenaKeepsALimit) {
  const Net net = bottleneck_net(16, 3);
  PlanRequest request = over(3);
  const Plan fast = make_plan(net, request);
  request.objective = Objective::kRam;
  const Plan least = make_plan(net, request);
  request.limits.latency_s = fast.latency_s * 1.05;
  ASSERT_GT(least.latency_s, *request.limits.latency_s);
  const int64_t enough = largest_arena(make_plan(net, request));
  EXPECT_LT(enough, largest_arena(fast));
  request.objective = Objective::kLatency;
  const auto give = [&](int64_t bytes) {
    for (ClusterNode& n : request.cluster.nodes) n.ram = bytes;
  };
  give(largest_arena(least));
  try {
    make_plan(net, request);
    ADD_FAILURE() << "it keeps the limit";
  } catch (const Error& e) {
    const std::string way = kOrElse + ("--ram " + std::to_string(enough)) + ":";
    EXPECT_NE(e.fix().find(way), std::string::npos) << e.fix();
    EXPECT_TRUE(e.fix().starts_with("--max-latency ")) << e.fix();
  }
  give(enough);
  EXPECT_TRUE(keeps(request.limits,
                    numbers_of(net, request, make_plan(net, request), false)));
}

// The second search has the same budgets without the last flag.
TEST(LastResortTest, AsksForTheSmallestOnce) {
  const Net net = bottleneck_net(24, 2);
  PlanRequest request = one_node(find_board("teensy41"));
  request.objective = Objective::kRam;
  const Plan least = make_plan(net, request);
  std::vector<PlanRequest> asked;
  const Misfit refused{Exit::kDoesNotFit, "refused"};
  const auto find = [&](const PlanRequest& r) -> OrMisfit<Plan> {
    asked.push_back(r);
    if (asked.size() == 1) return refused;
    return least;
  };
  request.objective = Objective::kLatency;
  request.node().ram = request.node().max_arena = largest_arena(least);
  const Plan plan = plan_or_smallest(net, request, find).value();
  EXPECT_EQ(plan.objective, Objective::kLatency);
  ASSERT_EQ(asked.size(), 2u);
  EXPECT_EQ(asked[1].objective, Objective::kRam);
  EXPECT_FALSE(asked[1].node().max_arena);
  EXPECT_EQ(asked[1].node().ram, largest_arena(least));
  // A budget that the smallest plan exceeds is refused with the first misfit.
  request.node().max_arena = largest_arena(least) - 1;
  asked.clear();
  EXPECT_EQ(plan_or_smallest(net, request, find).misfit(), refused);
  EXPECT_EQ(asked.size(), 2u);
  // Without flags, the smallest plan of the board is not searched twice.
  asked.clear();
  request.objective = Objective::kRam;
  request.node().ram.reset(), request.node().max_arena.reset();
  EXPECT_EQ(plan_or_smallest(net, request, find).misfit(), refused);
  EXPECT_EQ(asked.size(), 1u);
}

}  // namespace
}  // namespace shoal
