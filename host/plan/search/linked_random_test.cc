// Plans random networks under random cuts: each plan must complete in any
// order, and the checker must find nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "host/check/check.h"
#include "host/check/testing/right_plan.h"
#include "host/plan/build/build_plan.h"
#include "host/plan/cuts/cut_layer.h"
#include "host/plan/cuts/cuts.h"
#include "host/plan/draft/linked_draft.h"
#include "host/plan/planner/planner.h"
#include "host/plan/search/search.h"
#include "host/plan/testing/shape_net.h"
#include "host/plan/tokens/token_simulation.h"

namespace shoal {
namespace {

LayerCut random_cut(const Layer& layer, const Cluster& cluster,
                    std::mt19937& random) {
  const int n = static_cast<int>(cluster.nodes.size());
  const Crew crew = whole_crew(cluster);
  switch (random() % 5) {
    case 0:
      return cut_one(layer, static_cast<int>(random() % crew.nodes.size()));
    case 1:
      return cut_outputs(layer, crew);
    case 2:
      return cut_inputs(layer, crew);
    default: {
      const int rows = 1 + static_cast<int>(random() % crew.nodes.size());
      return cut_grid(layer, crew, rows, n / rows);
    }
  }
}

// Returns cuts in runs of layers with the same cut, as people write them, or
// with a new cut for each layer.
Cuts random_cuts(const Net& net, const Cluster& cluster, std::mt19937& random) {
  Cuts cuts;
  cuts.strategy = "random";
  const bool runs = random() % 2;
  for (const Layer& layer : net.layers) {
    const std::mt19937 before = random;
    LayerCut cut = random_cut(layer, cluster, random);
    if (runs && random() % 4) random = before;
    cuts.layers.push_back(std::move(cut));
    if (random() % 8 == 0) {
      cuts.ends.push_back(static_cast<int>(cuts.layers.size()) - 1);
    }
  }
  return cuts;
}

void plan_at_random(const Net& net, uint32_t seed) {
  std::mt19937 random(seed);
  const int nodes = 1 + static_cast<int>(random() % 8);
  const Cluster cluster =
      uniform_cluster(nodes, find_board("host"), std::nullopt);
  const Objective objective =
      random() % 2 ? Objective::kRam : Objective::kLatency;
  SCOPED_TRACE(net.name + " on " + std::to_string(nodes) + " nodes, seed " +
               std::to_string(seed));
  expect_right(
      net,
      make_plan(net, linked_nodes(cluster, random_cuts(net, cluster, random),
                                  objective)));
}

TEST(LinkedRandom, ShapeNets) {
  uint32_t seed = 1;
  for (const NamedNet& named : shape_nets()) {
    for (int i = 0; i < 6; ++i) plan_at_random(named.net, seed++);
  }
}

// Expansion, depthwise convolution and projection fire as one actor.
TEST(LinkedRandom, ChannelGroupsAndBands) {
  for (uint32_t seed = 1; seed <= 40; ++seed) {
    std::mt19937 random(seed);
    const Net net = bottleneck_net(20 + static_cast<int>(random() % 20), 4);
    const int nodes = 1 + static_cast<int>(random() % 6);
    const Cluster cluster =
        uniform_cluster(nodes, find_board("host"), std::nullopt);
    Cuts cuts;
    cuts.strategy = "groups";
    const int rows = 1 + static_cast<int>(random() % nodes);
    for (const Layer& layer : net.layers) {
      cuts.layers.push_back(
          cut_grid(layer, whole_crew(cluster), rows, nodes / rows));
    }
    BlockChoice block;
    block.begin = 1, block.end = static_cast<int>(net.layers.size());
    block.groups = 2 + static_cast<int>(random() % 5);
    if (random() % 2) block.band = 1 + static_cast<int>(random() % 4);
    cuts.blocks.push_back(block);
    const Objective objective =
        random() % 2 ? Objective::kRam : Objective::kLatency;
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Plan plan = make_plan(net, linked_nodes(cluster, cuts, objective));
    expect_right(net, plan);
    size_t loops = 0;
    for (const PlanStage& s : plan.nodes[0].stages) loops += s.loops.size();
    EXPECT_GE(loops, 3u);
  }
}

// Neighbours send their columns row by row instead of computing them twice.
TEST(LinkedRandom, HalosAreSentWithinSegments) {
  for (uint32_t seed = 1; seed <= 30; ++seed) {
    std::mt19937 random(seed);
    const Net net = bottleneck_net(20 + static_cast<int>(random() % 20), 4);
    const int nodes = 2 + static_cast<int>(random() % 5);
    const Cluster cluster =
        uniform_cluster(nodes, find_board("host"), std::nullopt);
    Cuts cuts;
    cuts.strategy = "columns";
    for (const Layer& layer : net.layers) {
      cuts.layers.push_back(cut_grid(layer, whole_crew(cluster), 1, nodes));
    }
    for (int l = 0; l + 1 < static_cast<int>(net.layers.size()); ++l) {
      cuts.joined.push_back(l);
    }
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Plan twice =
        make_plan(net, linked_nodes(cluster, cuts, Objective::kRam));
    ASSERT_TRUE(send_halos(net, cuts));
    const Plan sent =
        make_plan(net, linked_nodes(cluster, cuts, Objective::kRam));
    expect_right(net, sent);
    EXPECT_LT(sent.macs, twice.macs);
    EXPECT_GT(sent.streams.size(), twice.streams.size());
    // Halos must be in rings, not in tensors that are held whole.
    const auto is_ring = [&](const PlanStream& s) {
      const PlanStage& stage = sent.nodes[s.from.node].stages[s.from.stage];
      const PlanBuffer& b = stage.buffers[stage.ports[s.from.port].buffer];
      return b.slots < b.box.rows();
    };
    EXPECT_TRUE(std::ranges::any_of(sent.streams, is_ring));
  }
}

TEST(LinkedRandom, RandomNets) {
  for (uint32_t seed = 100; seed < 180; ++seed) {
    plan_at_random(random_net(seed), seed);
  }
}

// Plans that do not fit are thrown away and may stay unfinished; all other
// plans must not change.
TEST(LinkedRandom, WhatMustFitIsTheSameIfItDoes) {
  int fit = 0, cut_short = 0;
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Net net = random_net(seed);
    if (net.layers.empty()) continue;
    std::mt19937 random(seed);
    const int nodes = 2 + static_cast<int>(random() % 4);
    const Cluster cluster =
        uniform_cluster(nodes, find_board("host"), std::nullopt);
    const Cuts cuts = make_cuts(net, cluster, {.strategy = "spatial"});
    const CutNet cut(net, cluster, cuts);
    SegmentChoice choice;
    for (int l = 0; l < whole_net(net).end; ++l) {
      choice.segments.push_back({l, l + 1});
      choice.passes.push_back(kOneRow);
    }
    std::vector<Supply> supplies;
    for (const ClusterNode& n : cluster.nodes) supplies.push_back({&n.board});
    const auto built = [&](const BuildOptions& how) {
      return build_plan(net, *linked_draft(cut, choice), supplies, how);
    };
    if (!linked_draft(cut, choice)) continue;
    const Plan small = built({});
    for (const int percent : {60, 90, 100, 120}) {
      BuildOptions how;
      for (const PlanNode& n : small.nodes) {
        how.budgets.push_back(int64_t{largest_arena(small)} * percent / 100);
        how.keeps.push_back(n.arena_bytes % 2 > 0);
      }
      const Plan whole = built(how);
      how.must_fit = true;
      const Plan some = built(how);
      const auto fits = [&](const Plan& plan) {
        for (size_t n = 0; n < plan.nodes.size(); ++n) {
          if (plan.nodes[n].arena_bytes > how.budgets[n]) return false;
        }
        return true;
      };
      ASSERT_EQ(fits(some), fits(whole));
      for (size_t n = 0; n < whole.nodes.size(); ++n) {
        const PlanNode &a = some.nodes[n], &b = whole.nodes[n];
        if (fits(whole)) {
          EXPECT_EQ(a.arena_bytes, b.arena_bytes);
          EXPECT_EQ(a.gaps, b.gaps);
        }
        cut_short += a.arena_bytes != b.arena_bytes;
      }
      fit += fits(whole);
    }
  }
  EXPECT_GT(fit, 20);
  EXPECT_GT(cut_short, 20);
}

}  // namespace
}  // namespace shoal
