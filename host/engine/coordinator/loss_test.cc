// Why a node is given up: dead, out of reach, hung, cut off from another one,
// or holding another program than it says.
#include <gtest/gtest.h>

#include <algorithm>

#include "host/engine/coordinator/testing/cluster_run.h"
#include "host/engine/coordinator/testing/open_session.h"

namespace shoal {
namespace {

constexpr uint64_t kCoordinator0 = 1;  // addresses: nodes from 2 on

bool is_between(const LossyNet::Datagram& d, uint64_t a, uint64_t b) {
  return (d.from == a && d.to == b) || (d.from == b && d.to == a);
}

void expect_loss(const TestCluster& c, int worker, Loss why) {
  const auto loss = c.coordinator->loss();
  ASSERT_TRUE(loss);
  EXPECT_EQ(loss->worker, worker);
  EXPECT_EQ(loss->why, why);
}

TEST(LossOfANode, OneThatNobodyReachesIsDead) {
  const Prepared p = small_linked(3);
  TestCluster c(9);
  start(c, p);
  c.nodes[1]->silent = true;
  expect_error(end_of(c), Exit::kNode,
               "; node0 and node2 get no answer from it either");
  expect_loss(c, 1, Loss::kDead);
}

TEST(LossOfANode, OneThatAnotherReachesIsOutOfReach) {
  for (const bool identities : {false, true}) {
    const Prepared p = small_linked(3);
    TestCluster c(9);
    if (identities) c.use_identities();
    start(c, p);
    c.net.spy = [](LossyNet::Datagram& d) {
      return !is_between(d, kCoordinator0, 3);
    };
    const Error e = end_of(c);
    expect_error(e, Exit::kNode, "node node1 (at3): silent for");
    expect_error(e, Exit::kNode, " reaches it");
    expect_loss(c, 1, Loss::kUnreachable);
  }
}

TEST(LossOfANode, ACutLinkNamesBothEnds) {
  const Prepared p = small_linked(3, "kernel");
  TestCluster c(9);
  start(c, p);
  const PlanStream& stream = p.plan.streams.at(0);
  const int ends[] = {stream.from.node, stream.to.at(0).node};
  c.net.spy = [&](LossyNet::Datagram& d) {
    return !is_between(d, static_cast<uint64_t>(ends[0]) + 2,
                       static_cast<uint64_t>(ends[1]) + 2);
  };
  const uint64_t before = c.net.now_us;
  expect_error(end_of(c), Exit::kNode, " do not reach each other");
  EXPECT_LE(c.net.now_us - before, 3 * c.config.timeout_us / 2);
  const auto loss = c.coordinator->loss();
  ASSERT_TRUE(loss);
  EXPECT_EQ(loss->why, Loss::kCut);
  ASSERT_TRUE(loss->other);
  EXPECT_EQ(std::minmax(loss->worker, *loss->other),
            std::minmax(ends[0], ends[1]));
}

TEST(LossOfANode, OneThatAnswersAndAcknowledgesNothingHasHung) {
  const Prepared p = small_linked(3);
  TestCluster c(9);
  c.config.insecure = c.options.insecure = true;
  start(c, p);
  c.net.spy = [](LossyNet::Datagram& d) {
    if (d.from == 3)
      change_pong(d.bytes, [](PingAnswer& a) { a.unanswered = 0; });
    return d.bytes[0] != kDataKind || d.from != 3;
  };
  expect_error(end_of(c), Exit::kNode,
               "node node1 (at3): it answers, but its program stands");
  expect_loss(c, 1, Loss::kHung);
}

TEST(LossOfANode, OneThatHoldsAnotherProgramIsNotStarted) {
  const Prepared p = small_linked(2);
  TestCluster c(9);
  c.config.insecure = c.options.insecure = true;
  c.add_node();
  c.add_node();
  ASSERT_TRUE(c.connect());
  c.net.spy = [](LossyNet::Datagram& d) {
    if (d.from != 3) return true;
    change_session(d.bytes, [](std::span<uint8_t> body) {
      if (body[0] != static_cast<uint8_t>(Request::kIdentity)) return false;
      body.back() ^= 1;  // of the hash
      return true;
    });
    return true;
  };
  c.coordinator->deploy(p);
  expect_error(end_of(c), Exit::kNode,
               "node node1 (at3): it says that it has taken its program, and "
               "holds another");
  expect_loss(c, 1, Loss::kLying);
}

TEST(LossOfANode, IsSeenAsSoonWhileProgramsAreSent) {
  const Prepared p = small_linked(2);
  TestCluster c(9);
  c.config.insecure = c.options.insecure = true;
  c.config.derives_silence = true;
  c.add_node();
  c.add_node();
  ASSERT_TRUE(c.connect());
  uint64_t stopped_us = 0;
  c.net.spy = [&](LossyNet::Datagram& d) {
    change_session(d.bytes, [&](std::span<uint8_t> body) {
      const bool is_write = body[0] == static_cast<uint8_t>(Request::kWrite);
      if (d.to == 3 && is_write && stopped_us == 0) {
        c.nodes[1]->silent = true;
        stopped_us = c.net.now_us;
      }
      return false;
    });
    return true;
  };
  c.coordinator->deploy(p);
  expect_error(end_of(c), Exit::kNode, "node node1 (at3): silent for");
  expect_loss(c, 1, Loss::kDead);
  ASSERT_GT(stopped_us, 0u);
  EXPECT_LE(c.net.now_us - stopped_us, 1'200'000u);
}

}  // namespace
}  // namespace shoal
