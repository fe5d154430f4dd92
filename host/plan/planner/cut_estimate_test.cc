#include "host/plan/planner/cut_estimate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <vector>

#include "host/board/board.h"
#include "host/plan/cost/feed.h"
#include "host/plan/cost/tape.h"
#include "host/plan/cost/time.h"
#include "host/plan/cuts/cut_layer.h"
#include "host/plan/testing/shape_net.h"
#include "host/plan/types/request.h"

namespace shoal {
namespace {

constexpr int kNodes = 4;

// One layer with 256 KB of weights and few pixels.
Net heavy_net() {
  ShapeNet n("heavy");
  n.output(n.conv(n.input(8, 8, 512), 1, 1, 512));
  return n.finish();
}

// Returns the time of the first node's core for a quarter of the rows, which
// needs all weights.
int64_t core_ps(const Net& net, const PlanRequest& request,
                CutCosts costs = {}) {
  std::vector<int> crew(kNodes);
  std::iota(crew.begin(), crew.end(), 0);
  CutEstimate estimate(net, request, crew, costs);
  const Crew all = whole_crew(request.cluster);
  const int rows = estimate.find(0, cut_grid(net.layers[0], all, kNodes, 1));
  return estimate.options(0)[static_cast<size_t>(rows)].core_ps[0];
}

PlanRequest request_for(std::optional<int64_t> flash, bool sealed) {
  PlanRequest r =
      linked_nodes(uniform_cluster(kNodes, find_board("teensy41"), {}), "auto");
  for (ClusterNode& n : r.cluster.nodes) {
    n.flash_weights = flash;
    n.sealed = sealed;
  }
  return r;
}

TEST(CutEstimate, WeightsFromStorageAreReadBesideTheCoreWhichChecksThem) {
  const Net net = heavy_net();
  const Layer& layer = net.layers[0];
  const LayerShare share{{0, 2, 0, 8, 0, 512}, 512};
  const int64_t bytes = chunk_bytes(layer, share, {0, 512, 0, 1});
  const Board& board = find_board("teensy41");
  const LayerTime t = share_time(layer, share, {2, 1}, board);
  for (const bool sealed : {false, true}) {
    const Supply card{&board, &board.storages.front(), sealed};
    const int64_t core = t.compute_ps + t.firing_ps + card.check_ps(bytes);
    EXPECT_EQ(core_ps(net, request_for(0, sealed)),
              std::max(core, card.read_ps(bytes)))
        << sealed;
  }
}

TEST(CutEstimate, WhatFlashHasNoRoomForCounts) {
  const Net net = heavy_net();
  const int64_t mapped = core_ps(net, request_for({}, true));
  const int64_t stored = core_ps(net, request_for(0, true));
  ASSERT_GT(stored, mapped);
  const int64_t quarter = weight_bytes(net.layers[0]) / kNodes;
  const int64_t half = core_ps(net, request_for(quarter / 2, true));
  EXPECT_NEAR(double(half), double(mapped + stored) / 2, double(stored) / 100);
  EXPECT_EQ(core_ps(net, request_for(2 * quarter, true)), mapped);
  EXPECT_EQ(core_ps(net, request_for(0, true), {.storage = false}), mapped);
}

}  // namespace
}  // namespace shoal
