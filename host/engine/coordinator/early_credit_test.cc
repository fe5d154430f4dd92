// Credit of nodes that start before the others.
#include <gtest/gtest.h>

#include "host/engine/coordinator/testing/cluster_run.h"

namespace shoal {
namespace {

// It would else be told again after a time-out.
TEST(EarlyCredit, OfNodesThatStartFirstCounts) {
  const Prepared p = small_linked(3);
  TestCluster c(1);
  // The last one's reply is lost, so that the others start long before it.
  bool lost = false;
  c.net.spy = [&](const LossyNet::Datagram& d) {
    if (lost || d.from != c.addresses[2].address ||
        c.nodes[2]->agent.state() != AgentState::kRunning) {
      return true;
    }
    lost = true;
    return false;
  };
  start(c, p);
  ASSERT_TRUE(lost);
  const auto frame_us = [&] {
    const uint64_t from = c.net.now_us;
    run_frames(c, p, 1);
    return c.net.now_us - from;
  };
  const uint64_t first_us = frame_us();
  EXPECT_LE(first_us, frame_us());
}

}  // namespace
}  // namespace shoal
