// Compares the search with the optimum, for nets so small that all plans of a
// kind can be built.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <limits>
#include <string>
#include <vector>

#include "host/check/check.h"
#include "host/plan/cuts/cut_layer.h"
#include "host/plan/cuts/cuts.h"
#include "host/plan/planner/planner.h"
#include "host/plan/search/search.h"
#include "host/plan/search/segment_memo.h"
#include "host/plan/testing/shape_net.h"

namespace shoal {
namespace {

Net four_layers() {
  ShapeNet n("four");
  const int x = n.conv(n.input(24, 24, 3), 3, 2, 8);
  n.output(n.fully_connected(n.conv(n.depthwise(x, 3, 2), 1, 1, 16), 10));
  return n.finish();
}

// Returns each way to give the layer to one of two nodes, or both equal parts.
std::vector<LayerCut> cuts_of(const Layer& layer) {
  const Crew both{{0, 1}, {1, 1}};
  std::vector<LayerCut> all{cut_one(layer, 0), cut_one(layer, 1)};
  if (can_cut_rows(layer)) all.push_back(cut_grid(layer, both, 2, 1));
  if (can_cut_columns(layer)) all.push_back(cut_grid(layer, both, 1, 2));
  if (can_cut_outputs(layer)) all.push_back(cut_outputs(layer, both));
  if (can_cut_inputs(layer)) all.push_back(cut_inputs(layer, both));
  return all;
}

// Returns the least time over all ways to cut all layers, each with the best
// segments that a search finds.
double least_latency(const Net& net, const PlanRequest& request) {
  std::vector<std::vector<LayerCut>> options;
  for (const Layer& l : net.layers) options.push_back(cuts_of(l));
  SegmentMemo memo(net);
  std::vector<size_t> taken(options.size());
  double least = std::numeric_limits<double>::infinity();
  for (;;) {
    Cuts cuts;
    for (size_t l = 0; l < options.size(); ++l) {
      cuts.layers.push_back(options[l][taken[l]]);
    }
    const OrMisfit<Plan> plan =
        search_plan(net, request, linked_search(net, request, cuts, {}, &memo));
    if (plan) least = std::min(least, plan->latency_s);
    size_t l = 0;
    while (l < taken.size() && ++taken[l] == options[l].size()) taken[l++] = 0;
    if (l == taken.size()) return least;
  }
}

// Links are so fast that both nodes are worth using, or so slow that they
// barely are.
TEST(OptimumTest, TwoNodesAreAsFastAsAnyCutsOfFourLayers) {
  const Net net = four_layers();
  for (const double bits_per_s : {1e6, 100e6, 1e9}) {
    Cluster cluster = uniform_cluster(2, find_board("teensy41"), {});
    for (ClusterNode& n : cluster.nodes) n.board.link_bits_per_s = bits_per_s;
    const PlanRequest request = linked_nodes(cluster, "auto");
    const double found = make_plan(net, request).latency_s;
    const double least = least_latency(net, request);
    std::cout << "two nodes at " << bits_per_s * 1e-6
              << " Mbit/s: " << found * 1e6 << " us, the best of all cuts "
              << least * 1e6 << " us\n";
    EXPECT_LE(found, 1.05 * least);
  }
}

// Compares one node with each way to divide its layers into segments.
TEST(OptimumTest, OneNodeIsAsSmallAsAnyStages) {
  for (const Net& net : {four_layers(), bottleneck_net(16, 2)}) {
    const Cluster cluster = uniform_cluster(1, find_board("teensy41"), {});
    PlanRequest request = linked_nodes(cluster, "auto", Objective::kRam);
    const int64_t found = largest_arena(make_plan(net, request));
    int64_t least = std::numeric_limits<int64_t>::max();
    const auto layers = static_cast<int>(net.layers.size());
    SegmentMemo memo(net);
    for (int ways = 0; ways < 1 << (layers - 1); ++ways) {
      Cuts cuts = make_cuts(net, cluster, {.strategy = "spatial"});
      for (int l = 0; l + 1 < layers; ++l) {
        (ways >> l & 1 ? cuts.ends : cuts.joined).push_back(l);
      }
      const OrMisfit<Plan> plan = search_plan(
          net, request, linked_search(net, request, cuts, {}, &memo));
      if (plan) least = std::min(least, largest_arena(*plan));
    }
    std::cout << "one node, " << layers << " layers: " << found
              << " B, the smallest of all stages " << least << " B\n";
    EXPECT_LE(found, least);
  }
}

TEST(OptimumTest, MoreEffortIsNeverWorse) {
  for (const uint32_t seed : {10, 14}) {
    const Net net = random_net(seed);
    PlanRequest request =
        linked_nodes(uniform_cluster(3, find_board("teensy41"), 4096), "auto");
    double before = std::numeric_limits<double>::infinity();
    for (const int effort : {1, 2, 4, 8}) {
      request.effort = effort;
      const Plan plan = make_plan(net, request);
      SCOPED_TRACE(std::to_string(seed) + ", effort " + std::to_string(effort));
      EXPECT_TRUE(check(net, plan).empty());
      EXPECT_LE(plan.latency_s, before);
      before = plan.latency_s;
    }
  }
}

// The requests are on the ladders of budgets and rates.
TEST(OptimumLong, MoreMemoryOrAFasterLinkIsNeverSlowerWithEffort) {
  const Net net = random_net(16);
  double before = std::numeric_limits<double>::infinity();
  const auto is_no_slower = [&](int64_t ram, double bits_per_s) {
    Cluster cluster = uniform_cluster(3, find_board("teensy41"), ram);
    for (ClusterNode& n : cluster.nodes) n.board.link_bits_per_s = bits_per_s;
    PlanRequest request = linked_nodes(cluster, "auto");
    request.effort = 8;
    const double seconds = make_plan(net, request).latency_s;
    SCOPED_TRACE(std::to_string(ram) + " B, " + std::to_string(bits_per_s));
    EXPECT_LE(seconds, before);
    before = seconds;
  };
  for (const int64_t ram : {4096, 8192, 16384}) is_no_slower(ram, 1e6);
  for (const double rate : {1e7, 1e8, 1e9}) is_no_slower(16384, rate);
}

}  // namespace
}  // namespace shoal
