#include "host/lower/layout.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

using Order = std::vector<int>;

TEST(Layout, CanonicalExtents) {
  EXPECT_EQ(canonical_extent({}), (Extent{1, 1, 1}));
  EXPECT_EQ(canonical_extent({7}), (Extent{1, 1, 7}));
  EXPECT_EQ(canonical_extent({5, 7}), (Extent{5, 1, 7}));
  EXPECT_EQ(canonical_extent({4, 5, 7}), (Extent{4, 5, 7}));
  EXPECT_EQ(canonical_extent({1, 5, 7}), (Extent{5, 1, 7})) << "a sequence";
  EXPECT_EQ(canonical_extent({3, 4, 5, 7}), (Extent{12, 5, 7}));
  EXPECT_EQ(canonical_extent({2, 3, 4, 5, 7}), (Extent{24, 5, 7}));
}

TEST(Layout, StoredElementsFollowTheOrder) {
  EXPECT_EQ(placed_elements({2, 3}, {0, 1}),
            (std::vector<int64_t>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(placed_elements({2, 3}, {1, 0}),
            (std::vector<int64_t>{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(placed_elements({}, {}), (std::vector<int64_t>{0}));
}

// NCHW, stored as NHWC.
const Value kPicture{{}, {6, 4, 5}, {1, 2, 0}};

TEST(Layout, RelabelsMergedNeighbours) {
  const auto flat = relabel(kPicture, {1, 6, 20});
  ASSERT_TRUE(flat);
  EXPECT_EQ(flat->shape, (Shape{6, 20}));
  EXPECT_EQ(flat->order, (Order{1, 0}));
}

TEST(Layout, RelabelsSplitAxes) {
  const auto split = relabel(kPicture, {2, 3, 4, 5});
  ASSERT_TRUE(split);
  EXPECT_EQ(split->order, (Order{2, 3, 0, 1}));
}

TEST(Layout, RelabelsNothingThatIsTornApart) {
  EXPECT_FALSE(relabel(kPicture, {24, 5}));
  EXPECT_FALSE(relabel(kPicture, {120}));
}

TEST(Layout, IdentityTakesAnyShape) {
  const Value v{{}, {6, 4, 5}, {0, 1, 2}};
  const auto other = relabel(v, {8, 15});
  ASSERT_TRUE(other);
  EXPECT_EQ(other->order, (Order{0, 1}));
}

TEST(Layout, FullOrdersNameAxesOfSizeOne) {
  EXPECT_EQ(full_order(kPicture, {1, 6, 4, 5}), (Order{0, 2, 3, 1}));
  EXPECT_EQ(full_order(kPicture, {6, 1, 4, 5}), (Order{2, 3, 0, 1}));
  EXPECT_EQ(squeezed_order({2, 3, 0, 1}, {6, 1, 4, 5}), (Order{1, 2, 0}));
}

TEST(Layout, GroupsScaleWithInnerAxes) {
  const std::vector<AxisMap> axes{{4, 2, 1, 1}, {5, 5}, {3, 3}};
  const auto m = group_axes(axes, 2, 2);
  ASSERT_TRUE(m);
  EXPECT_EQ((*m)[0].in, 20);
  EXPECT_EQ((*m)[0].out, 10);
  EXPECT_EQ((*m)[0].begin, 5);
  EXPECT_FALSE((*m)[2].touched());
}

TEST(Layout, GroupsRefuseWhatIsNotLinear) {
  // The touched axis is not the outermost of its group.
  EXPECT_FALSE(group_axes({{5, 5}, {4, 2, 1, 1}}, 2, 2));
  EXPECT_TRUE(group_axes({{5, 5}, {4, 2, 1, 1}}, 1, 2));
  // Steps of two rows of a group, but not of two elements.
  EXPECT_FALSE(group_axes({{4, 2, 0, 2}, {5, 5}}, 2, 2));
  EXPECT_TRUE(group_axes({{4, 2, 0, 2}, {5, 5}}, 1, 2));
  // Two touched axes.
  EXPECT_FALSE(group_axes({{4, 2, 1, 1}, {5, 4}}, 2, 2));
}

TEST(Layout, CutsWhereMostBytesLieRight) {
  const Shape shape{4, 5, 6};
  const auto needed = [&](int i, int j) {
    return std::optional(std::vector{group_sizes(shape, i, j)});
  };
  const auto as_it_is = choose_cut(3, {Extent{1, 20, 6}}, {4, 5, 6}, needed);
  ASSERT_TRUE(as_it_is);
  EXPECT_EQ(as_it_is->extents[0], (Extent{1, 20, 6}));
  const auto usual = choose_cut(3, {std::nullopt}, {4, 5, 6}, needed);
  EXPECT_EQ(usual->extents[0], (Extent{4, 5, 6}));
  const auto even = choose_cut(3, {std::nullopt}, {9, 9, 9}, needed);
  EXPECT_EQ(even->extents[0].rows, 20);
}

TEST(Layout, NoCutBeyondSixteenBits) {
  const auto needed = [&](int i, int j) {
    return std::optional(std::vector{group_sizes({300, 300}, i, j)});
  };
  const auto cut = choose_cut(2, {std::nullopt}, {1, 1, 90000}, needed);
  ASSERT_TRUE(cut);
  EXPECT_TRUE(legal(cut->extents[0]));
}

}  // namespace
}  // namespace shoal
