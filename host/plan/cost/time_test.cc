#include "host/plan/cost/time.h"

#include <gtest/gtest.h>

#include "host/board/kernel_cost.h"
#include "host/plan/testing/shape_net.h"
#include "host/plan/testing/slow_board.h"

namespace shoal {
namespace {

TEST(TimeTest, EachKernelHasItsCost) {
  ShapeNet n("kernels");
  const int a = n.conv(n.input(10, 6, 2), 1, 1, 4);  // 60 * 2 * 4 MACs
  const int b = n.conv(a, 3, 1, 4);                  // 60 * 36 * 4
  const int c = n.depthwise(b, 3, 1);                // 60 * 9 * 4
  n.output(n.fully_connected(n.table(c), 5));        // 60 * 4 * 5
  const Net net = n.finish();
  const Board board = slow_board();
  const auto compute = [&](int layer) {
    return layer_time(net, layer, {1, net.layers[layer].kernel_h}, board)
               .compute_ps /
           kPicosPerMicrosecond;
  };
  EXPECT_EQ(compute(0), 480 * 2);
  EXPECT_EQ(compute(1), 8640 * 3);
  EXPECT_EQ(compute(2), 2160 * 5);
  EXPECT_EQ(compute(3), 240 * 4);
  EXPECT_EQ(compute(4), 1200 * 7);
}

TEST(TimeTest, HigherBandsReadWeightsLessOften) {
  ShapeNet n("bands");
  n.output(n.conv(n.input(10, 6, 2), 1, 1, 4));
  const Net net = n.finish();
  Board board = slow_board();
  board.costs.flash_bytes_per_s = 1e6;
  const int64_t bytes = weight_bytes(net.layers[0]);
  EXPECT_EQ(bytes, 8 + 4 * 4 + 4 * 4 + 4);
  for (const auto& [band, passes] :
       {std::pair{1, 10}, {2, 5}, {3, 4}, {10, 1}}) {
    const LayerTime t = layer_time(net, 0, {band, 1}, board);
    EXPECT_EQ(t.firings, passes);
    EXPECT_EQ(t.weight_read_bytes, bytes * passes);
    EXPECT_EQ(t.flash_ps, bytes * passes * kPicosPerMicrosecond);
    EXPECT_EQ(t.firing_ps, 10 * passes * kPicosPerMicrosecond);
  }
  board.costs.cache_bytes = bytes;
  EXPECT_EQ(layer_time(net, 0, {1, 1}, board).weight_read_bytes, bytes);
  board.costs.cache_bytes = bytes - 1;
  EXPECT_EQ(layer_time(net, 0, {1, 1}, board).weight_read_bytes, bytes * 10);
}

// Rows have 6 pixels and calls cost 3: three rows in one call take (3 * 6 + 3)
// / (3 * 6 + 3 * 3) of the time of three rows in three calls.
TEST(TimeTest, HigherBandsShareWhatACallCosts) {
  ShapeNet n("calls");
  n.output(n.depthwise(n.conv(n.input(10, 6, 2), 1, 1, 4), 3, 1));
  const Net net = n.finish();
  Board board = slow_board();
  board.costs.call_pixels = {.pointwise = 0.5, .depthwise = 3};
  board.costs.row_us = 2;
  const auto at = [&](int layer, int band) {
    LayerTime t =
        layer_time(net, layer, {band, net.layers[layer].kernel_h}, board);
    t.compute_ps /= kPicosPerMicrosecond;
    t.firing_ps /= kPicosPerMicrosecond;
    return t;
  };
  const int64_t point = 2 * 4 * 2, depth = 9 * 4 * 5;  // of a pixel
  for (const auto& [band, calls] : {std::pair{1, 10}, {3, 4}, {10, 1}}) {
    EXPECT_EQ(at(0, band).compute_ps, point * 60 + point * calls / 2) << band;
    EXPECT_EQ(at(1, band).compute_ps, depth * 60 + depth * calls * 3) << band;
    EXPECT_EQ(at(1, band).firing_ps, calls * 10 + (10 - calls) * 2) << band;
  }
}

// Two rows of 6 pixels, 4 channels and 2 products each are 96 products, a row
// for each core; of an odd number of rows the larger half counts.
TEST(TimeTest, ASecondCoreMakesHalves) {
  ShapeNet n("cores");
  n.output(n.conv(n.input(10, 6, 2), 1, 1, 4));
  const Net net = n.finish();
  Board board = slow_board();
  const auto compute = [&](int band) {
    return layer_time(net, 0, {band, 1}, board).compute_ps;
  };
  constexpr int64_t kOne = 960 * kPicosPerMicrosecond;
  ASSERT_EQ(compute(2), kOne);
  board.costs.second = {.least_products = 96, .meeting_us = 1};
  EXPECT_EQ(compute(2), kOne / 2 + 5 * kPicosPerMicrosecond);
  EXPECT_EQ(compute(1), kOne);  // too small
  EXPECT_EQ(compute(10), kOne / 2 + kPicosPerMicrosecond);
  // Three bands of three rows, of which one core makes two, and a row.
  EXPECT_EQ(compute(3),
            kOne / 10 * 9 / 256 * 171 + kOne / 10 + 3 * kPicosPerMicrosecond);
  // A core of half the speed makes two of six columns, rather than three of ten
  // rows.
  board.costs.second.speed = 0.5;
  EXPECT_EQ(compute(10), kOne / 256 * 172 + kPicosPerMicrosecond);
  board.costs.second.speed = 1;
  board.costs.second.contention = 1.5;
  EXPECT_EQ(compute(2), kOne / 4 * 3 + 5 * kPicosPerMicrosecond);
  board.costs.second.least_products = 97;
  EXPECT_EQ(compute(2), kOne);
}

// Halves of an odd number of columns or channels are not equal, so the widths
// that slices and groups really have count.
TEST(TimeTest, UnequalSlicesAndGroupsAreCountedOneByOne) {
  ShapeNet n("slices");
  n.output(n.conv(n.input(10, 14, 8), 1, 1, 10));
  const Net net = n.finish();
  const Layer& layer = net.layers[0];
  Board board = slow_board();
  board.costs.second = {.least_products = 1, .meeting_us = 10};
  const auto compute = [&](int columns, int channels, int slices, int groups) {
    LayerShare share = whole_share(layer);
    share.out.x1 = columns, share.out.c1 = channels;
    share.slices = slices, share.groups = groups;
    return share_time(layer, share, {1, 1}, board).compute_ps;
  };
  EXPECT_EQ(compute(14, 10, 3, 1),
            compute(4, 10, 1, 1) + 2 * compute(5, 10, 1, 1));
  EXPECT_EQ(compute(14, 10, 1, 3),
            2 * compute(14, 4, 1, 1) + compute(14, 2, 1, 1));
  EXPECT_EQ(compute(14, 10, 3, 3),
            2 * compute(14, 4, 3, 1) + compute(14, 2, 3, 1));
}

// Both cores read weights through one port, which is no faster for two.
TEST(TimeTest, ASecondCoreReadsFlashNoFaster) {
  ShapeNet n("port");
  n.output(n.conv(n.input(10, 6, 2), 1, 1, 4));
  const Net net = n.finish();
  Board board = slow_board();
  board.costs.flash_bytes_per_s = 1e6;
  const LayerTime one = layer_time(net, 0, {2, 1}, board);
  ASSERT_GT(one.flash_ps, 0);
  board.costs.second = {.least_products = 96, .meeting_us = 1};
  const LayerTime two = layer_time(net, 0, {2, 1}, board);
  EXPECT_LT(two.compute_ps, one.compute_ps);
  EXPECT_EQ(two.flash_ps, one.flash_ps);
}

// Four channels in two groups; the second group costs as much as two channels
// more.
TEST(TimeTest, GroupsArrangeTheirInputAnew) {
  ShapeNet n("groups");
  n.output(n.conv(n.input(10, 6, 2), 3, 1, 4));
  const Net net = n.finish();
  Board board = slow_board();
  board.costs.group_channels = {.conv = 2};
  LayerShare share = whole_share(net.layers[0]);
  const auto compute = [&] {
    return share_time(net.layers[0], share, {1, 3}, board).compute_ps;
  };
  const int64_t whole = compute();
  share.groups = 2;
  EXPECT_EQ(compute(), whole / 4 * 6);
  share.groups = 4;
  EXPECT_EQ(compute(), whole / 4 * 10);
}

// An output of 9 taps takes 45 cycles, one of 25 taps 75: a constant of 28.125,
// and 1.875 for each tap.
TEST(TimeTest, DepthwiseTakesLessATapWithMoreTaps) {
  Board board = slow_board();
  EXPECT_EQ(depthwise_cycles(board.costs, 25), 5);
  board.costs.depthwise_5x5 = 3;
  EXPECT_EQ(depthwise_cycles(board.costs, 9), 5);
  EXPECT_DOUBLE_EQ(depthwise_cycles(board.costs, 25), 3);
  EXPECT_DOUBLE_EQ(depthwise_cycles(board.costs, 49), 1.875 + 28.125 / 49);
  EXPECT_LE(least_depthwise_cycles(board.costs),
            depthwise_cycles(board.costs, 121));
}

TEST(TimeTest, PartialSumsCostForEachPart) {
  ShapeNet n("sums");
  n.output(n.fully_connected(n.input(12, 2, 2), 3));
  const Net net = n.finish();
  Board board = slow_board();
  const auto compute = [&](int part) {
    return layer_time(net, 0, {1, part}, board).compute_ps /
           kPicosPerMicrosecond;
  };
  const int64_t without = compute(12);
  board.costs.sum = 100;
  EXPECT_EQ(compute(12), without);
  EXPECT_EQ(compute(4), without + int64_t{3} * 3 * 100);
  EXPECT_EQ(compute(1), without + int64_t{12} * 3 * 100);
}

// Two of the four taps meet an input pixel, of six channels: 12 products an
// output, and as much as 20 for the rest.
TEST(TimeTest, TransposedConvolutionsTakeTheTapsThatMeetPixels) {
  ShapeNet n("transposed");
  n.output(n.conv(n.input(4, 3, 6), 1, 1, 5));
  Net net = n.finish();
  Layer& l = net.layers[0];
  l.op = OpCode::kTransposeConv;
  l.kernel_h = l.kernel_w = l.stride_x = 2;
  l.macs = int64_t{4} * 3 * 6 * 4 * 5 + 1;
  const LayerTime t = layer_time(net, 0, {1, 2}, slow_board());
  const int64_t outputs = int64_t{4} * 3 * 5;
  EXPECT_EQ(t.compute_ps / kPicosPerMicrosecond, outputs * (12 + 20) * 7);
  // Shares have their part of the MACs, though no output has a whole number.
  const auto share = [&](int rows) {
    LayerShare of = whole_share(l);
    of.out.y1 = of.out.y0 + rows;
    return share_macs(l, of);
  };
  EXPECT_EQ(share(4), l.macs);
  EXPECT_EQ(share(2), l.macs / 2);
}

TEST(TimeTest, PartsOfAWindowShareTheWeights) {
  ShapeNet n("parts");
  n.output(n.fully_connected(n.input(12, 2, 2), 3));
  const Net net = n.finish();
  const LayerTime t = layer_time(net, 0, {1, 1}, slow_board());
  EXPECT_EQ(t.firings, 12);
  EXPECT_EQ(t.weight_read_bytes, weight_bytes(net.layers[0]));
}

}  // namespace
}  // namespace shoal
