#include "host/plan/planner/pipeline.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>
#include <set>
#include <utility>
#include <vector>

#include "host/check/check.h"
#include "host/plan/cost/supply.h"
#include "host/plan/planner/crew_runs.h"
#include "host/plan/planner/plan_numbers.h"
#include "host/plan/planner/planner.h"
#include "host/plan/testing/shape_net.h"
#include "host/plan/types/stream_table.h"
#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

PlanRequest request_of(Cluster cluster) {
  PlanRequest r = linked_nodes(std::move(cluster));
  r.strategy.clear();
  r.objective = Objective::kThroughput;
  return r;
}

std::vector<int> all_of(const PlanRequest& request) {
  std::vector<int> nodes(request.cluster.nodes.size());
  std::iota(nodes.begin(), nodes.end(), 0);
  return nodes;
}

using RunList = std::vector<CrewRun>;

double busiest(const CrewRuns& runs, const RunList& list) {
  double most = 0;
  for (const CrewRun& r : list) most = std::max(most, runs.ps(r));
  return most;
}

// Returns the least work of the busiest of `crews` crews, by trying all runs.
double least_of_all(const CrewRuns& runs, int layers, size_t nodes,
                    size_t crews,
                    const std::function<bool(const CrewRun&)>& refused) {
  double least = std::numeric_limits<double>::infinity();
  RunList list;
  const std::function<void(int, size_t)> go = [&](int begin, size_t first) {
    if (list.size() == crews) {
      if (begin == layers) least = std::min(least, busiest(runs, list));
      return;
    }
    for (int end = begin + 1; end <= layers; ++end) {
      for (size_t last = first + 1; last <= nodes; ++last) {
        const CrewRun run{begin, end, first, last};
        if (refused(run)) continue;
        list.push_back(run);
        go(end, last);
        list.pop_back();
      }
    }
  };
  go(0, 0);
  return least;
}

TEST(CrewRuns, TheBusiestCrewHasTheLeastToDo) {
  const Net net = bottleneck_net(24, 1);
  const auto layers = static_cast<int>(net.layers.size());
  Cluster cluster = uniform_cluster(4, find_board("teensy41"), {});
  cluster.nodes[1].board.clock_hz /= 3;
  for (ClusterNode& n : cluster.nodes) n.rating = board_rating(n.board);
  const PlanRequest request = request_of(cluster);
  const std::vector<int> nodes = all_of(request);
  CrewRuns runs(net, request, nodes);
  const auto same_as_all = [&](const std::function<bool(const CrewRun&)>& no) {
    for (size_t crews = 1; crews <= nodes.size(); ++crews) {
      SCOPED_TRACE(crews);
      const std::optional<RunList> best = runs.best(crews);
      const double least = least_of_all(runs, layers, nodes.size(), crews, no);
      if (!best) {
        EXPECT_EQ(least, std::numeric_limits<double>::infinity());
        continue;
      }
      EXPECT_EQ(best->size(), crews);
      EXPECT_DOUBLE_EQ(busiest(runs, *best), least);
      const Cuts cuts = runs.cuts_of(runs.untrimmed(*best));
      EXPECT_EQ(cuts.layers.size(), net.layers.size());
    }
  };
  same_as_all([](const CrewRun&) { return false; });

  // The time of a plan counts more than any estimate.
  const CrewRun known = runs.best(2)->front();
  const double more = 3 * runs.ps(known);
  runs.learn(known, more);
  EXPECT_DOUBLE_EQ(runs.ps(known), more);
  same_as_all([](const CrewRun&) { return false; });

  // Runs that contain a refused one, on no more nodes, are not taken.
  const CrewRun no = runs.best(3)->back();
  runs.refuse(no);
  same_as_all([&](const CrewRun& r) {
    return r.begin <= no.begin && r.end >= no.end && r.nodes() <= no.nodes();
  });
}

// Each border moves by one or two layers either way; no run becomes empty.
TEST(CrewRuns, BordersMoveOverSeveralLayersTheLeastBusyFirst) {
  const Net net = bottleneck_net(24, 1);
  const auto layers = static_cast<int>(net.layers.size());
  ASSERT_GT(layers, 4);
  const PlanRequest request =
      request_of(uniform_cluster(3, find_board("teensy41"), {}));
  const std::vector<int> nodes = all_of(request);
  const CrewRuns runs(net, request, nodes);
  const RunList list = {{0, 2, 0, 1}, {2, 3, 1, 2}, {3, layers, 2, 3}};
  const std::vector<RunList> moved = runs.beside(list, 2);
  std::vector<std::pair<int, int>> borders;
  double before = 0;
  for (const RunList& m : moved) {
    EXPECT_EQ(m[0].end, m[1].begin);
    EXPECT_EQ(m[1].end, m[2].begin);
    borders.emplace_back(m[0].end, m[1].end);
    EXPECT_GE(busiest(runs, m), before);
    before = busiest(runs, m);
  }
  std::ranges::sort(borders);
  EXPECT_EQ(borders,
            (std::vector<std::pair<int, int>>{{1, 3}, {2, 4}, {2, 5}}));
}

