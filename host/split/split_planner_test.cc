#include "host/split/split_planner.h"

#include <gtest/gtest.h>

#include <random>

#include "host/base/error.h"
#include "host/check/check.h"
#include "host/plan/simulate.h"
#include "host/plan/testing/shape_net.h"

namespace shoal {
namespace {

Cluster cluster_of(int nodes) {
  return uniform_cluster(nodes, find_board("host"), std::nullopt);
}

Plan plan_of(const Net& net, const std::string& strategy, int nodes,
             Objective objective = Objective::kRam) {
  const Cluster cluster = cluster_of(nodes);
  StrategyOptions how;
  how.strategy = strategy;
  SplitOptions options;
  options.objective = objective;
  return make_split_plan(net, cluster, make_cuts(net, cluster, how), options);
}

void expect_completes(const Net& net, const Plan& plan) {
  for (uint32_t seed = 1; seed <= 3; ++seed) {
    SimulateOptions options;
    options.order = FiringOrder::kRandom;
    options.seed = seed;
    const Simulation run = simulate(net, plan, options);
    EXPECT_TRUE(run.completed)
        << "segment " << run.stage << ": "
        << (run.blocked.empty() ? "" : run.blocked.front());
  }
}

TEST(SplitPlanner, StrategiesOfShapeNetsComplete) {
  for (const NamedNet& named : shape_nets()) {
    for (const char* strategy : {"layer", "kernel", "spatial"}) {
      for (int nodes : {1, 2, 3, 5, 8}) {
        SCOPED_TRACE(named.name + " " + strategy + " " + std::to_string(nodes));
        const Plan plan = plan_of(named.net, strategy, nodes);
        EXPECT_TRUE(plan.linked);
        EXPECT_EQ(plan.nodes.size(), size_t(nodes));
        expect_completes(named.net, plan);
      }
    }
  }
}

TEST(SplitPlanner, StrategiesOfRandomNetsComplete) {
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    const Net net = random_net(seed);
    std::mt19937 random(seed);
    for (const char* strategy : {"layer", "kernel", "spatial"}) {
      const int nodes = 1 + static_cast<int>(random() % 9);
      SCOPED_TRACE(net.name + " " + strategy + " " + std::to_string(nodes));
      expect_completes(net, plan_of(net, strategy, nodes));
    }
  }
}

}  // namespace
}  // namespace shoal
