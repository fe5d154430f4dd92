#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>

#include "host/base/error.h"
#include "host/check/check.h"
#include "host/check/testing/right_plan.h"
#include "host/plan/cuts/cut_layer.h"
#include "host/plan/cuts/cuts.h"
#include "host/plan/planner/planner.h"
#include "host/plan/search/linked_parts.h"
#include "host/plan/search/search.h"
#include "host/plan/testing/shape_net.h"
#include "host/plan/tokens/token_simulation.h"

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
  return make_plan(
      net, linked_nodes(cluster, make_cuts(net, cluster, how), objective));
}

TEST(LinkedPlanner, StrategiesOfShapeNetsAreRight) {
  for (const NamedNet& named : shape_nets()) {
    for (const char* strategy : {"layer", "kernel", "spatial"}) {
      for (int nodes : {1, 2, 3, 5, 8}) {
        SCOPED_TRACE(named.name + " " + strategy + " " + std::to_string(nodes));
        const Plan plan = plan_of(named.net, strategy, nodes);
        EXPECT_TRUE(plan.linked);
        EXPECT_EQ(plan.nodes.size(), size_t(nodes));
        expect_right(named.net, plan);
      }
    }
  }
}

TEST(LinkedPlanner, StrategiesOfRandomNetsAreRight) {
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    const Net net = random_net(seed);
    std::mt19937 random(seed);
    for (const char* strategy : {"layer", "kernel", "spatial"}) {
      const int nodes = 1 + static_cast<int>(random() % 9);
      SCOPED_TRACE(net.name + " " + strategy + " " + std::to_string(nodes));
      expect_right(net, plan_of(net, strategy, nodes));
    }
  }
}

// A plan of a net whose layers are all cut alike.
struct CutOf {
  Net net;
  Cluster cluster;
  Cuts cuts;
  CutOf(const Net& n, int nodes,
        const std::function<LayerCut(const Layer&, const Crew&)>& how)
      : net(n), cluster(cluster_of(nodes)) {
    cuts.strategy = "test";
    for (const Layer& layer : net.layers) {
      cuts.layers.push_back(how(layer, whole_crew(cluster)));
    }
  }
  Plan plan() const {
    Plan made = make_plan(net, linked_nodes(cluster, cuts, Objective::kRam));
    const std::vector<std::string> found = check(net, made);
    EXPECT_TRUE(found.empty()) << found.front();
    return made;
  }
};

LayerCut by_rows(const Layer& layer, const Crew& crew) {
  return cut_grid(layer, crew, static_cast<int>(crew.nodes.size()), 1);
}

Net two_convolutions(int rows, int columns, int channels) {
  ShapeNet n("two");
  const int x = n.conv(n.input(rows, columns, 3), 3, 1, channels);
  n.output(n.conv(x, 3, 1, channels));
  return n.finish();
}

TEST(LinkedPlanner, AHaloTravelsWhereASegmentEnds) {
  CutOf cut(two_convolutions(8, 6, 5), 2, by_rows);
  cut.cuts.ends = {0};
  const Plan plan = cut.plan();
  ASSERT_EQ(plan.streams.size(), 2u);
  for (const PlanStream& s : plan.streams) {
    const bool down = s.from.node == 0;
    EXPECT_EQ(s.box, (down ? Box{3, 4, 0, 6, 0, 5} : Box{4, 5, 0, 6, 0, 5}));
    ASSERT_EQ(s.to.size(), 1u);
    EXPECT_EQ(s.to[0].node, down ? 1 : 0);
  }
  // The picture with its halos, the halos, the result.
  EXPECT_EQ(plan.nodes[0].received_bytes, 5 * 6 * 3 + 6 * 5);
  EXPECT_EQ(plan.nodes[0].sent_bytes, 6 * 5 + 4 * 6 * 5);
  EXPECT_EQ(plan.macs, plan.model_macs);
}

TEST(LinkedPlanner, AHaloIsComputedTwiceWithinASegment) {
  CutOf cut(two_convolutions(8, 6, 5), 2, by_rows);
  cut.cuts.joined = {0};
  const Plan plan = cut.plan();
  EXPECT_TRUE(plan.streams.empty());
  EXPECT_EQ(plan.nodes[0].received_bytes, 6 * 6 * 3);
  // Each node computes one more row of the first layer.
  EXPECT_EQ(plan.macs - plan.model_macs, 2 * 6 * 5 * 27);
}