// A node goes to the neighbouring crew, with or without a layer; no crew
// becomes empty. Borders that move over layers alone come first.
TEST(CrewRuns, BordersMoveOverANode) {
  const Net net = bottleneck_net(24, 1);
  const auto layers = static_cast<int>(net.layers.size());
  const PlanRequest request =
      request_of(uniform_cluster(3, find_board("teensy41"), {}));
  const std::vector<int> nodes = all_of(request);
  const CrewRuns runs(net, request, nodes);
  const std::vector<RunList> moved =
      runs.beside({{0, 2, 0, 2}, {2, layers, 2, 3}}, 1);
  ASSERT_EQ(moved.size(), 5u);
  std::vector<int> borders;
  for (size_t i = 0; i < moved.size(); ++i) {
    const CrewRun &before = moved[i][0], &behind = moved[i][1];
    EXPECT_EQ(before.nodes(), i < 2 ? 2u : 1u);
    EXPECT_EQ(behind.first, before.last);
    EXPECT_EQ(behind.last, 3u);
    borders.push_back(before.end);
  }
  std::sort(borders.begin(), borders.begin() + 2);
  std::sort(borders.begin() + 2, borders.end());
  EXPECT_EQ(borders, (std::vector<int>{1, 3, 1, 2, 3}));
}

// A crew gets no more nodes than crews can have, and gives its last one to
// none.
TEST(CrewRuns, BordersMoveNoNodeBeyondACrewsLimits) {
  const Net net = bottleneck_net(24, 1);
  const auto layers = static_cast<int>(net.layers.size());
  const size_t most = tuning::kSeveral;
  const PlanRequest request = request_of(
      uniform_cluster(static_cast<int>(most) + 2, find_board("teensy41"), {}));
  const std::vector<int> nodes = all_of(request);
  const CrewRuns runs(net, request, nodes);
  struct Case {
    size_t before, behind;    // nodes of the crews
    std::set<size_t> become;  // nodes of the crew before, of all moves
  };
  const Case cases[] = {{most, 2, {most - 1, most}},
                        {most, 1, {most - 1, most}},
                        {2, most, {2, 3}},
                        {1, most, {1, 2}},
                        {1, 1, {1}}};
  for (const auto& [before, behind, become] : cases) {
    const RunList runs_now = {{0, 2, 0, before},
                              {2, layers, before, before + behind}};
    std::set<size_t> found;
    for (const RunList& moved : runs.beside(runs_now, 1)) {
      found.insert(moved[0].nodes());
    }
    EXPECT_EQ(found, become) << before << " and " << behind;
  }
}

// A crew that takes three times as long as the others gives them work, some of
// it as part of a layer. Each layer is made once.
TEST(CrewRuns, BordersEvenOutWhatCrewsHaveToDo) {
  const Net net = bottleneck_net(24, 1);
  const auto layers = static_cast<int>(net.layers.size());
  const PlanRequest request =
      request_of(uniform_cluster(4, find_board("teensy41"), {}));
  const std::vector<int> nodes = all_of(request);
  const CrewRuns runs(net, request, nodes);
  const RunList list = {{0, layers / 2, 0, 2},
                        {layers / 2, layers - 1, 2, 3},
                        {layers - 1, layers, 3, 4}};
  const TrimmedRuns none = runs.untrimmed(list);
  const TrimmedRuns even = runs.evened(none, {3e9, 1e9, 1e9}, 0, 2);
  const auto& [moved, trim] = even;
  EXPECT_TRUE(moved[0].end < list[0].end ||
              (moved[0].end == list[0].end && trim.before[0] == 0));
  EXPECT_NE(even, none);
  EXPECT_EQ(moved[2], list[2]);
  EXPECT_EQ(trim.before[1], 0);

  TrimmedRuns half = none;
  half.trim.before = {0.5, 0.25};
  half.trim.weights[0] = 3;
  const Cuts cuts = runs.cuts_of(half);
  ASSERT_EQ(cuts.layers.size(), net.layers.size());
  for (size_t l = 0; l < cuts.layers.size(); ++l) {
    int64_t elements = 0;
    for (const Share& s : cuts.layers[l].shares) elements += s.own.elements();
    EXPECT_EQ(elements, net.layers[l].out.box.elements()) << l;
  }
  const std::vector<Share>& first = cuts.layers[0].shares;
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(first[0].own.columns(), 3 * first[1].own.columns());
  const std::vector<Share>& shared =
      cuts.layers[static_cast<size_t>(layers) / 2].shares;
  ASSERT_EQ(shared.size(), 3u);
  EXPECT_EQ(shared[2].node, 2);
  EXPECT_EQ(shared[2].own.rows(), shared[0].own.rows());
}

