// The threads of a search change how long it takes, and nothing else.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "host/plan/file/plan_file.h"
#include "host/plan/planner/fixes.h"
#include "host/plan/planner/planner.h"
#include "host/plan/testing/shape_net.h"

namespace shoal {
namespace {

PlanRequest nodes_within(int nodes, int64_t ram) {
  Cluster cluster = uniform_cluster(nodes, find_board("teensy41"), {});
  for (ClusterNode& n : cluster.nodes) n.ram = ram;
  return linked_nodes(std::move(cluster), "auto");
}

// Returns the plan, all of it, or why there is none.
std::string told(const Net& net, PlanRequest request, int jobs) {
  request.jobs = jobs;
  const OrMisfit<Plan> plan = try_plan(net, request);
  return plan ? plan->strategy + stored_plan(net, *plan).dump()
              : plan.misfit().what;
}

void expect_same(const Net& net, const PlanRequest& request) {
  EXPECT_EQ(told(net, request, 4), told(net, request, 1));
}

TEST(JobsTest, CrewsThatBeginAtOnce) {
  expect_same(bottleneck_net(16, 1), nodes_within(5, 16 << 10));
  PlanRequest costly = nodes_within(6, 16 << 10);
  costly.effort = 0;
  expect_same(bottleneck_net(24, 8), costly);
}

TEST(JobsTest, LaddersOfMoreEffort) {
  PlanRequest request = nodes_within(2, 12 << 10);
  request.effort = 8;
  expect_same(bottleneck_net(16, 1), request);
}

TEST(JobsTest, SmallestArenaOfUnequalNodes) {
  PlanRequest request = nodes_within(3, 64 << 10);
  request.objective = Objective::kRam;
  request.cluster.nodes[1].rating *= 2;
  expect_same(bottleneck_net(16, 1), request);
}

TEST(JobsTest, WhatWouldHelp) {
  const Net net = bottleneck_net(24, 3);
  PlanRequest request = nodes_within(2, 1 << 10);
  EXPECT_FALSE(try_plan(net, request));
  const std::vector<std::string> alone = find_fixes(net, request, {});
  EXPECT_FALSE(alone.empty());
  request.jobs = 4;
  EXPECT_EQ(find_fixes(net, request, {}), alone);
}

}  // namespace
}  // namespace shoal
