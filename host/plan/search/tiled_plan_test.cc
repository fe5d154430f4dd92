// Plans of several nodes that all compute a part of each tile of a run of
// layers.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "host/base/error.h"
#include "host/check/check.h"
#include "host/check/testing/right_plan.h"
#include "host/plan/cost/supply.h"
#include "host/plan/cuts/cut_layer.h"
#include "host/plan/draft/tile_net.h"
#include "host/plan/planner/planner.h"
#include "host/plan/search/search.h"
#include "host/plan/testing/shape_net.h"

namespace shoal {
namespace {

Cluster hosts(int nodes) {
  return uniform_cluster(nodes, find_board("host"), std::nullopt);
}

// Returns cuts of all layers as a grid, with the layers before `end` in tiles.
Cuts grid_cuts(const Net& net, const Cluster& cluster, int rows, int columns,
               int end, int tiles) {
  Cuts cuts;
  cuts.strategy = "tiles";
  for (const Layer& layer : net.layers) {
    cuts.layers.push_back(cut_grid(layer, whole_crew(cluster), rows, columns));
  }
  if (tiles > 1) cuts.tiles.push_back({0, end, tiles});
  return cuts;
}

Plan plan_of(const Net& net, const Cluster& cluster, Cuts cuts) {
  PlanRequest request = linked_nodes(cluster, std::move(cuts), Objective::kRam);
  request.replay = true;
  return make_plan(net, request);
}

// Returns how many pieces of an input a node takes.
int pieces_of(const PlanNode& node) {
  int pieces = 0;
  for (const PlanStage& stage : node.stages) {
    for (const PlanPort& p : stage.ports) pieces += p.owner == Owner::kInput;
  }
  return pieces;
}

// The layers of early_net() that need the most memory.
constexpr int kEarly = 7;

// The first convolution and two bottlenecks of bottleneck_net(); the second
// halves the picture.
constexpr int kRun = 8;

TEST(TiledPlanTest, NodesShareEachTile) {
  const Net net = early_net();
  for (const auto& [rows, columns] : {std::pair{2, 1}, {1, 2}, {2, 2}}) {
    const Cluster cluster = hosts(rows * columns);
    const auto plan = [&](int tiles) {
      return plan_of(net, cluster,
                     grid_cuts(net, cluster, rows, columns, kEarly, tiles));
    };
    SCOPED_TRACE(std::to_string(rows) + " x " + std::to_string(columns));
    const Plan whole = plan(1), tiled = plan(4);
    expect_right(net, whole);
    expect_right(net, tiled);
    EXPECT_LT(largest_arena(tiled), largest_arena(whole) * 4 / 5);
    EXPECT_GT(tiled.macs, net.model_macs);
    for (size_t n = 0; n < tiled.nodes.size(); ++n) {
      EXPECT_EQ(pieces_of(whole.nodes[n]), 1);
      EXPECT_EQ(pieces_of(tiled.nodes[n]), 4);
    }
  }
}

// All tiles of a layer share their weights, which lie in flash once.
TEST(TiledPlanTest, WeightsCountOnce) {
  const Net net = early_net();
  Cluster cluster = hosts(2);
  for (ClusterNode& n : cluster.nodes) n.flash_weights = flash_bytes(net);
  const auto plan = [&](int tiles) {
    return plan_of(net, cluster, grid_cuts(net, cluster, 2, 1, kEarly, tiles));
  };
  const auto streams = [](const Plan& p) {
    return std::ranges::any_of(
        p.nodes, [](const PlanNode& n) { return !n.storage.empty(); });
  };
  for (const int tiles : {1, 4}) EXPECT_FALSE(streams(plan(tiles)));
  for (ClusterNode& n : cluster.nodes) *n.flash_weights /= 2;
  const Plan read = plan(4);
  expect_right(net, read);
  EXPECT_TRUE(streams(read));
}

// A node's part of the run's result lies in one place, and one stream sends a
// neighbour its rows of all tiles.
TEST(TiledPlanTest, TheResultIsOneTensorOfEachNode) {
  const Net net = bottleneck_net(96, 9);
  const Cluster cluster = hosts(2);
  const Plan plan =
      plan_of(net, cluster, grid_cuts(net, cluster, 2, 1, kRun, 3));
  const int result = net.layers[kRun - 1].out.tensor;
  const NetTensor& all = net.tensors[result];
  for (const PlanNode& node : plan.nodes) {
    int written = 0;
    uint32_t offset = 0;
    for (const PlanStage& stage : node.stages) {
      for (const PlanActor& a : stage.actors) {
        if (a.copy || a.layer != kRun - 1) continue;
        const PlanBuffer& b = stage.buffers[stage.ports[a.out].buffer];
        EXPECT_EQ(b.box.columns(), all.columns);
        EXPECT_EQ(b.box.rows(), all.rows / 2);
        if (written++ > 0) {
          EXPECT_EQ(b.offset, offset);
        }
        offset = b.offset;
      }
    }
    EXPECT_EQ(written, 3);
  }
  int sent = 0;
  for (const PlanStream& s : plan.streams) {
    if (s.tensor != result) continue;
    EXPECT_EQ(s.box.columns(), all.columns);
    ++sent;
  }
  EXPECT_GT(sent, 0);
}

TEST(TiledPlanTest, CutsBecomeThoseOfTiles) {
  const Net net = bottleneck_net(40, 4);
  const Cluster cluster = hosts(4);
  Cuts cuts = grid_cuts(net, cluster, 2, 2, kRun, 3);
  cuts.ends = {3, 10};
  cuts.joined = {4, 9};
  cuts.blocks = {{1, 4, 2, 1}, {8, 11, {}, 2}};
  const TileNet tiles(net, find_uses(net), tile_runs(net, cuts, true).value());
  const Cuts all = tile_cuts(net, tiles, cuts);
  const int more = 2 * kRun;  // positions behind the run
  EXPECT_EQ(all.ends, (std::vector<int>{3, 7, 3 + kRun, 7 + kRun, 3 + more,
                                        7 + more, 10 + more}));
  EXPECT_EQ(all.joined, (std::vector<int>{4, 4 + kRun, 4 + more, 9 + more}));
  ASSERT_EQ(all.blocks.size(), 4u);
  EXPECT_EQ(all.blocks[1].begin, 1 + kRun);
  EXPECT_EQ(all.blocks[1].end, 4 + kRun);
  EXPECT_EQ(all.blocks[3].begin, 8 + more);
  EXPECT_TRUE(all.tiles.empty());
  ASSERT_EQ(all.layers.size(), tiles.net().layers.size());
  for (size_t l = 0; l < all.layers.size(); ++l) {
    int64_t elements = 0;
    for (const Share& s : all.layers[l].shares) {
      EXPECT_TRUE(contains(tiles.net().layers[l].out.box, s.own)) << l;
      elements += s.own.elements();
    }
    EXPECT_EQ(elements, tiles.net().layers[l].out.box.elements()) << l;
  }
}

std::string refusal(const Net& net, Cuts cuts, bool replay) {
  const Cluster cluster = hosts(2);
  PlanRequest request = linked_nodes(cluster, std::move(cuts));
  request.replay = replay;
  try {
    make_plan(net, request);
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kUsage);
    return e.what() + (" | " + e.fix());
  }
  return "";
}

TEST(TiledPlanTest, WhatCannotBeTilesIsRefused) {
  const Net net = bottleneck_net(40, 4);
  const Cluster cluster = hosts(2);
  const auto said = [&](int begin, int end, int tiles, bool replay,
                        const std::string& what) {
    Cuts cuts = grid_cuts(net, cluster, 2, 1, kRun, 1);
    cuts.tiles = {{begin, end, tiles}};
    const std::string text = refusal(net, cuts, replay);
    EXPECT_NE(text.find(what), std::string::npos) << text;
  };
  said(0, kRun, 4, false, "| add --replay");
  said(0, kRun, 11, true, "| tiles = 10 or fewer");
  const auto layers = static_cast<int>(net.layers.size());
  said(0, layers, 2, true, "is not made some columns at a time");
  // A skip connection crosses the end of the run.
  said(0, 9, 2, true, "one tensor for layers behind them");
  Cuts cuts = grid_cuts(net, cluster, 2, 1, kRun, 1);
  cuts.tiles = {{4, kRun, 2}};
  EXPECT_EQ(refusal(net, cuts, false), "");
}

// Tests random runs under random cuts.
TEST(TiledPlanTest, RandomRunsOfRandomNets) {
  int runs = 0;
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    std::mt19937 random(seed);
    const Net net = random_net(seed);
    const std::vector<TensorUses> uses = find_uses(net);
    const auto layers = static_cast<uint32_t>(net.layers.size());
    const int nodes = 1 + static_cast<int>(random() % 5);
    const int rows = 1 + static_cast<int>(random() % nodes);
    const Cluster cluster = hosts(nodes);
    Cuts cuts = grid_cuts(net, cluster, rows, nodes / rows, 0, 1);
    for (LayerCut& cut : cuts.layers) {
      const auto l = static_cast<size_t>(&cut - cuts.layers.data());
      const Layer& layer = net.layers[l];
      if (random() % 5 == 0) cut = cut_outputs(layer, whole_crew(cluster));
      if (random() % 5 == 0) cut = cut_inputs(layer, whole_crew(cluster));
      if (random() % 6 == 0) cuts.ends.push_back(static_cast<int>(l));
    }
    int behind = 0;
    for (int draw = 0; draw < 20; ++draw) {
      const int begin = static_cast<int>(random() % layers);
      const int end = begin + 1 + static_cast<int>(random() % 5);
      if (begin < behind || end > static_cast<int>(layers)) continue;
      const int result = tile_result(net, uses, begin, end, true);
      if (result < 0 || net.tensors[result].columns < 2) continue;
      const int most = std::min(4, net.tensors[result].columns);
      cuts.tiles.push_back(
          {begin, end, 2 + static_cast<int>(random() % uint32_t(most - 1))});
      behind = end;
    }
    if (cuts.tiles.empty()) continue;
    runs += static_cast<int>(cuts.tiles.size());
    SCOPED_TRACE(net.name + " on " + std::to_string(nodes) + " nodes");
    expect_right(net, plan_of(net, cluster, cuts));
  }
  EXPECT_GT(runs, 40);
}

}  // namespace
}  // namespace shoal
