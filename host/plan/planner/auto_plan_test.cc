#include "host/plan/planner/auto_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/base/error.h"
#include "host/check/check.h"
#include "host/plan/build/build_plan.h"
#include "host/plan/cuts/cuts.h"
#include "host/plan/planner/bounds.h"
#include "host/plan/planner/planner.h"
#include "host/plan/planner/trials.h"
#include "host/plan/search/search.h"
#include "host/plan/search/segment_memo.h"
#include "host/plan/testing/shape_net.h"

namespace shoal {
namespace {

std::vector<std::string> idle_nodes(const Plan& plan) {
  std::vector<std::string> names;
  for (const PlanNode& n : plan.nodes) {
    if (n.stages.empty()) names.push_back(n.name);
  }
  return names;
}

Plan plan_over(const Net& net, Cluster cluster, const char* strategy,
               Objective objective) {
  const Plan plan =
      make_plan(net, linked_nodes(std::move(cluster), strategy, objective));
  EXPECT_TRUE(check(net, plan).empty());
  return plan;
}

Cluster equal(int nodes) {
  return uniform_cluster(nodes, find_board("teensy41"), {});
}

Plan one_way(const Net& net, const Board& board, const char* strategy,
             int64_t ram) {
  PlanRequest request = linked_nodes(uniform_cluster(1, board, ram));
  if (strategy) {
    request.cuts = make_cuts(net, request.cluster, {.strategy = strategy});
  }
  const Plan plan = make_plan(net, request);
  EXPECT_TRUE(check(net, plan).empty());
  return plan;
}

// Over a slow link, segments of a cluster's node may be faster than the stages
// of a node alone.
TEST(AutoPlanTest, OneNodeIsNoSlowerThanByCuts) {
  Board board = find_board("nrf52840");
  const Net net = bottleneck_net(64, 3);
  for (const int64_t ram : {32'000, 200'000}) {
    SCOPED_TRACE(ram);
    const Plan plan = one_way(net, board, nullptr, ram);
    EXPECT_LE(plan.latency_s, one_way(net, board, "spatial", ram).latency_s);
  }
}

// Nodes without room for what is under way wait for credit instead.
TEST(AutoPlanTest, RingsHaveRoomForWhatLateLinksHaveUnderWay) {
  const Net net = bottleneck_net(64, 1);
  Cluster two = equal(2);
  for (ClusterNode& n : two.nodes) n.board.link_latency_us = 5000;
  PlanRequest request = linked_nodes(two);
  request.cuts = make_cuts(net, two, {.strategy = "spatial"});
  const auto seconds = [&](bool in_flight_room) {
    SearchOptions options;
    options.in_flight_room = in_flight_room;
    SearchOrMisfit search = linked_search(net, request, *request.cuts, options);
    return search_plan(net, request, std::move(search)).value().latency_s;
  };
  EXPECT_LT(seconds(true), 0.9 * seconds(false));
}

// The fastest node may have the slowest link, for which all others would wait.
TEST(AutoPlanTest, FastNodesWithSlowLinksAreLeftOut) {
  for (const Net& net : {bottleneck_net(32, 3), bottleneck_net(96, 12)}) {
    Cluster slower = equal(3);
    for (ClusterNode& n : slower.nodes) {
      n.board.clock_hz /= 2;
      n.rating /= 2;
    }
    Cluster all = equal(1);
    ClusterNode& fast = all.nodes[0];
    fast.name = "fast";
    fast.board.link_bits_per_s = 1e5;
    fast.board.link_latency_us = 20'000;
    all.nodes.insert(all.nodes.end(), slower.nodes.begin(), slower.nodes.end());
    const Plan plan = plan_over(net, all, "auto", Objective::kLatency);
    EXPECT_EQ(idle_nodes(plan), std::vector<std::string>{"fast"});
    EXPECT_LE(plan.latency_s,
              plan_over(net, slower, "auto", Objective::kLatency).latency_s);
  }
}

// Keyword spotting: maps of one column, and little work for each node.
Net spotter_net() {
  ShapeNet n("spotter");
  int t = n.input(30, 1, 40);
  for (const int kernel : {3, 5, 9}) {
    t = n.conv(n.depthwise(t, kernel, 1), 1, 1, 128);
  }
  n.output(n.fully_connected(n.fully_connected(t, 32), 3));
  return n.finish();
}

// Small nets allow more trials: other ends of runs that are cut alike, and
// other numbers of nodes, than estimates suggest.
TEST(AutoPlanTest, CutsOfSmallNetsByHandAreNoFaster) {
  const Net net = spotter_net();
  for (const auto& [board, nodes] : {std::pair("teensy41", 5),
                                     {"teensy41", 8},
                                     {"rp2350", 2},
                                     {"rp2350", 4},
                                     {"stm32h743", 5}}) {
    const Cluster cluster = uniform_cluster(nodes, find_board(board), {});
    const Plan found = plan_over(net, cluster, "auto", Objective::kLatency);
    for (int second = 1; second <= nodes; ++second) {
      PlanRequest by_hand = linked_nodes(cluster);
      by_hand.cuts_file = PlanText{
          "cuts.toml",
          "[[block]]\nlayers = \"0-3\"\njoined = true\nend = true\nrows = " +
              std::to_string(nodes) +
              "\n[[block]]\nlayers = \"4-5\"\njoined = true\nend = true\n"
              "rows = " +
              std::to_string(second) +
              "\n[[block]]\nlayers = \"6-7\"\nnode = 0\n"};
      EXPECT_LE(found.latency_s, make_plan(net, by_hand).latency_s)
          << nodes << " of " << board << ", " << second;
    }
  }
}

// With the first layers in columns, whose halos are sent within a segment,
// arenas are smaller than with any other cuts.
TEST(AutoPlanTest, ColumnsNeedLeastMemory) {
  const Net net = bottleneck_net(96, 6);
  const Plan plan = plan_over(net, equal(6), "auto", Objective::kRam);
  EXPECT_EQ(plan.strategy, "auto (columns)");
  const Plan grid = plan_over(net, equal(6), "spatial", Objective::kRam);
  EXPECT_LT(largest_arena(plan), largest_arena(grid) * 9 / 10);
  // A request with these bytes as its budget fits, where the grid is refused.
  Cluster cluster = equal(6);
  for (ClusterNode& n : cluster.nodes) n.ram = largest_arena(plan) + 512;
  EXPECT_NO_THROW(plan_over(net, cluster, "auto", Objective::kLatency));
  EXPECT_THROW(plan_over(net, cluster, "spatial", Objective::kLatency), Error);
}

// Includes each small number, and one above those that are all tried.
TEST(AutoPlanTest, MoreNodesAreNeverWorse) {
  const Net net = bottleneck_net(16, 3);
  double latency = INFINITY;
  int64_t arena = INT64_MAX;
  for (const int nodes : {1, 2, 3, 4, 5, 6, 7, 18}) {
    const Plan fast = plan_over(net, equal(nodes), "auto", Objective::kLatency);
    EXPECT_LE(fast.latency_s, latency) << nodes;
    latency = fast.latency_s;
    if (nodes > 4) continue;
    const Plan small = plan_over(net, equal(nodes), "auto", Objective::kRam);
    EXPECT_LE(largest_arena(small), arena) << nodes;
    arena = largest_arena(small);
  }
}

// Among plans with equal arenas the fastest is taken, whatever the number of
// nodes.
TEST(AutoPlanLong, EqualArenasAreDecidedByTime) {
  int equal_arenas = 0;
  for (const auto& [name, net] : shape_nets()) {
    if (name != "chain" && name != "skip") continue;
    Plan before;
    for (const int nodes : {4, 6, 9, 12}) {
      SCOPED_TRACE(name + " on " + std::to_string(nodes));
      Plan plan = plan_over(net, equal(nodes), "auto", Objective::kRam);
      if (nodes > 4 && largest_arena(plan) == largest_arena(before)) {
        EXPECT_LE(plan.latency_s, before.latency_s) << plan.strategy;
        ++equal_arenas;
      }
      before = std::move(plan);
    }
  }
  EXPECT_GT(equal_arenas, 2);
}

// Boards of three kinds in turn. The latency of one kind's link is longer than
// a frame of the others, which do not wait for it.
TEST(AutoPlanLong, MoreUnequalNodesAreHardlySlower) {
  const Net net = bottleneck_net(32, 3);
  // Not every subset of unequal nodes is searched.
  constexpr double kEqual = 1.005;
  Cluster cluster;
  double latency = INFINITY;
  for (const char* board :
       {"teensy41", "stm32h743", "rp2350", "teensy41", "stm32h743", "rp2350"}) {
    ClusterNode node = equal(1).nodes.front();
    node.name = "n" + std::to_string(cluster.nodes.size());
    node.board = find_board(board);
    node.rating = board_rating(node.board);
    cluster.nodes.push_back(node);
    const Plan plan = plan_over(net, cluster, "auto", Objective::kLatency);
    EXPECT_LE(plan.latency_s, latency * kEqual) << plan.strategy;
    latency = std::min(latency, plan.latency_s);
  }
}

// A crew's plan does not change with idle nodes beside it.
TEST(AutoPlanTest, IdleNodesChangeNothing) {
  const Net net = bottleneck_net(16, 3);
  const Plan some = plan_over(net, equal(3), "spatial", Objective::kRam);
  PlanRequest request = linked_nodes(equal(40), "", Objective::kRam);
  request.cuts =
      make_cuts_over(net, request.cluster, {0, 1, 2}, {.strategy = "spatial"});
  const Plan more = make_plan(net, request);
  EXPECT_EQ(largest_arena(more), largest_arena(some));
  EXPECT_EQ(more.latency_s, some.latency_s);
}

// A found plan is cut into slices a second time, with the idle nodes. Its
// weights that take long to read from flash are already cut then.
TEST(AutoPlanTest, SlicesOfAFoundPlanStayAsTheyAre) {
  ShapeNet shapes("wide");
  shapes.output(shapes.conv(shapes.input(6, 6, 64), 3, 1, 64));
  const Net net = shapes.finish();
  Board board = find_board("nrf52840");
  board.costs.flash_bytes_per_s = 5e6;
  const Cluster cluster = uniform_cluster(2, board, 12'000);
  const Plan plan = make_plan(net, linked_nodes(cluster));
  Plan again = plan;
  set_slices(net, cluster, again);
  int most_groups = 0;
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    const PlanNode &node = plan.nodes[n], &other = again.nodes[n];
    EXPECT_EQ(other.poll_gap_us, node.poll_gap_us) << n;
    for (size_t s = 0; s < node.stages.size(); ++s) {
      for (size_t i = 0; i < node.stages[s].actors.size(); ++i) {
        const PlanActor& a = node.stages[s].actors[i];
        const PlanActor& b = other.stages[s].actors[i];
        EXPECT_EQ(b.slices, a.slices);
        EXPECT_EQ(b.weights.groups, a.weights.groups);
        EXPECT_EQ(b.weights.chunks.size(), a.weights.chunks.size());
        most_groups = std::max(most_groups, a.weights.groups);
      }
    }
  }
  EXPECT_GT(most_groups, 1);
}

// The bound is proven without a search, so no plan is below it.
TEST(AutoPlanTest, CutsHaveABound) {
  for (const Net& net : {bottleneck_net(16, 3), bottleneck_net(64, 4)}) {
    for (const int nodes : {1, 2, 5, 8}) {
      for (const char* name : {"layer", "kernel", "spatial"}) {
        const PlanRequest request = linked_nodes(equal(nodes), name);
        const Cuts cuts = make_cuts(net, request.cluster, {.strategy = name});
        const CutBound bound = cut_bound(net, request, cuts);
        const double least_s = static_cast<double>(bound.ps) * 1e-12;
        const Plan plan = make_plan(net, request);
        EXPECT_GT(least_s, 0);
        EXPECT_LE(least_s, plan.latency_s * 1.01) << name << " " << nodes;
        EXPECT_LE(bound.sent_bytes, plan.traffic_bytes) << name << " " << nodes;
      }
    }
  }
}

// A node whose program is not mapped has a program with a head even without a
// share.
TEST(AutoPlanLong, ABoardWithoutMappedFlashMayBeLeftOut) {
  const Net net = bottleneck_net(16, 3);
  Cluster cluster = equal(2);
  for (Cluster c : {uniform_cluster(2, find_board("emcraft-sf2"), {}),
                    uniform_cluster(8, find_board("emcraft-sf2"), {})}) {
    for (const char* strategy : {"auto", "layer", "spatial"}) {
      plan_over(net, c, strategy, Objective::kLatency);
    }
  }
  cluster.nodes[1] =
      uniform_cluster(1, find_board("emcraft-sf2"), {}).nodes.front();
  cluster.nodes[1].name = "slow";
  cluster.nodes[1].board.clock_hz /= 16;  // at its own clock it helps
  const Plan plan = plan_over(net, cluster, "auto", Objective::kLatency);
  EXPECT_EQ(idle_nodes(plan), std::vector<std::string>{"slow"});
}

// The small node may be anywhere in the list; the others' plan is as good as
// without it.
TEST(AutoPlanTest, ANodeWithoutMemoryChangesNothing) {
  const Net net = bottleneck_net(32, 3);
  for (const Objective o : {Objective::kLatency, Objective::kRam}) {
    const Plan two = plan_over(net, equal(2), "auto", o);
    for (size_t small = 0; small < 3; ++small) {
      Cluster three = equal(3);
      three.nodes[small].ram = 1024;
      const Plan plan = plan_over(net, three, "auto", o);
      EXPECT_EQ(idle_nodes(plan),
                std::vector<std::string>{three.nodes[small].name});
      if (o == Objective::kLatency) {
        EXPECT_LE(plan.latency_s, two.latency_s * 1.0001);
      } else {
        EXPECT_LE(largest_arena(plan), largest_arena(two) + 64);
      }
    }
  }
}

TEST(AutoPlanTest, NeverWorseThanWhatHasAName) {
  const Net net = bottleneck_net(48, 4);
  for (const Objective objective : {Objective::kLatency, Objective::kRam}) {
    const Plan best = plan_over(net, equal(4), "auto", objective);
    for (const char* name : {"spatial", "kernel", "layer"}) {
      const Plan plan = plan_over(net, equal(4), name, objective);
      if (objective == Objective::kLatency) {
        EXPECT_LE(best.latency_s, plan.latency_s) << name;
      } else {
        EXPECT_LE(largest_arena(best), largest_arena(plan)) << name;
      }
    }
  }
}

TEST(AutoPlanTest, SlowNodesAreLeftOutAndThatIsSaid) {
  const Net net = bottleneck_net(64, 4);
  Cluster cluster = equal(2);
  for (const char* name : {"slow0", "slow1"}) {
    ClusterNode node = cluster.nodes[0];
    node.name = name;
    node.board.clock_hz /= 6;
    node.board.link_bits_per_s /= 400;
    node.rating /= 6;
    cluster.nodes.push_back(node);
  }
  const Plan plan = plan_over(net, cluster, "auto", Objective::kLatency);
  const std::vector<std::string> idle = idle_nodes(plan);
  EXPECT_EQ(std::count(idle.begin(), idle.end(), "slow0"), 1);
  EXPECT_EQ(std::count(idle.begin(), idle.end(), "slow1"), 1);
  for (const char* said : {" of 4 nodes: ", "; the others would "}) {
    EXPECT_NE(plan.strategy.find(said), std::string::npos) << plan.strategy;
  }
}

// With --replay several nodes share tiles where nothing else fits. Where there
// is room, it changes nothing.
TEST(AutoPlanTest, TilesNeedLessMemory) {
  const Net net = early_net();
  const auto plan = [&](std::optional<int64_t> ram, Objective o, bool replay) {
    PlanRequest request = linked_nodes(
        uniform_cluster(2, find_board("teensy41"), ram), "auto", o);
    request.replay = replay;
    Plan p = make_plan(net, request);
    EXPECT_TRUE(check(net, p).empty());
    return p;
  };
  const Plan whole = plan({}, Objective::kRam, false),
             tiled = plan({}, Objective::kRam, true);
  EXPECT_LT(largest_arena(tiled), largest_arena(whole) * 4 / 5);
  EXPECT_EQ(tiled.strategy, "auto (tiles)");
  const int64_t less = largest_arena(whole) * 97 / 100;
  EXPECT_THROW(plan(less, Objective::kLatency, false), Error);
  EXPECT_LE(largest_arena(plan(less, Objective::kLatency, true)), less);
  const Plan fast = plan({}, Objective::kLatency, false),
             same = plan({}, Objective::kLatency, true);
  EXPECT_EQ(fast.latency_s, same.latency_s);
  EXPECT_EQ(fast.strategy, same.strategy);
}

// Nodes that share layers, or have one segment each, wait for whole tensors at
// the ends of segments, and hold them.
TEST(AutoPlanTest, WhereRowsLackRoomNodesFollowEachOther) {
  const Net net = bottleneck_net(32, 1);
  Cluster cluster = uniform_cluster(3, find_board("esp32s3"), {});
  const Plan small = plan_over(net, cluster, "auto", Objective::kRam);
  EXPECT_TRUE(check(net, small).empty());
  int64_t least = INT64_MAX;
  for (const std::string& name : general_strategies()) {
    const Plan other = plan_over(net, cluster, name.c_str(), Objective::kRam);
    least = std::min(least, largest_arena(other));
  }
  // A pipeline shows how small arenas can be; another plan as small is faster.
  EXPECT_LT(largest_arena(small), least * 8 / 10);
  for (ClusterNode& n : cluster.nodes) n.ram = least;
  const Plan layer = plan_over(net, cluster, "layer", Objective::kLatency);
  for (ClusterNode& n : cluster.nodes) n.ram = least * 19 / 20;
  const Plan fast = plan_over(net, cluster, "auto", Objective::kLatency);
  EXPECT_TRUE(check(net, fast).empty());
  EXPECT_EQ(fast.strategy, "auto (pipeline)");
  EXPECT_LT(fast.latency_s, 0.7 * layer.latency_s);
}

TEST(AutoPlanTest, WhatFitsNowhereIsRefused) {
  const Net net = bottleneck_net(64, 4);
  Cluster cluster = uniform_cluster(2, find_board("teensy41"), 2048);
  EXPECT_THROW(plan_over(net, cluster, "auto", Objective::kLatency), Error);
}

// For the smallest arena, an arena far above another plan's is not built.
TEST(TrialsTest, BuildsNoArenaThatIsFarTooLarge) {
  const Net net = bottleneck_net(32, 4);
  PlanRequest request =
      linked_nodes(uniform_cluster(4, find_board("teensy41"), {}));
  request.objective = Objective::kRam;
  SegmentMemo memo(net);
  const Trial trial{"spatial",
                    make_cuts(net, request.cluster, {.strategy = "spatial"})};
  Trials first(net, request, memo);
  ASSERT_TRUE(first.run(trial));
  const double bytes = first.measure();
  EXPECT_EQ(first.nearest(), bytes);
  EXPECT_GT(first.best().latency_s, 0);
  Trials same(net, request, memo);
  same.compare_with(bytes);
  EXPECT_TRUE(same.run(trial));
  EXPECT_EQ(same.measure(), bytes);
  Trials small(net, request, memo);
  small.compare_with(bytes / 3);
  EXPECT_FALSE(small.run(trial));
  EXPECT_FALSE(small.any());
  EXPECT_GT(small.nearest(), bytes / 3);
  EXPECT_LT(small.nearest(), bytes * 1.1);
}

}  // namespace
}  // namespace shoal
