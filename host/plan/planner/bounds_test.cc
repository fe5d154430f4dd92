#include "host/plan/planner/bounds.h"

#include <gtest/gtest.h>

#include "host/base/error.h"
#include "host/plan/planner/needed_work.h"
#include "host/plan/planner/planner.h"
#include "host/plan/testing/shape_net.h"

namespace shoal {
namespace {

LowerBound linked_bound(const Net& net, const Cluster& cluster) {
  return lower_bound(net, cluster, {.linked = true});
}

TEST(LowerBoundTest, CountsAllWorkOfAPlainNet) {
  const Net net = bottleneck_net(48, 5);
  const NeededWork work = needed_work(net);
  EXPECT_EQ(work.macs, net.model_macs);
  EXPECT_EQ(work.input_bytes,
            net.tensors[net.inputs[0].place.view.tensor].bytes());
  EXPECT_GT(work.output_bytes, 0);
}

// A narrow convolution with a stride of two needs every other pixel.
TEST(LowerBoundTest, LeavesOutWhatWindowsPassOver) {
  Net net = bottleneck_net(48, 5);
  const int64_t all = needed_work(net).macs;
  bool narrow = false;
  for (Layer& l : net.layers) {
    if (l.op != OpCode::kDepthwise || l.stride_y < 2) continue;
    l.kernel_h = l.kernel_w = 1;
    l.pad_top = l.pad_left = 0;
    narrow = true;
    break;
  }
  ASSERT_TRUE(narrow);
  EXPECT_LT(needed_work(net).macs, all);
}

TEST(LowerBoundTest, IsNeverAboveAPlan) {
  for (const char* const board :
       {"teensy41", "rp2350", "nrf52840", "stm32h743"}) {
    for (const int nodes : {1, 2, 8}) {
      const Cluster cluster = uniform_cluster(nodes, find_board(board), {});
      for (const int size : {12, 32}) {
        SCOPED_TRACE(std::string(board) + " x " + std::to_string(nodes));
        const Net net = bottleneck_net(size, 3);
        const LowerBound b = linked_bound(net, cluster);
        EXPECT_GT(b.latency_s, 0);
        EXPECT_LE(b.period_s, b.latency_s);
        for (const char* const strategy : {"spatial", "kernel", "layer"}) {
          const Plan plan = make_plan(net, linked_nodes(cluster, strategy));
          EXPECT_GE(plan.latency_s, b.latency_s) << strategy;
          EXPECT_GE(plan.traffic_bytes, b.traffic_bytes) << strategy;
        }
      }
    }
  }
}

TEST(LowerBoundTest, OfANodeAloneIsCloseToItsPlan) {
  const Net net = bottleneck_net(48, 5);
  const PlanRequest request = one_node(find_board("teensy41"));
  const double planned = make_plan(net, request).latency_s;
  const double least = lower_bound(net, request.cluster, {}).latency_s;
  EXPECT_LE(least, planned);
  EXPECT_GE(least, 0.7 * planned);
}

// Two nodes, one of them three times as fast, equal four slow ones.
TEST(LowerBoundTest, AddsUpRatesOfUnequalNodes) {
  const Net net = bottleneck_net(48, 5);
  Cluster cluster = uniform_cluster(2, find_board("teensy41"), {});
  const double one =
      lower_bound(net, uniform_cluster(1, find_board("teensy41"), {}), {})
          .period_s;
  cluster.nodes[1].board.clock_hz *= 3;
  const double both = lower_bound(net, cluster, {}).period_s;
  EXPECT_LE(both, one / 4 * 1.0001);
  EXPECT_GE(both, one / 4 * 0.99);
}

TEST(LowerBoundTest, KnowsSlowLinks) {
  const Net net = bottleneck_net(48, 5);
  Cluster cluster = uniform_cluster(2, find_board("teensy41"), {});
  for (ClusterNode& n : cluster.nodes) n.board.link_bits_per_s = 1e5;
  const LowerBound b = linked_bound(net, cluster);
  // The coordinator's own link is as slow as theirs.
  EXPECT_GE(b.latency_s, static_cast<double>(b.input_bytes) * 8 / 1e5);
  EXPECT_GE(make_plan(net, linked_nodes(cluster)).latency_s, b.latency_s);
  // A rate of 0 is no limit.
  for (ClusterNode& n : cluster.nodes) n.board.link_bits_per_s = 0;
  EXPECT_LT(linked_bound(net, cluster).latency_s, b.latency_s);
}

// Only weights that do not fit the arenas are read.
TEST(LowerBoundTest, ReadsWhatDoesNotFitTheArenas) {
  const Net net = bottleneck_net(48, 5);
  Board board = find_board("teensy41");
  board.costs.flash_bytes_per_s = 1e4;
  const double kept =
      lower_bound(net, uniform_cluster(1, board, {}), {}).latency_s;
  const LowerBound read = lower_bound(net, uniform_cluster(1, board, 1000), {});
  EXPECT_GT(read.latency_s, kept);
  EXPECT_GT(read.weight_bytes, 1000);
}

}  // namespace
}  // namespace shoal
