#include "host/plan/cuts/cut_layer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace shoal {
namespace {

Layer pointwise(int rows, int columns, int from, int to) {
  Layer l;
  l.op = OpCode::kConv;
  l.in[0] = {0, {0, rows, 0, columns, 2, 2 + from}};
  l.out = {1, {0, rows, 0, columns, 5, 5 + to}};
  return l;
}

// The same nodes divide both input channels and outputs.
TEST(CutLayer, SumsArePartitionsOfInputsAndOfOutputs) {
  std::mt19937 random(11);
  int some_left_out = 0, one_has_all = 0;
  for (int round = 0; round < 500; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    Crew crew;
    const int nodes = 1 + static_cast<int>(random() % 16);
    for (int i = 0; i < nodes; ++i) {
      crew.nodes.push_back(i);
      crew.weights.push_back(1 + random() % 12);
    }
    const Layer l = pointwise(3, 2, 1 + static_cast<int>(random() % 30),
                              1 + static_cast<int>(random() % 20));
    const LayerCut cut = cut_inputs(l, crew);
    const size_t fewest = static_cast<size_t>(
        std::min(l.in[0].box.channels(), l.out.box.channels()));
    some_left_out += cut.shares.size() < std::min(crew.nodes.size(), fewest);
    if (cut.kind != CutKind::kInputs) {
      ++one_has_all;
      continue;
    }
    int in = 2, out = 5;
    for (const Share& s : cut.shares) {
      EXPECT_EQ(s.in0, in);
      EXPECT_GT(s.in1, s.in0);
      EXPECT_EQ(s.own.c0, out);
      EXPECT_FALSE(s.own.empty());
      in = s.in1, out = s.own.c1;
    }
    EXPECT_EQ(in, l.in[0].box.c1);
    EXPECT_EQ(out, l.out.box.c1);
  }
  EXPECT_GT(some_left_out, 10);
  EXPECT_LT(one_has_all, 150);
}

// Each element has one owner, in any order of the nodes. A layer without room
// for all cells is not cut so.
TEST(CutLayer, CellsArePartitions) {
  std::mt19937 random(5);
  int refused = 0;
  for (int round = 0; round < 500; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    const auto die = [&](int sides) {
      return 1 + static_cast<int>(random() % static_cast<unsigned>(sides));
    };
    const Cells cells{die(4), die(3), die(3),
                      static_cast<CellOrder>(die(3) - 1)};
    Crew crew;
    for (int i = 0; i < cells.count(); ++i) {
      crew.nodes.push_back(i);
      crew.weights.push_back(die(9));
    }
    const Layer l = pointwise(die(9), die(9), 4, die(9));
    const std::optional<LayerCut> cut = cut_cells(l, crew, cells);
    if (!cut) {
      ++refused;
      continue;
    }
    int64_t sum = 0;
    for (size_t i = 0; i < cut->shares.size(); ++i) {
      const Share& a = cut->shares[i];
      EXPECT_FALSE(a.own.empty());
      EXPECT_TRUE(contains(l.out.box, a.own));
      sum += a.own.elements();
      for (size_t k = 0; k < i; ++k) {
        EXPECT_NE(a.node, cut->shares[k].node);
        EXPECT_FALSE(overlap(a.own, cut->shares[k].own));
      }
    }
    EXPECT_EQ(sum, l.out.box.elements());
  }
  EXPECT_GT(refused, 20);
  EXPECT_LT(refused, 350);
}

// Nodes with the columns of one map continue with the parts of its halves.
TEST(CutLayer, TheOrderOfCellsSaysWhoIsNextToWhom) {
  const Crew crew{{0, 1, 2, 3, 4, 5, 6, 7}, std::vector<double>(8, 1)};
  const Layer l = pointwise(8, 8, 4, 8);
  const auto grid = cut_cells(l, crew, {4, 2, 1});
  const auto cells = cut_cells(l, crew, {2, 2, 2, CellOrder::kPartsBetween});
  ASSERT_TRUE(grid && cells);
  for (const Share& g : grid->shares) {
    for (const Share& c : cells->shares) {
      if (c.node != g.node) continue;
      EXPECT_TRUE(c.own.y0 <= g.own.y0 && g.own.y1 <= c.own.y1) << g.node;
      EXPECT_TRUE(c.own.x0 == g.own.x0 && g.own.x1 == c.own.x1) << g.node;
    }
  }
}

// With its own weights a cut stays as it is. With others the same nodes have
// the same cells, larger or smaller.
TEST(CutLayer, CellsCanBeWeighedAnew) {
  const Layer l = pointwise(20, 20, 40, 40);
  const Crew crew{{0, 1, 2, 3, 4, 5, 6, 7}, {1, 2, 3, 1, 3, 2, 2, 4}};
  std::vector<LayerCut> cuts{cut_outputs(l, crew), cut_inputs(l, crew),
                             cut_grid(l, crew, 2, 4)};
  for (const CellOrder order :
       {CellOrder::kPartsFirst, CellOrder::kPartsBetween,
        CellOrder::kPartsLast}) {
    cuts.push_back(*cut_cells(l, crew, {2, 2, 2, order}));
  }
  std::vector<double> others = crew.weights;
  others[7] = 1;
  for (size_t i = 0; i < cuts.size(); ++i) {
    SCOPED_TRACE(i);
    const std::vector<Share>& shares = cuts[i].shares;
    const auto same = reweighed(l, cuts[i], crew.weights);
    const auto less = reweighed(l, cuts[i], others);
    ASSERT_TRUE(same && less);
    ASSERT_EQ(same->shares.size(), shares.size());
    ASSERT_EQ(less->shares.size(), shares.size());
    EXPECT_EQ(less->kind, cuts[i].kind);
    for (size_t k = 0; k < shares.size(); ++k) {
      EXPECT_EQ(same->shares[k].node, shares[k].node);
      EXPECT_EQ(same->shares[k].own, shares[k].own);
      EXPECT_EQ(same->shares[k].in1, shares[k].in1);
      EXPECT_EQ(less->shares[k].node, shares[k].node);
      if (shares[k].node != 7) continue;
      EXPECT_LT(less->shares[k].own.elements(), shares[k].own.elements());
    }
  }
  others[7] = 0;
  EXPECT_FALSE(reweighed(l, cuts.front(), others));
  EXPECT_FALSE(reweighed(l, cut_one(l, 7), crew.weights));
}

// Rows follow the sums of their nodes' weights, columns the weights within a
// row.
TEST(CutLayer, AGridFollowsTheWeights) {
  const Layer l = pointwise(18, 12, 4, 4);
  const LayerCut cut = cut_grid(l, {{0, 1, 2, 3}, {1, 2, 3, 3}}, 2, 2);
  ASSERT_EQ(cut.shares.size(), 4u);
  EXPECT_EQ(cut.shares[0].own, (Box{0, 6, 0, 4, 5, 9}));
  EXPECT_EQ(cut.shares[1].own, (Box{0, 6, 4, 12, 5, 9}));
  EXPECT_EQ(cut.shares[2].own, (Box{6, 18, 0, 6, 5, 9}));
  EXPECT_EQ(cut.shares[3].own, (Box{6, 18, 6, 12, 5, 9}));
}

// Five equal nodes have two above three, and unlike ones bands that are nearly
// equally strong. Other weights change sizes, but not which nodes a band has.
TEST(CutLayer, BandsHaveUnlikeNumbersOfNodes) {
  const Layer l = pointwise(15, 12, 4, 4);
  const auto five = cut_bands(l, {{0, 1, 2, 3, 4}, {1, 1, 1, 1, 1}}, 2);
  ASSERT_TRUE(five);
  EXPECT_EQ(five->rows, 2);
  EXPECT_EQ(five->columns, 3);
  ASSERT_EQ(five->shares.size(), 5u);
  EXPECT_EQ(five->shares[0].own, (Box{0, 6, 0, 6, 5, 9}));
  EXPECT_EQ(five->shares[4].own, (Box{6, 15, 8, 12, 5, 9}));
  const auto other = reweighed(l, *five, {2, 2, 2, 1, 1});
  ASSERT_TRUE(other);
  EXPECT_EQ(other->shares[0].own, (Box{0, 8, 0, 6, 5, 9}));
  EXPECT_EQ(other->shares[2].own, (Box{8, 15, 0, 6, 5, 9}));

  const auto unlike =
      cut_bands(pointwise(18, 12, 4, 4),
                {{0, 1, 2, 3, 4, 5, 6, 7}, {1, 2, 3, 1, 3, 2, 2, 4}}, 3);
  ASSERT_TRUE(unlike);
  EXPECT_EQ(unlike->shares[0].node, 7);
  EXPECT_EQ(unlike->shares[1].node, 2);
  EXPECT_EQ(unlike->shares[1].own.y1, 7);
  EXPECT_EQ(unlike->shares[3].own.y1, 12);
  EXPECT_EQ(unlike->columns, 4);

  EXPECT_FALSE(cut_bands(l, {{0, 1, 2, 3}, {1, 1, 1, 1}}, 2));
  EXPECT_FALSE(cut_bands(l, {{0, 1}, {1, 1}}, 3));
  EXPECT_FALSE(cut_bands(pointwise(1, 9, 4, 4), {{0, 1, 2}, {1, 1, 1}}, 2));
}

TEST(CutLayer, OnAMapThatIsTooSmallTheStrongestTakePart) {
  const LayerCut cut =
      cut_grid(pointwise(1, 2, 4, 4), {{5, 6, 7, 8}, {1, 3, 1, 2}}, 4, 1);
  EXPECT_EQ(cut.columns, 2);
  ASSERT_EQ(cut.shares.size(), 2u);
  EXPECT_EQ(cut.shares[0].node, 6);
  EXPECT_EQ(cut.shares[1].node, 8);
}

}  // namespace
}  // namespace shoal
