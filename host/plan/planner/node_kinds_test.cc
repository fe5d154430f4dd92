#include "host/plan/planner/node_kinds.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "host/board/board.h"
#include "host/plan/testing/shape_net.h"
#include "host/plan/types/request.h"

namespace shoal {
namespace {

using Crews = std::vector<std::vector<int>>;

bool has(const Crews& crews, const std::vector<int>& crew) {
  return std::ranges::find(crews, crew) != crews.end();
}

// Four nodes: node 1 is twice as fast, node 2 has a quarter of the memory, and
// node 3 a slow link.
PlanRequest unequal_request(Objective objective = Objective::kLatency) {
  Cluster cluster = uniform_cluster(4, find_board("teensy41"), 256 * 1024);
  cluster.nodes[1].board.clock_hz *= 2;
  cluster.nodes[2].ram = 64 * 1024;
  cluster.nodes[3].board.link_bits_per_s /= 100;
  for (ClusterNode& n : cluster.nodes) n.rating = board_rating(n.board);
  return linked_nodes(std::move(cluster), "auto", objective);
}

TEST(NodeKindsTest, CrewsLeaveOutWhatIsSlowSmallOrFarAway) {
  const PlanRequest request = unequal_request();
  const std::vector<int> all = fastest_first(request.cluster);
  ASSERT_EQ(all, (std::vector<int>{1, 0, 2, 3}));
  const Crews crews = smaller_crews(early_net(), request, all, false);
  EXPECT_TRUE(has(crews, {1}));        // a class of speed, and alone
  EXPECT_TRUE(has(crews, {1, 0, 3}));  // memory
  EXPECT_TRUE(has(crews, {1, 0, 2}));  // the link
  EXPECT_TRUE(has(crews, {1, 0}));     // half of them
  EXPECT_FALSE(has(crews, {1, 0, 2, 3}));
  for (const std::vector<int>& crew : crews) EXPECT_FALSE(crew.empty());
}

// Neither links nor single nodes matter for the smallest arena.
TEST(NodeKindsTest, TheSmallestArenaNeedsNoLinks) {
  const PlanRequest request = unequal_request(Objective::kRam);
  const Crews crews = smaller_crews(early_net(), request,
                                    fastest_first(request.cluster), false);
  EXPECT_TRUE(has(crews, {1, 0, 3}));
  EXPECT_FALSE(has(crews, {3}));
}

TEST(NodeKindsTest, EachNumberOfNodesAndOfTheFirstOnes) {
  const PlanRequest request = unequal_request();
  const std::vector<int> all = fastest_first(request.cluster);
  EXPECT_TRUE(has(smaller_crews(early_net(), request, all, true), {1, 0, 2}));
  const Crews first = crews_of_first_nodes(all);
  EXPECT_EQ(first, (Crews{{1, 0, 2}, {1, 0}, {1}, {1, 0}, {1}, {0}}));
}

}  // namespace
}  // namespace shoal
