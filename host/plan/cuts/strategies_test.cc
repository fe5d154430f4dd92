// Own boxes of the strategies are disjoint, cover the whole tensor, and are
// fair.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "host/base/error.h"
#include "host/plan/cuts/cuts.h"
#include "host/plan/cuts/testing/mobilenet.h"

namespace shoal {
namespace {

Cluster rated(const std::vector<double>& ratings) {
  Cluster cluster = uniform_cluster(static_cast<int>(ratings.size()),
                                    find_board("teensy41"), std::nullopt);
  for (size_t i = 0; i < ratings.size(); ++i) {
    cluster.nodes[i].rating = ratings[i];
  }
  return cluster;
}
Cluster equal(int count) {
  return uniform_cluster(count, find_board("teensy41"), std::nullopt);
}

Cuts cuts_of(const Net& net, const Cluster& cluster, const std::string& name) {
  return make_cuts(net, cluster, {name, 0, 0});
}

// Returns the fault of a cut; empty if the shares are a proper cut of the
// layer.
std::string fault_of(const Layer& l, const LayerCut& cut, int nodes) {
  int64_t elements = 0;
  std::set<int> seen;
  for (size_t i = 0; i < cut.shares.size(); ++i) {
    const Share& s = cut.shares[i];
    if (s.node < 0 || s.node >= nodes) return "a node that is none";
    if (!seen.insert(s.node).second) return "a node twice";
    if (s.own.empty()) return "an empty share";
    if (!contains(l.out.box, s.own)) return "a share outside of the layer";
    if ((s.own.c0 - l.out.box.c0) % output_granule(l)) return "half a group";
    if ((s.own.y0 - l.out.box.y0) % row_granule(l)) return "half a block";
    elements += s.own.elements();
    for (size_t j = 0; j < i; ++j) {
      if (overlap(s.own, cut.shares[j].own)) return "shares overlap";
    }
  }
  if (elements != l.out.box.elements()) return "shares do not cover";
  if ((cut.kind == CutKind::kOne) != (cut.shares.size() == 1)) {
    return "the kind is wrong";
  }
  return "";
}

std::vector<double> mac_shares(const Net& net, const Cuts& cuts, int nodes) {
  std::vector<double> macs(static_cast<size_t>(nodes));
  for (size_t i = 0; i < net.layers.size(); ++i) {
    const Layer& l = net.layers[i];
    for (const Share& s : cuts.layers[i].shares) {
      macs[static_cast<size_t>(s.node)] +=
          static_cast<double>(l.macs) * static_cast<double>(s.own.elements()) /
          static_cast<double>(l.out.box.elements()) /
          static_cast<double>(net.model_macs);
    }
  }
  return macs;
}

TEST(Strategies, SharesPartitionEveryLayer) {
  std::vector<Net> nets;
  for (NamedNet& n : shape_nets()) nets.push_back(std::move(n.net));
  for (uint32_t seed = 0; seed < 40; ++seed) nets.push_back(random_net(seed));
  std::mt19937 random(7);
  for (size_t k = 0; k < nets.size(); ++k) {
    for (int round = 0; round < 3; ++round) {
      const int n = 1 + static_cast<int>(random() % 64);
      std::vector<double> ratings;
      for (int i = 0; i < n; ++i) ratings.push_back(1 + random() % 5);
      for (const std::string& strategy : strategy_names()) {
        SCOPED_TRACE("net " + std::to_string(k) + ", " + strategy + ", " +
                     std::to_string(n) + " nodes, round " +
                     std::to_string(round));
        const Cuts cuts = cuts_of(nets[k], rated(ratings), strategy);
        ASSERT_EQ(cuts.layers.size(), nets[k].layers.size());
        for (size_t l = 0; l < cuts.layers.size(); ++l) {
          ASSERT_EQ(fault_of(nets[k].layers[l], cuts.layers[l], n), "")
              << nets[k].layers[l].name;
        }
      }
    }
  }
}

double most_of(const std::vector<double>& v) {
  return *std::max_element(v.begin(), v.end());
}

TEST(Strategies, NoNodeDoesFarMoreThanItsShare) {
  for (const int size : {224, 160, 96}) {
    const Net net = mobilenet(size);
    for (const int n : {2, 3, 5, 6, 7, 8, 16, 64}) {
      SCOPED_TRACE(std::to_string(size) + ", nodes " + std::to_string(n));
      EXPECT_LE(most_of(mac_shares(net, cuts_of(net, equal(n), "kernel"), n)),
                1.3 / n);
      // Late maps of small pictures have fewer pixels than there are nodes.
      const bool too_many = size == 224 ? false : size == 160 ? n > 32 : n > 8;
      if (too_many) continue;
      EXPECT_LE(most_of(mac_shares(net, cuts_of(net, equal(n), "spatial"), n)),
                1.4 / n);
    }
  }
}

TEST(Strategies, SharesFollowTheRatings) {
  const std::vector<double> ratings{1, 2, 3, 1, 3, 2, 2, 4};
  const Net net = mobilenet(224);
  for (const char* strategy : {"kernel", "spatial"}) {
    std::vector<double> shares =
        mac_shares(net, cuts_of(net, rated(ratings), strategy), 8);
    for (size_t i = 0; i < 8; ++i) shares[i] /= ratings[i] / 18;
    EXPECT_LE(most_of(shares), 1.25) << strategy;
  }
}

TEST(Strategies, LayersRunInOrderAndTakeEquallyLong) {
  const Net net = mobilenet(224);
  for (const int n : {1, 2, 5, 8, 64}) {
    const Cuts cuts = cuts_of(net, equal(n), "layer");
    std::set<int> used;
    int last = 0;
    for (const LayerCut& cut : cuts.layers) {
      ASSERT_EQ(cut.shares.size(), 1u);
      EXPECT_GE(cut.shares[0].node, last);
      used.insert(last = cut.shares[0].node);
    }
    EXPECT_EQ(used.size(), static_cast<size_t>(n));
    if (n <= 8) {
      EXPECT_LE(most_of(mac_shares(net, cuts, n)), 1.6 / n);
    }
  }
  const Cuts some = cuts_of(net, equal(200), "layer");
  EXPECT_EQ(some.layers.back().shares[0].node,
            static_cast<int>(net.layers.size()) - 1);
}

TEST(Strategies, ATwiceAsFastNodeGetsTheLongerRun) {
  ShapeNet n("chain");
  int x = n.input(8, 8, 8);
  for (int i = 0; i < 9; ++i) x = n.conv(x, 1, 1, 8);
  n.output(x);
  Cluster cluster = equal(2);
  cluster.nodes[1].rating *= 2;
  const Cuts cuts = cuts_of(n.finish(), cluster, "layer");
  EXPECT_EQ(cuts.layers[2].shares[0].node, 0);
  EXPECT_EQ(cuts.layers[3].shares[0].node, 1);
}

// Nothing is sent where a layer reads only its own positions.
TEST(Strategies, ElementsStayWithTheirProducer) {
  const Net net = mobilenet(224);
  for (const char* strategy : {"kernel", "spatial"}) {
    const Cuts cuts = cuts_of(net, rated({3, 1, 2, 2, 5, 1, 1, 1}), strategy);
    const bool kernel = std::string(strategy) == "kernel";
    int seen = 0;
    for (size_t i = 1; i < net.layers.size(); ++i) {
      const OpCode op = net.layers[i].op;
      if (op != OpCode::kAdd && !(kernel && op == OpCode::kDepthwise)) continue;
      ++seen;
      const std::vector<Share>&here = cuts.layers[i].shares,
            &before = cuts.layers[i - 1].shares;
      ASSERT_EQ(here.size(), before.size());
      for (size_t s = 0; s < here.size(); ++s) {
        EXPECT_EQ(here[s].node, before[s].node);
        EXPECT_EQ(here[s].own.c0, before[s].own.c0);
        EXPECT_EQ(here[s].own.c1, before[s].own.c1);
        if (kernel) continue;
        EXPECT_EQ(here[s].own, before[s].own);
      }
    }
    EXPECT_GE(seen, 10);
  }
}

TEST(Strategies, ATooLargeGridForAMapGivesWayToAnother) {
  ShapeNet n("small");
  n.output(n.conv(n.conv(n.input(64, 64, 4), 3, 2, 8), 3, 16, 8));
  const Net net = n.finish();  // 32x32, then 2x2
  const Cuts cuts = make_cuts(net, equal(8), {"spatial", 8, 1});
  EXPECT_EQ(cuts.layers[0].rows, 8);
  EXPECT_EQ(cuts.layers[0].shares.size(), 8u);
  EXPECT_EQ(cuts.layers[1].rows, 2);
  EXPECT_EQ(cuts.layers[1].columns, 2);
  EXPECT_EQ(cuts.layers[1].shares.size(), 4u);
}

TEST(Strategies, PointsAreCutByChannelsOrNotAtAll) {
  ShapeNet n("points");
  const int x = n.mean(n.conv(n.input(16, 16, 3), 3, 1, 12));
  n.reshape(n.fully_connected(x, 10), 1, 1, 10);
  const Net net = n.finish();
  Cluster cluster = equal(3);
  cluster.nodes[2].rating *= 1.5;
  const Cuts cuts = cuts_of(net, cluster, "spatial");
  EXPECT_EQ(cuts.layers[0].kind, CutKind::kGrid);
  EXPECT_EQ(cuts.layers[1].kind, CutKind::kOutputs);
  EXPECT_EQ(cuts.layers[2].kind, CutKind::kOutputs);
  EXPECT_EQ(cuts.layers[3].kind, CutKind::kOne);
  EXPECT_EQ(cuts.layers[3].shares[0].node, 2);
}

TEST(Strategies, ASingleChannelIsCutByPlace) {
  ShapeNet n("single");
  n.output(n.table(n.conv(n.conv(n.input(16, 16, 3), 3, 1, 8), 3, 1, 1)));
  const Cuts cuts = cuts_of(n.finish(), equal(4), "kernel");
  EXPECT_EQ(cuts.layers[0].kind, CutKind::kOutputs);
  EXPECT_EQ(cuts.layers[1].kind, CutKind::kGrid);
  EXPECT_EQ(cuts.layers[1].shares.size(), 4u);
  ASSERT_EQ(cuts.layers[2].shares.size(), 4u);
  EXPECT_EQ(cuts.layers[2].shares[3].own, cuts.layers[1].shares[3].own);
}

TEST(Strategies, RefusesWhatItDoesNotKnow) {
  const Net net = mobilenet(32);
  const auto message = [&](const StrategyOptions& options) -> std::string {
    try {
      make_cuts(net, equal(4), options);
    } catch (const Error& e) {
      return std::string(e.what()) + " | " + e.fix();
    }
    return "";
  };
  EXPECT_EQ(message({"rings", 0, 0}),
            "unknown strategy 'rings' | one of: spatial, kernel, layer, heads");
  EXPECT_EQ(message({"spatial", 3, 2}),
            "a grid of 3 x 2 needs more nodes than the 4 of the cluster | "
            "choose rows x columns of at most 4");
  EXPECT_EQ(message({"spatial", 2, 0}), "");
}

}  // namespace
}  // namespace shoal
