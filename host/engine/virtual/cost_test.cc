// The slices of a frame cost together what the planner says.
#include "host/engine/virtual/cost.h"

#include <gtest/gtest.h>

#include <cstring>

#include "host/engine/common/fenced_arena.h"
#include "host/engine/common/testing/small_model.h"
#include "host/model/import/testing/model_builder.h"

namespace shoal {
namespace {

// Runs a frame of noise on one node and adds up its slices.
SliceCost frame_cost(const Prepared& p, const Board& board) {
  const PlanNode& plan = p.plan.nodes[0];
  const NodeCost cost(p.images[0], board);
  Arena arena(plan.arena_bytes);
  shoal_config config{};
  config.image = p.images[0].data();
  config.image_bytes = static_cast<uint32_t>(p.images[0].size());
  shoal_node node;
  EXPECT_LE(shoal_open(&node, &config, arena.data(), arena.bytes()),
            SHOAL_WAIT);
  SliceCost sum;
  std::vector<uint8_t> row(1 << 16);
  const uint32_t wanted = shoal_output_info(&node, 0).rows;
  uint32_t pushed = 0;
  for (uint32_t taken = 0; taken < wanted;) {
    if (pushed < shoal_input_info(&node, 0).rows) {
      pushed += shoal_push_rows(&node, 0, row.data(), 1);
    }
    const int status = shoal_step(&node);
    EXPECT_GE(status, SHOAL_OK);
    if (status < SHOAL_OK) break;
    const shoal_work w = shoal_last_work(&node);
    if (w.actor != kNone && status == SHOAL_OK) {
      sum += cost.slice(w);
    }
    taken += shoal_take_rows(&node, 0, row.data(), 1);
  }
  return sum;
}

void expect_the_planners(const Prepared& p, const Board& board) {
  const SliceCost sum = frame_cost(p, board);
  const PlanNode& node = p.plan.nodes[0];
  EXPECT_DOUBLE_EQ(sum.macs, static_cast<double>(node.macs));
  EXPECT_NEAR(sum.weight_bytes, static_cast<double>(node.weight_read_bytes),
              0.5);
  EXPECT_NEAR(sum.compute_s + sum.firing_s + sum.flash_s, node.seconds,
              1e-9 * node.seconds + 1e-10);
}

Prepared prepared(Graph graph, const Board& board, std::optional<int64_t> ram,
                  Objective objective) {
  PlanRequest request = one_node(board);
  request.node().ram = ram;
  request.objective = objective;
  return prepare(std::move(graph), request);
}

TEST(NodeCost, TheSlicesOfAFrameSumUpToThePlan) {
  for (const char* const id : {"teensy41", "stm32f746", "rp2040", "host",
                               "mps3-an547", "mps2-an521"}) {
    SCOPED_TRACE(id);
    const Board& board = find_board(id);
    for (const Objective o : {Objective::kRam, Objective::kLatency}) {
      expect_the_planners(prepared(small_graph(), board, {}, o), board);
    }
  }
}

TEST(NodeCost, UnlikeCoresHaveTheSharesOfThePlan) {
  Board board = find_board("mps2-an521");
  const auto compute_s = [&](double speed) {
    board.costs.second.speed = speed;
    const Prepared p = prepared(small_graph(), board, {}, Objective::kLatency);
    expect_the_planners(p, board);
    return frame_cost(p, board).compute_s;
  };
  const double slow = compute_s(0.25), alike = compute_s(1),
               fast = compute_s(4);
  EXPECT_LT(fast, alike);
  EXPECT_LT(alike, slow);
  board.costs.second = {};
  EXPECT_LT(
      slow,
      frame_cost(prepared(small_graph(), board, {}, Objective::kLatency), board)
          .compute_s);
}

TEST(NodeCost, WeightsThatTheCacheDoesNotHoldAreReadForEveryBand) {
  Board board = find_board("teensy41");
  board.costs.cache_bytes = 0;
  const Prepared low = prepared(small_graph(), board, {}, Objective::kRam);
  expect_the_planners(low, board);
  const double read = frame_cost(low, board).weight_bytes;
  board.costs.cache_bytes = 32768;
  EXPECT_GT(read, 3 * frame_cost(low, board).weight_bytes);
}

}  // namespace
}  // namespace shoal
