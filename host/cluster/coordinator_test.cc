// The coordinator and real agents over a network that loses, doubles and
// delays: the same bytes.
#include <gtest/gtest.h>

#include "host/cluster/testing/cluster_run.h"

namespace shoal {
namespace {

TEST(Coordinator, EveryStrategyAndCountGivesTheSameBytes) {
  for (const char* strategy : {"spatial", "kernel", "layer"}) {
    for (const int nodes : {1, 2, 3, 4}) {
      SCOPED_TRACE(strategy + std::to_string(nodes));
      const Prepared p = small_split(nodes, strategy);
      TestCluster c(1);
      start(c, p);
      run_frames(c, p, 4);
      EXPECT_TRUE(c.stop());
    }
  }
}

TEST(Coordinator, LossDoublingAndDisorderChangeNothing) {
  for (const uint32_t payload : {1472u, 128u, kLeastPayload}) {
    for (unsigned seed = 0; seed < 4; ++seed) {
      SCOPED_TRACE("payload " + std::to_string(payload) + " seed " +
                   std::to_string(seed));
      const Prepared p = small_split(3, "spatial", payload);
      TestCluster c(seed, payload);
      c.net.loss = c.net.doubling = 0.2;
      c.net.jitter_us = 2000;
      start(c, p);
      run_frames(c, p, 5);
      EXPECT_TRUE(c.stop());
    }
  }
}

TEST(Coordinator, NodesWithoutAPartStayConnected) {
  const Prepared p = small_split(6, "layer");
  ASSERT_TRUE(p.plan.nodes[5].stages.empty());
  TestCluster c(1);
  start(c, p);
  run_frames(c, p, 1);
  c.run([] { return false; }, 3'000'000);  // they answer pings
  run_frames(c, p, 2);
  EXPECT_TRUE(c.stop());
}

TEST(Coordinator, InsecureRuns) {
  const Prepared p = small_split(2);
  TestCluster c(1);
  c.config.insecure = c.options.insecure = true;
  start(c, p);
  run_frames(c, p, 2);
}

TEST(Coordinator, AnUnchangedProgramIsNotSentAgain) {
  const Prepared p = small_split(2), other = small_split(2, "kernel");
  TestCluster c(5);
  start(c, p);
  run_frames(c, p, 1);
  EXPECT_FALSE(c.coordinator->report(0).held);
  EXPECT_GT(c.coordinator->report(0).chunks, 0);
  ASSERT_TRUE(c.stop());
  const uint32_t chunks = c.nodes[0]->agent.counters().chunks;
  start(c, p);
  run_frames(c, p, 2);
  EXPECT_TRUE(c.coordinator->report(0).held);
  EXPECT_EQ(c.coordinator->report(0).chunks, 0);
  EXPECT_EQ(c.nodes[0]->agent.counters().chunks, chunks);
  ASSERT_TRUE(c.stop());
  start(c, other);
  run_frames(c, other, 1);
  EXPECT_FALSE(c.coordinator->report(0).held);
}

TEST(Coordinator, DeployingAloneStartsNothing) {
  const Prepared p = small_split(2);
  TestCluster c(5);
  for (int i = 0; i < 2; ++i) c.add_node();
  ASSERT_TRUE(c.connect());
  EXPECT_FALSE(c.coordinator->deployed());
  c.coordinator->deploy(p, Then::kHold);
  EXPECT_FALSE(c.coordinator->deployed());
  ASSERT_TRUE(c.run([&] { return c.coordinator->deployed(); }));
  c.run([] { return false; }, 3'000'000);  // and it stays so
  EXPECT_FALSE(c.coordinator->started());
  EXPECT_EQ(c.coordinator->free_frames(), 0);
  for (const auto& n : c.nodes) EXPECT_EQ(n->agent.state(), AgentState::kReady);
  ASSERT_TRUE(c.stop());
  start(c, p);
  EXPECT_TRUE(c.coordinator->report(0).held);
  EXPECT_TRUE(c.coordinator->report(1).held);
  run_frames(c, p, 1);
}

// A coordinator that died leaves a run behind; the next one takes over.
TEST(Coordinator, ANewCoordinatorTakesOver) {
  const Prepared p = small_split(2);
  TestCluster c(6);
  start(c, p);
  run_frames(c, p, 1);
  start(c, p);
  run_frames(c, p, 3);
}

TEST(Coordinator, TheOneBeforeIsTold) {
  const Prepared p = small_split(2);
  TestCluster c(6);
  start(c, p);
  auto first = std::move(c.coordinator);
  CoordinatorConfig config = c.config;
  config.transport = &c.net.end(50);
  Coordinator second(config);
  second.connect(c.addresses);
  ASSERT_TRUE(c.run([&] {
    second.poll();
    return second.connected();
  }));
  c.coordinator = std::move(first);
  expect_error(end_of(c), Exit::kNode, "serves another coordinator");
}

TEST(Coordinator, AWorkerMayComeLate) {
  const Prepared p = small_split(2);
  TestCluster c(7);
  c.add_node();
  c.add_node().silent = true;
  c.coordinate();
  c.run([] { return false; }, 3'000'000);
  EXPECT_FALSE(c.coordinator->connected());
  c.nodes[1]->silent = false;
  start(c, p);
  run_frames(c, p, 1);
}

// What is sent to the new address arrives; nothing comes from the old one.
TEST(Coordinator, ANodeMayChangeItsAddress) {
  const Prepared p = small_split(2);
  TestCluster c(8);
  start(c, p);
  run_frames(c, p, 1);
  c.net.spy = [](LossyNet::Datagram& d) {
    if (d.to == 2) return false;
    if (d.to == 102) d.to = 2;
    if (d.from == 2) d.from = 102;
    return true;
  };
  run_frames(c, p, 3);
}

TEST(Coordinator, ItsOwnAbsenceIsNobodysSilence) {
  const Prepared p = small_split(2);
  TestCluster c(9);
  for (int i = 0; i < 2; ++i) c.add_node();
  ASSERT_TRUE(c.connect());
  c.net.now_us += 60'000'000;
  c.coordinator->deploy(p);
  ASSERT_TRUE(c.run([&] { return c.coordinator->started(); }));
  run_frames(c, p, 1);
}

TEST(Coordinator, ItsAbsenceWhileConnectingIsNobodysSilence) {
  TestCluster c(9);
  c.add_node();
  c.coordinate();
  c.net.now_us += 60'000'000;
  EXPECT_TRUE(c.run([&] { return c.coordinator->connected(); }));
}

TEST(Coordinator, ARequestThatWasOvertakenIsIgnored) {
  const Prepared p = small_split(2);
  TestCluster c(9);
  c.config.insecure = c.options.insecure = true;
  std::optional<LossyNet::Datagram> held;
  bool sent = false;
  c.net.spy = [&](LossyNet::Datagram& d) {
    const bool request =
        d.to == 2 && d.bytes[0] == static_cast<uint8_t>(Kind::kSession);
    const auto is = [&](Request r) {
      return request && d.bytes[sizeof(SessionHead)] == static_cast<uint8_t>(r);
    };
    if (is(Request::kBegin) && !held) {
      held = d;
      return false;
    }
    if (is(Request::kStart) && !sent) {
      sent = true;
      c.net.send(*held);
    }
    return true;
  };
  start(c, p);
  EXPECT_TRUE(sent);
  run_frames(c, p, 1);
}

TEST(Coordinator, AnswersMayComeFromAnotherAddress) {
  const Prepared p = small_split(2);
  TestCluster c(13);
  c.net.spy = [](LossyNet::Datagram& d) {
    if (d.from == 2) d.from = 77;
    if (d.to == 77) d.to = 2;
    return true;
  };
  start(c, p);
  run_frames(c, p, 2);
  EXPECT_TRUE(c.stop());
}

}  // namespace
}  // namespace shoal