TEST(LinkedPlanner, ChannelsGoToAllOthersInOneStream) {
  const CutOf cut(two_convolutions(8, 6, 9), 3, cut_outputs);
  const Plan plan = cut.plan();
  ASSERT_EQ(plan.streams.size(), 3u);
  for (const PlanStream& s : plan.streams) {
    const int c = 3 * s.from.node;
    EXPECT_EQ(s.box, (Box{0, 8, 0, 6, c, c + 3}));
    ASSERT_EQ(s.to.size(), 2u);
    EXPECT_NE(s.to[0].node, s.to[1].node);
    EXPECT_NE(s.to[0].node, s.from.node);
    EXPECT_NE(s.to[1].node, s.from.node);
  }
}

TEST(LinkedPlanner, SumsGoAlongAChainForEverySlice) {
  const CutOf cut(
      two_convolutions(8, 6, 9), 3, [](const Layer& l, const Crew& c) {
        return l.name == "layer1" ? cut_inputs(l, c) : cut_outputs(l, c);
      });
  const Plan plan = cut.plan();
  ASSERT_EQ(plan.streams.size(), 6u);
  int into[3] = {};
  for (const PlanStream& s : plan.streams) {
    EXPECT_EQ(s.element_bytes, 4);
    EXPECT_EQ(s.box.channels(), 3);
    ASSERT_EQ(s.to.size(), 1u);
    EXPECT_EQ(s.to[0].node, (s.from.node + 1) % 3);
    ++into[s.to[0].node];
  }
  EXPECT_EQ(into[0], 2);
  EXPECT_EQ(into[1], 2);
  EXPECT_EQ(into[2], 2);
  EXPECT_EQ(plan.macs, plan.model_macs);
}

TEST(LinkedPlanner, AResidualConnectionCostsNoStream) {
  ShapeNet n("residual");
  const int x = n.conv(n.input(12, 6, 3), 3, 1, 4);
  n.output(n.add(x, n.conv(n.conv(x, 1, 1, 8), 1, 1, 4)));
  EXPECT_TRUE(CutOf(n.finish(), 3, by_rows).plan().streams.empty());
}

TEST(LinkedPlanner, PartsOfAConcatenationComeFromTheirOwners) {
  ShapeNet n("parts");
  const int x = n.conv(n.input(6, 6, 4), 3, 1, 4);
  const int all = n.tensor(6, 6, 10);
  n.conv_between(x, 0, 4, all, 0, 4);
  n.conv_between(x, 0, 4, all, 4, 6);
  n.output(n.conv(all, 1, 1, 2));
  // The first part is node 0's, the second node 1's, the rest node 2's.
  const CutOf cut(n.finish(), 3, [](const Layer& l, const Crew&) {
    return cut_one(l, l.name == "layer1" ? 0 : l.name == "layer2" ? 1 : 2);
  });
  const Plan plan = cut.plan();
  ASSERT_EQ(plan.streams.size(), 3u);
  EXPECT_EQ(plan.streams[0].to.size(), 2u);  // layer 0, to both
  EXPECT_EQ(plan.streams[1].box, (Box{0, 6, 0, 6, 0, 4}));
  EXPECT_EQ(plan.streams[2].box, (Box{0, 6, 0, 6, 4, 10}));
}

TEST(LinkedPlanner, ManyNodesTakeLessEach) {
  const Net net = bottleneck_net(64, 6);
  const auto largest = [&](const char* strategy, int nodes) {
    uint32_t most = 0;
    for (const PlanNode& n : plan_of(net, strategy, nodes).nodes) {
      most = std::max(most, n.arena_bytes);
    }
    return most;
  };
  const uint32_t one = largest("spatial", 1);
  EXPECT_LT(largest("spatial", 2), one);
  EXPECT_LT(largest("spatial", 4), one / 2);
  EXPECT_LT(largest("kernel", 4), one * 3 / 4);
}

TEST(LinkedPlanner, ARefusalNamesNodeLayerAndBudget) {
  const Net net = bottleneck_net(64, 4);
  Cluster cluster = cluster_of(3);
  StrategyOptions how;
  how.strategy = "kernel";
  const Cuts cuts = make_cuts(net, cluster, how);
  cluster.nodes[1].ram = 2000;
  try {
    make_plan(net, linked_nodes(cluster, cuts));
    FAIL();
  } catch (const Error& e) {
    const std::string text = e.what();
    EXPECT_EQ(e.code(), Exit::kDoesNotFit);
    EXPECT_NE(text.find("node1"), std::string::npos) << text;
    EXPECT_NE(text.find("layer "), std::string::npos) << text;
    EXPECT_NE(text.find("2,000 B"), std::string::npos) << text;
    EXPECT_EQ(e.fix().rfind("--ram ", 0), 0u) << e.fix();
    cluster.nodes[1].ram = std::stoll(e.fix().substr(6));
  }
  EXPECT_LE(make_plan(net, linked_nodes(cluster, cuts)).nodes[1].arena_bytes,
            *cluster.nodes[1].ram);
}