TEST(Pipeline, FramesFollowSoonerThanWhereAllShareAllLayers) {
  const Net net = bottleneck_net(40, 4);
  for (const bool tight : {false, true}) {
    SCOPED_TRACE(tight);
    Cluster cluster = uniform_cluster(4, find_board("teensy41"), {});
    if (tight) {
      const Plan least =
          make_plan(net, linked_nodes(cluster, "spatial", Objective::kRam));
      for (ClusterNode& n : cluster.nodes) {
        n.ram = 3 * int64_t{least.nodes[0].arena_bytes};
      }
    }
    const PlanRequest request = request_of(cluster);
    SegmentMemo memo(net);
    const std::optional<Pipeline> found =
        find_pipeline(net, request, all_of(request), memo);
    ASSERT_TRUE(found);
    const Plan& plan = found->plan;
    EXPECT_TRUE(check(net, plan).empty());
    EXPECT_GT(frames_under_way(plan, stream_edges(plan)), 2u);
    for (size_t n = 0; n < plan.nodes.size(); ++n) {
      EXPECT_LE(plan.nodes[n].arena_bytes,
                request.cluster.nodes[n].plan_budget());
    }
    const double period = numbers_of(net, request, plan, true).period_s;
    const Plan spatial = make_plan(net, linked_nodes(cluster, "spatial"));
    EXPECT_LT(period, numbers_of(net, request, spatial, true).period_s);
    if (tight) continue;
    const Plan taken = make_plan(net, request);
    EXPECT_LE(numbers_of(net, request, taken, true).period_s, period);
  }
}

TEST(Pipeline, HasNoPlanWhereNothingFits) {
  const Net net = bottleneck_net(32, 2);
  Cluster cluster = uniform_cluster(3, find_board("teensy41"), 1024);
  const PlanRequest request = request_of(cluster);
  SegmentMemo memo(net);
  EXPECT_FALSE(find_pipeline(net, request, all_of(request), memo));
}

// The weights of a crew of few nodes may exceed their flash.
TEST(Pipeline, WhatDoesNotFitTheFlashOfACrewIsNoEnd) {
  const Net net = bottleneck_net(32, 3);
  Cluster cluster = uniform_cluster(4, find_board("teensy41"), {});
  for (ClusterNode& n : cluster.nodes) {
    n.flash_weights = flash_bytes(net) * 2 / 3;
    n.board.storages.clear();
  }
  const PlanRequest request = request_of(cluster);
  const Plan plan = make_plan(net, request);
  EXPECT_TRUE(check(net, plan).empty());
}

// Nodes with layers of their own work on frames of their own.
TEST(FramesUnderWay, IsOneMoreThanCrews) {
  const Net net = bottleneck_net(32, 3);
  const auto under_way = [&](int nodes, const char* strategy) {
    const Plan plan = make_plan(
        net, linked_nodes(uniform_cluster(nodes, find_board("teensy41"), {}),
                          strategy));
    return frames_under_way(plan, stream_edges(plan));
  };
  EXPECT_EQ(under_way(1, "spatial"), 2u);
  EXPECT_EQ(under_way(4, "spatial"), 2u);
  EXPECT_EQ(under_way(4, "layer"), 5u);
  EXPECT_EQ(under_way(2, "layer"), 3u);
}

// Two nodes that share the layer between them also work on different frames.
TEST(FramesUnderWay, CountsCrewsThatShareTheLayerBetweenThem) {
  const Net net = bottleneck_net(32, 3);
  const auto layers = static_cast<int>(net.layers.size());
  PlanRequest request =
      linked_nodes(uniform_cluster(2, find_board("teensy41"), {}));
  const std::vector<int> nodes = all_of(request);
  const CrewRuns runs(net, request, nodes);
  const RunList list = {{0, layers / 2, 0, 1}, {layers / 2, layers, 1, 2}};
  const auto under_way = [&](double before) {
    request.cuts = runs.cuts_of({list, {{1, 1}, {before}}});
    const Plan plan = make_plan(net, request);
    EXPECT_TRUE(check(net, plan).empty());
    return frames_under_way(plan, stream_edges(plan));
  };
  EXPECT_EQ(under_way(0), 3u);
  EXPECT_EQ(under_way(0.5), 3u);
}

// Offsets have 32 bits; a sixth frame of 402 MB would exceed half of their
// range.
TEST(FramesUnderWay, KeepsToTheRoomOfOffsets) {
  const Net net = bottleneck_net(32, 3);
  const Plan plan = make_plan(
      net,
      linked_nodes(uniform_cluster(4, find_board("teensy41"), {}), "layer"));
  std::vector<StreamEdge> edges = stream_edges(plan);
  const auto input = std::ranges::find(edges, Owner::kInput, &StreamEdge::kind);
  ASSERT_NE(input, edges.end());
  input->box = {0, 1 << 14, 0, 3 << 12, 0, 2};
  EXPECT_EQ(frames_under_way(plan, edges), 4u);
  input->box = {0, 1 << 14, 0, 1 << 14, 0, 4};
  EXPECT_EQ(frames_under_way(plan, edges), 2u);
}

}  // namespace
}  // namespace shoal
