#include "host/plan/cuts/heads.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "host/lower/testing/attention.h"
#include "host/plan/cuts/testing/mobilenet.h"
#include "host/plan/testing/shape_net.h"

namespace shoal {
namespace {

struct CutAttention {
  Attention graph;
  Net net;
  Cuts cuts;

  explicit CutAttention(int nodes, double first_rating = 1) {
    graph.build(false);
    net = lower(graph.t.graph);
    Cluster cluster =
        uniform_cluster(nodes, find_board("teensy41"), std::nullopt);
    for (ClusterNode& n : cluster.nodes) n.rating = 1;
    cluster.nodes[0].rating = first_rating;
    cuts = make_cuts(net, cluster, {"heads"});
  }

  // Returns the numbers of the layers that make a tensor of the file.
  std::vector<size_t> layers_of(int tensor, OpCode op) const {
    std::vector<size_t> all;
    for (size_t l = 0; l < net.layers.size(); ++l) {
      const Layer& layer = net.layers[l];
      if (layer.op == op && layer.name == graph.name(tensor)) all.push_back(l);
    }
    return all;
  }
  std::vector<size_t> products() const {
    std::vector<size_t> all = layers_of(graph.scores, OpCode::kMatmul);
    for (const size_t l : layers_of(graph.context, OpCode::kMatmul)) {
      all.push_back(l);
    }
    return all;
  }
};

int64_t elements(const LayerCut& cut) {
  int64_t sum = 0;
  for (const Share& s : cut.shares) sum += s.own.elements();
  return sum;
}

TEST(Heads, EachLayerIsCutOnce) {
  for (int nodes = 1; nodes <= 12; ++nodes) {
    SCOPED_TRACE(nodes);
    const CutAttention a(nodes);
    for (size_t l = 0; l < a.net.layers.size(); ++l) {
      const LayerCut& cut = a.cuts.layers[l];
      EXPECT_EQ(elements(cut), a.net.layers[l].out.box.elements());
      for (size_t i = 0; i < cut.shares.size(); ++i) {
        for (size_t j = 0; j < i; ++j) {
          EXPECT_FALSE(overlap(cut.shares[i].own, cut.shares[j].own));
        }
      }
    }
  }
}

TEST(Heads, ANodeHasTheKeysAndValuesOfOneHead) {
  const CutAttention a(8);
  ASSERT_EQ(a.products().size(), size_t{6});
  std::map<int, Box> keys, values;  // by node
  for (const size_t l : a.products()) {
    const Layer& layer = a.net.layers[l];
    auto& held = layer.name == a.graph.name(a.graph.scores) ? keys : values;
    for (const Share& s : a.cuts.layers[l].shares) {
      EXPECT_EQ(held.count(s.node), 0u) << "a node with two heads";
      held[s.node] = needed_box(layer, 1, s.own);
    }
  }
  EXPECT_EQ(keys.size(), 8u);
  EXPECT_EQ(values.size(), 8u);
  for (const auto& [node, box] : keys) {
    EXPECT_EQ(box.channels(), a.graph.width) << node;
    EXPECT_EQ(box.rows(), a.graph.tokens);
    // The same head's values are rows of the transposed tensor.
    EXPECT_EQ(values[node].y0, box.c0);
    EXPECT_EQ(values[node].y1, box.c1);
  }
}

TEST(Heads, SoftmaxStaysWhereScoresAre) {
  for (const int nodes : {2, 3, 8}) {
    const CutAttention a(nodes);
    std::map<int, int64_t> scores, softmax;  // elements by node
    for (const size_t l : a.layers_of(a.graph.scores, OpCode::kMatmul)) {
      for (const Share& s : a.cuts.layers[l].shares) {
        scores[s.node] += s.own.elements();
      }
    }
    for (const size_t l : a.layers_of(a.graph.weights, OpCode::kSoftmax)) {
      for (const Share& s : a.cuts.layers[l].shares) {
        softmax[s.node] += s.own.elements();
      }
    }
    EXPECT_EQ(scores, softmax) << nodes;
    EXPECT_EQ(scores.size(), static_cast<size_t>(nodes));
  }
}

// Shares are in the order of cells, so that cells of other sizes keep nodes.
TEST(Heads, SharesCanBeWeighed) {
  const CutAttention a(6);
  for (const size_t l : a.layers_of(a.graph.weights, OpCode::kSoftmax)) {
    const LayerCut& cut = a.cuts.layers[l];
    const auto weighed =
        reweighed(a.net.layers[l], cut, std::vector<double>(6, 1.0));
    ASSERT_TRUE(weighed);
    ASSERT_EQ(weighed->shares.size(), cut.shares.size());
    for (size_t i = 0; i < cut.shares.size(); ++i) {
      EXPECT_EQ(weighed->shares[i].node, cut.shares[i].node);
      EXPECT_EQ(weighed->shares[i].own, cut.shares[i].own);
    }
  }
}

TEST(Heads, NodesShareThemByTheirRatings) {
  // The first node has two thirds of the rating: two of three heads if there
  // are two nodes, one alone if there are others for the rest.
  for (const auto& [nodes, own] : {std::pair{2, 2}, std::pair{6, 1}}) {
    const CutAttention a(nodes, 2.0 * (nodes - 1));
    int heads = 0;
    for (const size_t l : a.layers_of(a.graph.scores, OpCode::kMatmul)) {
      const std::vector<Share>& shares = a.cuts.layers[l].shares;
      const bool is_first = shares.front().node == 0;
      if (!is_first) continue;
      ++heads;
      EXPECT_EQ(shares.size(), 1u);
    }
    EXPECT_EQ(heads, own) << nodes;
  }
}

// Where rows are cut, so are the tokens of the transposed values.
TEST(Heads, ANodeTransposesTheValuesThatItHas) {
  const CutAttention a(3);
  int seen = 0;
  for (size_t l = 0; l < a.net.layers.size(); ++l) {
    const Layer& layer = a.net.layers[l];
    if (layer.op != OpCode::kTranspose) continue;
    ++seen;
    const auto value =
        std::ranges::find(a.net.layers, layer.in[0].tensor,
                          [](const Layer& w) { return w.out.tensor; });
    const LayerCut& from =
        a.cuts.layers[static_cast<size_t>(value - a.net.layers.begin())];
    const LayerCut& to = a.cuts.layers[l];
    ASSERT_EQ(to.shares.size(), 3u);
    EXPECT_EQ(to.kind, CutKind::kOutputs);
    for (size_t s = 0; s < to.shares.size(); ++s) {
      EXPECT_EQ(to.shares[s].node, from.shares[s].node);
      EXPECT_EQ(needed_box(layer, 0, to.shares[s].own), from.shares[s].own);
    }
  }
  EXPECT_EQ(seen, 1);
}

// Layers 0 and 1 widen tokens, layer 2 narrows them.
Net mlp() {
  ShapeNet n("mlp");
  const int x = n.input(16, 1, 8);
  n.output(n.add(x, n.conv(n.table(n.conv(x, 1, 1, 32)), 1, 1, 8)));
  return n.finish();
}

TEST(WideOutputs, PairsOfNodesDivideThem) {
  const Net net = mlp();
  const Cluster cluster =
      uniform_cluster(8, find_board("teensy41"), std::nullopt);
  const Crew crew = whole_crew(cluster);
  const Cuts before = make_cuts(net, cluster, {"spatial", 8, 1});
  const Cuts cuts = with_wide_outputs_in_parts(net, crew, before);
  ASSERT_EQ(cuts.layers.size(), 4u);
  for (const size_t l : {0u, 1u}) {
    EXPECT_EQ(elements(cuts.layers[l]), 16 * 32);
    ASSERT_EQ(cuts.layers[l].shares.size(), 8u);
    for (const Share& s : cuts.layers[l].shares) {
      // A pair has the tokens that its two nodes had before.
      EXPECT_EQ(s.own.y0, s.node / 2 * 4);
      EXPECT_EQ(s.own.rows(), 4);
      EXPECT_EQ(s.own.channels(), 16);
    }
  }
  EXPECT_EQ(cuts.layers[2], before.layers[2]);
  EXPECT_EQ(cuts.layers[3], before.layers[3]);
}

TEST(WideOutputs, AnOddNumberOfNodesChangesNothing) {
  const Net net = mlp();
  const Cluster cluster =
      uniform_cluster(7, find_board("teensy41"), std::nullopt);
  const Cuts before = make_cuts(net, cluster, {"spatial", 7, 1});
  const Cuts cuts =
      with_wide_outputs_in_parts(net, whole_crew(cluster), before);
  EXPECT_EQ(cuts.layers, before.layers);
}

TEST(Heads, OtherNetsHaveNone) {
  const Net net = mobilenet(32);
  EXPECT_FALSE(has_heads(net));
  EXPECT_EQ(strategies_for(net), general_strategies());
  const CutAttention a(2);
  EXPECT_TRUE(has_heads(a.net));
  EXPECT_EQ(strategies_for(a.net), strategy_names());
  EXPECT_EQ(strategy_names().size(), general_strategies().size() + 1);
}

}  // namespace
}  // namespace shoal
