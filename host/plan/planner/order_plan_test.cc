#include "host/plan/planner/order_plan.h"

#include <gtest/gtest.h>

#include <set>

#include "host/base/error.h"
#include "host/check/check.h"
#include "host/check/testing/right_plan.h"
#include "host/plan/order/layer_graph.h"
#include "host/plan/planner/auto_plan.h"
#include "host/plan/planner/planner.h"
#include "host/plan/search/search.h"
#include "host/plan/testing/branch_nets.h"

namespace shoal {
namespace {

PlanRequest request_for(Objective objective) {
  PlanRequest request = one_node(find_board("teensy41"));
  request.objective = objective;
  return request;
}

// Returns the plan in the net's own order.
Plan own_plan(const Net& net, const PlanRequest& request) {
  return search_plan(net, request, node_search(net, request)).value();
}

TEST(OrderPlanTest, IsNoWorseThanThatOfTheNetsOrder) {
  int taken = 0;
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    const Net net = wired_net(seed, 14);
    const PlanRequest request = request_for(Objective::kRam);
    const Plan plan = make_plan(net, request);
    expect_right(net, plan);
    const Plan own = own_plan(net, request);
    EXPECT_LE(largest_arena(plan), largest_arena(own));
    if (plan.order.layers.empty()) continue;
    ++taken;
    EXPECT_LT(largest_arena(plan), largest_arena(own));
    EXPECT_EQ(plan.order.own_arena_bytes, largest_arena(own));
    EXPECT_EQ(plan.order.own_latency_s, own.latency_s);
    EXPECT_TRUE(LayerGraph(net).holds(plan.order.layers));
  }
  EXPECT_GT(taken, 20);
}

TEST(OrderPlanTest, BranchesThatLieBreadthFirstTakeLessThanHalfOfTheArena) {
  const Net net = breadth_first_net(1, 4);
  const PlanRequest request = request_for(Objective::kRam);
  const Plan plan = make_plan(net, request);
  expect_right(net, plan);
  EXPECT_FALSE(plan.order.layers.empty());
  EXPECT_LT(2 * largest_arena(plan), largest_arena(own_plan(net, request)));
}

TEST(OrderPlanTest, FitsWhereTheNetsOrderDoesNot) {
  const Net net = breadth_first_net(1, 3);
  const int64_t least =
      largest_arena(make_plan(net, request_for(Objective::kRam)));
  PlanRequest request = request_for(Objective::kLatency);
  request.node().ram = least;
  const Plan plan = make_plan(net, request);
  expect_right(net, plan);
  EXPECT_LE(largest_arena(plan), least);
  EXPECT_EQ(plan.order.own_arena_bytes, 0);
  EXPECT_FALSE(plan.order.layers.empty());
  EXPECT_THROW(own_plan(net, request), Error);
  request.node().ram = least - 1;
  try {
    make_plan(net, request);
    ADD_FAILURE() << "a byte less than the least was enough";
  } catch (const Error& e) {
    EXPECT_EQ(e.fix(), "--ram " + std::to_string(least));
  }
}

TEST(OrderPlanTest, WhoNamesAStrategyGetsTheNetsOrder) {
  const Net net = breadth_first_net(1, 3);
  PlanRequest request = request_for(Objective::kRam);
  request.strategy = "single";
  const Plan plan = make_plan(net, request);
  EXPECT_TRUE(plan.order.layers.empty());
  EXPECT_EQ(largest_arena(plan), largest_arena(own_plan(net, request)));
}

TEST(OrderPlanTest, WhereThereIsRoomTheSearchIsOne) {
  const Net net = breadth_first_net(1, 3);
  int searches = 0;
  const auto find = [&](const Net& n) {
    ++searches;
    return own_plan(n, request_for(Objective::kLatency));
  };
  plan_in_best_order(net, request_for(Objective::kLatency), find);
  EXPECT_EQ(searches, 1);
  plan_in_best_order(bottleneck_net(48, 5), request_for(Objective::kRam), find);
  EXPECT_EQ(searches, 2);
  plan_in_best_order(net, request_for(Objective::kRam), find);
  EXPECT_EQ(searches, 4);
}

TEST(OrderPlanTest, SeveralNodesTakeLessThanHalfOfTheArena) {
  const Net net = breadth_first_net(1, 4);
  PlanRequest request = linked_nodes(
      uniform_cluster(3, find_board("teensy41"), {}), "auto", Objective::kRam);
  const Plan plan = make_plan(net, request);
  expect_right(net, plan);
  const Plan own = auto_plan(net, request).value();
  EXPECT_LT(2 * largest_arena(plan), largest_arena(own));
  EXPECT_EQ(plan.order.own_arena_bytes, largest_arena(own));
  EXPECT_TRUE(LayerGraph(net).holds(plan.order.layers));
  // Nothing fits in the net's own order.
  request.objective = Objective::kLatency;
  for (ClusterNode& n : request.cluster.nodes) {
    n.ram = largest_arena(plan) * 5 / 4;
  }
  const Plan fast = make_plan(net, request);
  expect_right(net, fast);
  EXPECT_EQ(fast.order.own_arena_bytes, 0);
  EXPECT_FALSE(fast.order.layers.empty());
  // Requests that name a strategy get the net's order.
  request.strategy = "spatial";
  EXPECT_THROW(make_plan(net, request), Error);
}

TEST(OrderPlanTest, CutsGoWithTheirLayers) {
  Trial trial{"mixed"};
  for (int l = 0; l < 5; ++l) {
    trial.cuts.layers.push_back({CutKind::kGrid, l + 1, 1, {}});
  }
  trial.cuts.blocks = {{0, 2, std::nullopt, 4}, {3, 5, 2, 1}};
  const Trial other = in_order(trial, {3, 4, 0, 2, 1});
  std::vector<int> rows;
  for (const LayerCut& cut : other.cuts.layers) rows.push_back(cut.rows);
  EXPECT_EQ(rows, (std::vector<int>{4, 5, 1, 3, 2}));
  ASSERT_EQ(other.cuts.blocks.size(), 1u);
  EXPECT_EQ(other.cuts.blocks[0].begin, 0);
  EXPECT_EQ(other.cuts.blocks[0].end, 2);
  EXPECT_EQ(other.cuts.blocks[0].band, 2);
}

// Returns the tensors that the stage's actors write or read.
std::set<int> tensors(const PlanStage& stage, bool is_read) {
  std::set<int> all;
  for (const PlanPort& p : stage.ports) {
    if (p.is_read == is_read && p.owner == Owner::kActor) {
      all.insert(stage.buffers[p.buffer].tensor);
    }
  }
  return all;
}

bool share_any(const std::set<int>& a, const std::set<int>& b) {
  return std::ranges::any_of(a, [&](int t) { return b.contains(t); });
}

// Exchanges two stages so that one reads what is not made yet. All else is as
// it should be: the stages in which buffers live, and what is complete.
void exchange_stages(PlanNode& node, size_t first) {
  std::swap(node.stages[first], node.stages[first + 1]);
  const auto a = static_cast<int>(first), b = a + 1;
  for (PlanStage& stage : node.stages) {
    for (PlanBuffer& buffer : stage.buffers) {
      for (int* s : {&buffer.first_stage, &buffer.last_stage}) {
        if (*s == a || *s == b) *s = a + b - *s;
      }
      if (buffer.first_stage > buffer.last_stage) {
        std::swap(buffer.first_stage, buffer.last_stage);
      }
    }
  }
}

TEST(OrderPlanTest, TheCheckerRefusesOrdersThatReadWhatIsNotMadeYet) {
  int tried = 0;
  for (uint32_t seed = 1; seed <= 40; ++seed) {
    const Net net = wired_net(seed, 14);
    const Plan plan = make_plan(net, request_for(Objective::kRam));
    ASSERT_EQ(joined(check(net, plan)), "");
    const std::vector<PlanStage>& stages = plan.nodes[0].stages;
    for (size_t s = 0; s + 1 < stages.size(); ++s) {
      if (!share_any(tensors(stages[s], false), tensors(stages[s + 1], true))) {
        continue;
      }
      Plan mutant = plan;
      exchange_stages(mutant.nodes[0], s);
      ++tried;
      EXPECT_FALSE(check(net, mutant).empty()) << seed << ", stage " << s;
    }
    if (plan.order.layers.empty()) continue;
    // The layers have their numbers in the order, not those in the net.
    Plan mutant = plan;
    std::vector<int> position(plan.order.layers.size());
    for (size_t p = 0; p < position.size(); ++p) {
      position[size_t(plan.order.layers[p])] = static_cast<int>(p);
    }
    restore_layers(position, mutant);
    ++tried;
    EXPECT_FALSE(check(net, mutant).empty()) << seed;
  }
  EXPECT_GT(tried, 60);
}

// The reader comes before the writer in a stage.
TEST(OrderPlanTest, TheCheckerRefusesActorsBeforeWhatTheyRead) {
  const Net net = breadth_first_net(1, 3);
  const Plan plan = make_plan(net, request_for(Objective::kRam));
  int tried = 0;
  for (size_t s = 0; s < plan.nodes[0].stages.size(); ++s) {
    const PlanStage& stage = plan.nodes[0].stages[s];
    for (int a = 0; a + 1 < std::ssize(stage.actors); ++a) {
      const int made = stage.ports[stage.actors[size_t(a)].out].buffer;
      const int in = stage.actors[size_t(a) + 1].in[0];
      if (in < 0 || stage.ports[in].buffer != made) continue;
      Plan mutant = plan;
      PlanStage& spoiled = mutant.nodes[0].stages[s];
      std::swap(spoiled.actors[size_t(a)], spoiled.actors[size_t(a) + 1]);
      for (PlanPort& p : spoiled.ports) {
        if (p.owner != Owner::kActor) continue;
        if (p.owner_index == a || p.owner_index == a + 1) {
          p.owner_index = 2 * a + 1 - p.owner_index;
        }
      }
      ++tried;
      EXPECT_NE(joined(check(net, mutant)).find("reads what the later actor"),
                std::string::npos);
    }
  }
  EXPECT_GT(tried, 3);
}

}  // namespace
}  // namespace shoal
