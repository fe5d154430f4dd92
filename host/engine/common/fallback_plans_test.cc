#include "host/engine/common/fallback_plans.h"

#include <gtest/gtest.h>

#include "host/engine/common/testing/small_model.h"

namespace shoal {
namespace {

// The search of each loss ends after 2 s; what it has found then is barely
// slower than what a search without an end finds.
TEST(FallbackPlans, ThoseOfUnequalNodesAreAsFastAsFreshOnes) {
  Cluster cluster = uniform_cluster(4, find_board("teensy41"), std::nullopt);
  const double clocks_mhz[] = {150, 300, 450, 600};
  for (size_t n = 0; n < 4; ++n) {
    Board& board = cluster.nodes[n].board;
    board.clock_hz = 1e6 * clocks_mhz[n];
    cluster.nodes[n].rating = board_rating(board);
  }
  const PlanRequest request = linked_nodes(cluster, "auto");
  FallbackPlans plans(small_graph(), std::nullopt);
  plans.make(request);
  const std::optional<Fallbacks> made = plans.made();
  ASSERT_TRUE(made);
  ASSERT_EQ(made->size(), 4u);
  for (size_t lost = 0; lost < 4; ++lost) {
    PlanRequest others = request;
    others.cluster.nodes.erase(others.cluster.nodes.begin() +
                               static_cast<ptrdiff_t>(lost));
    const Prepared fresh = prepare(small_graph(), others);
    ASSERT_TRUE((*made)[lost]);
    EXPECT_LE((*made)[lost]->plan.latency_s, 1.05 * fresh.plan.latency_s)
        << "without node " << lost;
  }
}

}  // namespace
}  // namespace shoal
