#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/plan/planner/moves.h"

namespace shoal {
namespace {

// Makes a plan of six layers, each cut into that many `columns`. Its segments
// are `stretches`.
Rehearsed made_of(const std::vector<int>& columns,
                  std::vector<Stretch> stretches) {
  Rehearsed of;
  of.trial.name = "spatial";
  for (const int c : columns) {
    LayerCut cut;
    cut.kind = CutKind::kGrid;
    cut.columns = c;
    of.trial.cuts.layers.push_back(std::move(cut));
  }
  of.stretches = std::move(stretches);
  return of;
}

// The same with all layers cut alike and two stretches of three layers.
Rehearsed in_halves(int columns, double first, double second) {
  return made_of(std::vector<int>(6, columns),
                 {{{0, 3}, first}, {{3, 6}, second}});
}

std::string columns_of(const Trial& trial) {
  std::string text;
  for (const LayerCut& c : trial.cuts.layers) text += std::to_string(c.columns);
  return text;
}

TEST(Splices, TakeWhatWasFasterBetweenCommonEnds) {
  const Rehearsed best =
      made_of({1, 1, 1, 1, 1, 1}, {{{0, 2}, 5}, {{2, 4}, 4}, {{4, 6}, 6}});
  // Only behind layer 3 do layers 0 to 3 end together with the best plan's.
  const Rehearsed other =
      made_of({2, 2, 2, 2, 2, 2}, {{{0, 3}, 4}, {{3, 4}, 3}, {{4, 6}, 7}});
  const Rehearsed third =
      made_of({3, 3, 3, 3, 3, 3}, {{{0, 2}, 6}, {{2, 4}, 4}, {{4, 6}, 3}});
  const std::vector<Splice> all = splices(best, {other, third});
  ASSERT_EQ(all.size(), 2u);
  // The splice that saves the largest part of its time comes first.
  EXPECT_EQ(columns_of(all[0].trial), "111133");
  EXPECT_EQ(all[0].part, 0.5);
  EXPECT_EQ(columns_of(all[1].trial), "222211");
  EXPECT_EQ(all[1].part, 2.0 / 9);
  EXPECT_TRUE(splices(best, {best}).empty());
}

TEST(Splices, GroupsComeWithTheirLayers) {
  Rehearsed best = in_halves(1, 5, 5);
  Rehearsed other = in_halves(2, 4, 6);
  best.trial.cuts.blocks = {{0, 3, std::nullopt, 4}, {3, 6, std::nullopt, 8}};
  other.trial.cuts.blocks = {{1, 3, std::nullopt, 2}, {3, 6, std::nullopt, 2}};
  const std::vector<Splice> all = splices(best, {other});
  ASSERT_EQ(all.size(), 1u);
  const std::vector<BlockChoice>& blocks = all[0].trial.cuts.blocks;
  ASSERT_EQ(blocks.size(), 2u);
  EXPECT_EQ(blocks[0].begin, 1);
  EXPECT_EQ(blocks[0].groups, 2);
  EXPECT_EQ(blocks[1].begin, 3);
  EXPECT_EQ(blocks[1].groups, 8);
}

TEST(Splices, TilesComeWithTheirLayers) {
  Rehearsed best = in_halves(1, 5, 5);
  Rehearsed other = in_halves(2, 4, 6);
  best.trial.cuts.tiles = {{0, 3, 4}};
  other.trial.cuts.tiles = {{0, 2, 6}};
  const std::vector<Splice> all = splices(best, {other});
  ASSERT_EQ(all.size(), 1u);
  const std::vector<TileChoice>& tiles = all[0].trial.cuts.tiles;
  ASSERT_EQ(tiles.size(), 1u);
  EXPECT_EQ(tiles[0].end, 2);
  EXPECT_EQ(tiles[0].tiles, 6);
  other.trial.cuts.tiles = {{0, 4, 6}};
  EXPECT_TRUE(splices(best, {other}).empty());
}

// Groups that cross a seam can be neither taken nor kept.
TEST(Splices, NoGroupsGoOverASeam) {
  Rehearsed best = in_halves(1, 5, 5);
  Rehearsed other = in_halves(2, 4, 6);
  ASSERT_EQ(splices(best, {other}).size(), 1u);
  Rehearsed over = other;
  over.trial.cuts.blocks = {{2, 4, std::nullopt, 2}};
  EXPECT_TRUE(splices(best, {over}).empty());
  best.trial.cuts.blocks = {{2, 5, std::nullopt, 2}};
  EXPECT_TRUE(splices(best, {other}).empty());
}

}  // namespace
}  // namespace shoal
