// Clusters are used: under `kernel` and `spatial` no node computes more than
// 1.6 / N of what all compute, on a network whose layers allow it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

#include "host/board/board.h"
#include "host/lower/net.h"
#include "host/model/import/import.h"
#include "host/plan/cuts/cuts.h"
#include "host/plan/planner/planner.h"
#include "tests/shared.h"

namespace shoal {
namespace {

class ClusterBalanceTest : public testing::TestWithParam<const char*> {};

TEST_P(ClusterBalanceTest, NoNodeComputesMuchMoreThanItsShare) {
  const Net net =
      lower(load_model(golden_model_file("tf2_mobilenet_v2_1.0_224_ptq")));
  for (int nodes = 2; nodes <= 8; ++nodes) {
    SCOPED_TRACE(nodes);
    const Cluster cluster = uniform_cluster(nodes, find_board("teensy41"), {});
    const Cuts cuts = make_cuts(net, cluster, {.strategy = GetParam()});
    for (const Objective objective : {Objective::kLatency, Objective::kRam}) {
      const Plan plan = make_plan(net, linked_nodes(cluster, cuts, objective));
      int64_t most = 0, all = 0;
      for (const PlanNode& n : plan.nodes) {
        most = std::max(most, n.macs);
        all += n.macs;
      }
      const double share = static_cast<double>(most * nodes) / all;
      EXPECT_LE(share, 1.6);
      EXPECT_GE(all, net.model_macs);
      std::printf("%s over %d, %s: %.2f / N, %.2f of the model's MACs\n",
                  GetParam(), nodes,
                  objective == Objective::kRam ? "ram" : "latency", share,
                  static_cast<double>(all) / net.model_macs);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Strategies, ClusterBalanceTest,
                         testing::Values("spatial"));
INSTANTIATE_TEST_SUITE_P(Long, ClusterBalanceTest, testing::Values("kernel"));

}  // namespace
}  // namespace shoal
