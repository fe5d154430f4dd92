#include "device/program/halves.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace shoal {
namespace {

Halves of(OpCode op, bool channels, SliceBox box) {
  return halves_of(op, channels, box, 1);
}

TEST(Halves, RowsCostNothingTwice) {
  const Halves h = of(OpCode::kConv, true, {2, 112, 32, 27});
  EXPECT_EQ(h.axis, Axis::kRows);
  EXPECT_EQ(h.at, 1);
  EXPECT_EQ(h.parts, 128);
}

TEST(Halves, ChannelsWhereRowsAreOdd) {
  const Halves one = of(OpCode::kConv, true, {1, 1, 1000, 1280});
  EXPECT_EQ(one.axis, Axis::kChannels);
  EXPECT_EQ(one.at, 500);
  const Halves seven = of(OpCode::kDepthwise, true, {7, 7, 960, 9});
  EXPECT_EQ(seven.axis, Axis::kChannels);
  EXPECT_EQ(seven.at, 480);
}

TEST(Halves, ColumnsWhereChannelsBelongTogether) {
  const Halves h = of(OpCode::kSoftmax, false, {1, 9, 4, 8});
  EXPECT_EQ(h.axis, Axis::kColumns);
  EXPECT_EQ(h.at, 5);
  EXPECT_EQ(of(OpCode::kReshape, false, {1, 9, 4, 8}).axis, Axis::kNone);
}

// A second core of half the speed makes a third.
TEST(Halves, SharesFollowTheSpeeds) {
  const SliceBox box = {9, 1, 16, 27};
  const auto at = [&](int speed) {
    return halves_of(OpCode::kConv, false, box, 1, speed).at;
  };
  EXPECT_EQ(at(kLikeSpeed), 5);
  EXPECT_EQ(at(kLikeSpeed / 2), 6);
  EXPECT_EQ(at(2 * kLikeSpeed), 3);
  const Halves third = halves_of(OpCode::kConv, false, box, 1, kLikeSpeed / 2);
  EXPECT_EQ(third.parts, (6 * 256 + 8) / 9);
  // One that would take longer for a row than the first core for all.
  EXPECT_EQ(halves_of(OpCode::kConv, false, {2, 1, 1, 27}, 1, 64).axis,
            Axis::kNone);
}

TEST(Halves, NoCutIsSlowerThanTheFirstCoreAlone) {
  std::mt19937 random(2);
  for (int i = 0; i < 20000; ++i) {
    const auto op = static_cast<OpCode>(1 + random() % kActorKindCount);
    const auto size = [&] { return static_cast<int>(1 + random() % 40); };
    const SliceBox box = {size(), size(), size(), 1};
    const int speed = static_cast<int>(1 + random() % (4 * kLikeSpeed));
    const Halves h = halves_of(op, random() % 2 == 0, box, 1, speed);
    if (h.axis == Axis::kNone) continue;
    const int count = h.axis == Axis::kRows      ? box.rows
                      : h.axis == Axis::kColumns ? box.columns
                                                 : box.channels;
    ASSERT_GT(h.at, 0);
    ASSERT_LT(h.at, count);
    ASSERT_LT(h.parts, Halves::kWholeParts);
    const double first = 1.0 * h.at / count,
                 second = 1.0 * (count - h.at) / count * kLikeSpeed / speed;
    ASSERT_GE(h.parts + 1e-9, 256 * std::max(first, second)) << speed;
  }
}

TEST(Halves, StepsOfStatesAndSmallSlicesStayWhole) {
  EXPECT_EQ(of(OpCode::kLstm, false, {8, 1, 64, 8}).axis, Axis::kNone);
  const SliceBox box = {2, 2, 4, 9};
  EXPECT_EQ(halves_of(OpCode::kDepthwise, true, box, 145).axis, Axis::kNone);
  EXPECT_NE(halves_of(OpCode::kDepthwise, true, box, 144).axis, Axis::kNone);
}

TEST(Halves, NoneIsEmptyAndNoneLargerThanTheWhole) {
  std::mt19937 random(1);
  for (int i = 0; i < 10000; ++i) {
    const auto op = static_cast<OpCode>(1 + random() % kActorKindCount);
    const auto size = [&] { return static_cast<int>(1 + random() % 20); };
    const SliceBox box = {size(), size(), size(), 1};
    const Halves h = of(op, random() % 2 == 0, box);
    if (h.axis == Axis::kNone) {
      EXPECT_EQ(h.parts, Halves::kWholeParts);
      continue;
    }
    const int count = h.axis == Axis::kRows      ? box.rows
                      : h.axis == Axis::kColumns ? box.columns
                                                 : box.channels;
    EXPECT_GT(h.at, 0);
    EXPECT_LT(h.at, count);
    EXPECT_GE(h.parts, Halves::kWholeParts / 2);
    EXPECT_LT(h.parts, Halves::kWholeParts);
  }
}

}  // namespace
}  // namespace shoal
