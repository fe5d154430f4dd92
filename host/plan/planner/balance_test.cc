#include <gtest/gtest.h>

#include <vector>

#include "host/board/board.h"
#include "host/plan/cuts/cut_layer.h"
#include "host/plan/planner/moves.h"
#include "host/plan/testing/shape_net.h"
#include "host/plan/types/request.h"

namespace shoal {
namespace {

// Two layers by columns, two by channels, one on one node.
struct Made {
  Net net;
  Cluster cluster = uniform_cluster(4, find_board("teensy41"), {});
  Trial trial;
  Plan plan;

  Made() {
    ShapeNet shapes("five");
    int t = shapes.input(8, 96, 4);
    for (int l = 0; l < 5; ++l) t = shapes.conv(t, 1, 1, 96);
    shapes.output(t);
    net = shapes.finish();
    const Crew crew = whole_crew(cluster);
    for (const int l : {0, 1}) {
      trial.cuts.layers.push_back(cut_grid(net.layers[l], crew, 1, 4));
    }
    for (const int l : {2, 3}) {
      trial.cuts.layers.push_back(cut_outputs(net.layers[l], crew));
    }
    trial.cuts.layers.push_back(cut_one(net.layers[4], 2));
    plan.nodes.resize(4);
  }

  // Adds a segment in which the first node has other work besides computing.
  void add(const std::vector<int>& layers, double others_s) {
    const int segment = static_cast<int>(plan.nodes[0].stages.size());
    for (int n = 0; n < 4; ++n) {
      PlanStage stage;
      stage.segment = segment;
      stage.compute_s = stage.seconds = 1;
      if (n == 0) stage.seconds += others_s;
      for (const int l : layers) stage.actors.emplace_back().layer = l;
      plan.nodes[static_cast<size_t>(n)].stages.push_back(stage);
    }
  }
};

std::vector<int> columns(const LayerCut& cut) {
  std::vector<int> all;
  for (const Share& s : cut.shares) all.push_back(s.own.columns());
  return all;
}
std::vector<int> channels(const LayerCut& cut) {
  std::vector<int> all;
  for (const Share& s : cut.shares) all.push_back(s.own.channels());
  return all;
}

TEST(Balance, WhoHasMoreBesideComputesLess) {
  Made m;
  m.add({0, 1}, 0.5);
  m.add({2, 3, 4}, 1);
  const std::vector<int> even(4, 24);
  const std::vector<Trial> all = balanced(m.net, m.cluster, m.trial, m.plan);
  ASSERT_EQ(all.size(), 3u);
  // The nodes work 1.5, 1, 1 and 1 s, on average 1.125 s. So the first one has
  // 0.625 s for computing and the others 1.125 s. In the second segment the
  // average is 1.25 s.
  const std::vector<int> half{15, 27, 27, 27}, whole{6, 30, 30, 30};
  for (const int l : {0, 1}) {
    EXPECT_EQ(columns(all[0].cuts.layers[l]), half);
    EXPECT_EQ(columns(all[1].cuts.layers[l]), even);
    EXPECT_EQ(columns(all[2].cuts.layers[l]), half);
  }
  // The trial that saves most comes first.
  for (const int l : {2, 3}) {
    EXPECT_EQ(channels(all[0].cuts.layers[l]), whole);
    EXPECT_EQ(channels(all[1].cuts.layers[l]), whole);
    EXPECT_EQ(channels(all[2].cuts.layers[l]), even);
  }
  for (const Trial& t : all) {
    EXPECT_EQ(t.name, "mixed");
    ASSERT_EQ(t.cuts.layers[4].shares.size(), 1u);
    EXPECT_EQ(t.cuts.layers[4].shares[0].node, 2);
  }
}

// Layers with the same cells are weighed by all segments in which they are.
TEST(Balance, LayersWithTheSameCellsAreCutAlike) {
  Made m;
  m.add({0}, 0.5);
  m.add({1, 2, 3, 4}, 1.5);
  const Trial both = balanced(m.net, m.cluster, m.trial, m.plan).front();
  // Over both segments each node computes for 2 s and the first one works 2 s
  // more, on average 2.5 s. So the first one has 0.5 s for computing.
  EXPECT_EQ(columns(both.cuts.layers[0]), (std::vector<int>{6, 30, 30, 30}));
  EXPECT_EQ(columns(both.cuts.layers[1]), (std::vector<int>{6, 30, 30, 30}));
}

// A node that would have no time for a share keeps the one that it has.
TEST(Balance, NobodyIsLeftOut) {
  Made m;
  m.add({0, 1}, 9);
  m.add({2, 3, 4}, 0);
  const std::vector<Trial> all = balanced(m.net, m.cluster, m.trial, m.plan);
  EXPECT_EQ(columns(all.front().cuts.layers[0]), std::vector<int>(4, 24));
}

}  // namespace
}  // namespace shoal