TEST(LinkedPlanner, EveryNodeKeepsItsOwnBudget) {
  const Net net = bottleneck_net(64, 6);
  Cluster cluster = cluster_of(4);
  StrategyOptions how;
  how.strategy = "kernel";
  const Cuts cuts = make_cuts(net, cluster, how);
  for (const Objective objective : {Objective::kRam, Objective::kLatency}) {
    for (size_t n = 0; n < cluster.nodes.size(); ++n) {
      cluster.nodes[n].ram = 25000 + 5000 * static_cast<int64_t>(n);
    }
    const Plan plan = make_plan(net, linked_nodes(cluster, cuts, objective));
    for (size_t n = 0; n < cluster.nodes.size(); ++n) {
      EXPECT_LE(plan.nodes[n].arena_bytes, *cluster.nodes[n].ram);
    }
  }
}

TEST(LinkedPlanner, AJoinedBlockMustNotChangeItsCut) {
  CutOf cut(two_convolutions(8, 6, 6), 2, [](const Layer& l, const Crew& c) {
    return l.name == "layer1" ? by_rows(l, c) : cut_outputs(l, c);
  });
  cut.cuts.joined = {0};
  try {
    cut.plan();
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kUsage);
    EXPECT_NE(std::string(e.what()).find("layer0"), std::string::npos)
        << e.what();
  }
}

TEST(LinkedPlanner, ABlockWithGroupsHasNoEndWithin) {
  const Net net = bottleneck_net(48, 2);
  const Cluster cluster = cluster_of(2);
  Cuts cuts = make_cuts(net, cluster, {.strategy = "spatial"});
  cuts.blocks = group_blocks({net, cluster, cuts}, 16);
  ASSERT_FALSE(cuts.blocks.empty());
  const int inner = cuts.blocks.front().begin;
  EXPECT_NO_THROW(make_plan(net, linked_nodes(cluster, cuts)));
  cuts.ends = {inner};
  try {
    make_plan(net, linked_nodes(cluster, cuts));
    FAIL();
  } catch (const Error& e) {
    const std::string text = e.what();
    EXPECT_EQ(e.code(), Exit::kUsage);
    EXPECT_NE(text.find(net.layers[size_t(inner)].name), std::string::npos)
        << text;
    EXPECT_NE(text.find("has groups"), std::string::npos) << text;
  }
}

// A group of channels never leaves its node.
TEST(LinkedPlanner, GroupsWantAllChannelsOnTheirNodes) {
  const Net net = bottleneck_net(16, 1);
  const Cluster cluster = cluster_of(2);
  Cuts cuts = make_cuts(net, cluster, {"kernel"});
  const int layers = static_cast<int>(net.layers.size());
  cuts.blocks.push_back({0, layers, std::nullopt, 2});
  try {
    make_plan(net, linked_nodes(cluster, cuts));
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kUsage);
    EXPECT_NE(std::string(e.what()).find("all channels"), std::string::npos)
        << e.what();
  }
}

// Plans with overlays and channel groups are still right, and some of them are
// smaller.
TEST(LinkedPlanner, OverlaysAndGroupsAreRightAndSaveBytes) {
  int smaller = 0, overlaid = 0;
  const auto try_net = [&](const Net& net, int nodes) {
    SCOPED_TRACE(net.name + " " + std::to_string(nodes));
    const Cluster cluster = cluster_of(nodes);
    const Cuts cuts = make_cuts(net, cluster, {.strategy = "spatial"});
    const PlanRequest request = linked_nodes(cluster, cuts, Objective::kRam);
    SearchOptions options;
    const int64_t without = largest_arena(
        search_plan(net, request, linked_search(net, request, cuts, options))
            .value());
    options.overlays = true;
    options.groups = {16, 8};
    const Plan plan =
        search_plan(net, request, linked_search(net, request, cuts, options))
            .value();
    expect_right(net, plan);
    smaller += largest_arena(plan) < without;
    for (const PlanNode& n : plan.nodes) {
      for (const PlanStage& s : n.stages) {
        for (const PlanBuffer& b : s.buffers) overlaid += b.overlay >= 0;
      }
    }
  };
  for (const int nodes : {1, 2, 4, 8}) {
    try_net(bottleneck_net(32, 3), nodes);
    try_net(bottleneck_net(24, 4), nodes);
    for (const NamedNet& named : shape_nets()) try_net(named.net, nodes);
  }
  for (uint32_t seed = 1; seed <= 40; ++seed) {
    try_net(random_net(seed), 1 + static_cast<int>(seed % 8));
  }
  EXPECT_GT(smaller, 0);
  EXPECT_GT(overlaid, 0);
}

}  // namespace
}  // namespace shoal
