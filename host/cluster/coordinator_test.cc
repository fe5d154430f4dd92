// The coordinator and real agents over a network that loses, doubles and
// delays: the same bytes, or an error that names the node.
#include <gtest/gtest.h>

#include "host/base/error.h"
#include "host/cluster/testing/lossy_net.h"
#include "host/cluster/testing/small_run.h"

namespace shoal {
namespace {

void start(TestCluster& c, const Prepared& p) {
  while (c.nodes.size() < p.images.size()) c.add_node();
  ASSERT_TRUE(c.connect());
  c.coordinator->deploy(p);
  ASSERT_TRUE(c.run([&] { return c.coordinator->started(); }));
}

// Runs frames of noise and compares each with the oracle.
void run_frames(TestCluster& c, const Prepared& p, unsigned count) {
  unsigned submitted = 0, got = 0;
  const bool ended = c.run([&] {
    while (submitted < count && c.coordinator->free_frames() > 0) {
      c.coordinator->submit(noise_bytes(kSmallInput, submitted++));
    }
    while (const auto out = c.coordinator->result()) {
      EXPECT_EQ(*out, oracle_output(p.graph, noise_bytes(kSmallInput, got)))
          << "frame " << got;
      ++got;
    }
    return got == count;
  });
  EXPECT_TRUE(ended) << got << " of " << count << " frames";
  for (const auto& n : c.nodes) EXPECT_TRUE(n->intact());
}

// The error that ends a run, in which frames are submitted without end.
Error end_of(TestCluster& c, uint64_t limit_us = 30'000'000) {
  try {
    c.run(
        [&] {
          while (c.coordinator->free_frames() > 0) {
            c.coordinator->submit(noise_bytes(kSmallInput, 1));
          }
          c.coordinator->result();
          return false;
        },
        limit_us);
  } catch (const Error& e) {
    return e;
  }
  return Error(Exit::kOk, "no error");
}

void expect_error(const Error& e, Exit code, const std::string& text) {
  EXPECT_EQ(e.code(), code) << e.what();
  EXPECT_NE(std::string(e.what()).find(text), std::string::npos) << e.what();
}

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

TEST(Coordinator, ASilentNodeIsNamedInTime) {
  const Prepared p = small_split(3);
  TestCluster c(9);
  start(c, p);
  c.nodes[1]->silent = true;
  const uint64_t before = c.net.now_us;
  expect_error(end_of(c), Exit::kNode, "node node1 (at3): silent for");
  EXPECT_LE(c.net.now_us - before, c.config.timeout_us + 600'000);
  // The others are told to stop, without waiting long for the lost one.
  EXPECT_TRUE(c.stop());
  EXPECT_EQ(c.nodes[0]->agent.state(), AgentState::kReady);
  EXPECT_EQ(c.nodes[2]->agent.state(), AgentState::kReady);
}

TEST(Coordinator, ANodeThatNeverAnswersIsNamed) {
  for (const uint64_t timeout_us : {100'000u, 1'000'000u, 5'000'000u}) {
    TestCluster c(9);
    c.config.timeout_us = timeout_us;
    c.add_node();
    c.add_node().silent = true;
    c.coordinate();
    const uint64_t before = c.net.now_us;
    expect_error(end_of(c), Exit::kNode, "node at3: no answer within");
    EXPECT_LE(c.net.now_us - before, timeout_us + 1000);
  }
}

// Planning takes its time, and nobody is listened to meanwhile.
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

// A request that was repeated arrives for the first time when the node is
// about to start: as a new one it would make it forget its peers.
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

// Everybody is there, and yet no row arrives: that ends too.
TEST(Coordinator, ARunThatDoesNotMoveEnds) {
  const Prepared p = small_split(2);
  TestCluster c(9);
  start(c, p);
  c.net.spy = [](LossyNet::Datagram& d) { return d.bytes[0] != kDataKind; };
  const uint64_t before = c.net.now_us;
  expect_error(end_of(c), Exit::kNode, "nothing moves: node0 (at2) in stage");
  EXPECT_LE(c.net.now_us - before, 3 * c.config.timeout_us);
}

TEST(Coordinator, ARestartedNodeIsNamed) {
  const Prepared p = small_split(2);
  TestCluster c(10);
  start(c, p);
  c.nodes[1]->restart();
  const uint64_t before = c.net.now_us;
  expect_error(end_of(c), Exit::kNode, "node node1 (at3): it was restarted");
  EXPECT_LT(c.net.now_us - before, c.config.timeout_us);
}

TEST(Coordinator, ARefusedProgramIsNamed) {
  Prepared p = small_split(2);
  p.images[1][p.images[1].size() / 2] ^= 1;
  TestCluster c(11);
  for (int i = 0; i < 2; ++i) c.add_node();
  ASSERT_TRUE(c.connect());
  c.coordinator->deploy(p);
  expect_error(end_of(c), Exit::kNode, "node node1 (at3): ");
  EXPECT_EQ(c.nodes[1]->agent.state(), AgentState::kFaulted);
  // It takes a good one afterwards.
  start(c, small_split(2));
}

TEST(Coordinator, TooLittleMemoryIsNamed) {
  const Prepared p = small_split(2);
  for (const bool program : {false, true}) {
    TestCluster c(12);
    c.add_node();
    (program ? c.options.program_bytes : c.options.arena_bytes) = 128;
    c.add_node();
    ASSERT_TRUE(c.connect());
    try {
      c.coordinator->deploy(p);
      FAIL() << "it fits";
    } catch (const Error& e) {
      expect_error(e, Exit::kDoesNotFit,
                   program ? "node1 (at3): the program needs"
                           : "node1 (at3): the arena needs");
    }
  }
}

TEST(Coordinator, NamesAndAddressesMustDiffer) {
  TestCluster c(13);
  c.add_node();
  c.options.name = "node0";
  c.add_node(c.options);
  c.coordinate();
  expect_error(end_of(c), Exit::kUsage, "two workers are named node0");
  c.addresses[1] = c.addresses[0];
  try {
    c.coordinate();
    FAIL() << "one address twice";
  } catch (const Error& e) {
    expect_error(e, Exit::kUsage, "two workers at one address");
  }
}

// Names go to the terminal of whoever runs the coordinator.
TEST(Coordinator, NamesMustBePrintable) {
  for (const char* name : {"a\nb", "\x1b[31mred", "a b", "\xc3\xa4"}) {
    TestCluster c(13);
    c.options.name = name;
    c.add_node(c.options);
    c.coordinate();
    expect_error(end_of(c), Exit::kNode, "node at2: its name or its board's");
  }
}

// A node with several addresses may answer from another one.
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

TEST(Coordinator, TwoAddressesOfOneNodeAreSaid) {
  TestCluster c(13);
  c.net.spy = [](LossyNet::Datagram& d) {
    if (d.to == 3) d.to = 2;
    return true;
  };
  c.add_node();
  c.addresses.push_back({"at3", 3});
  c.coordinate();
  expect_error(end_of(c), Exit::kNode, "is here twice, at two addresses");
}

TEST(Coordinator, AWrongKeyIsSaid) {
  TestCluster c(14);
  c.options.key.fill(8);
  c.add_node();
  c.coordinate();
  expect_error(end_of(c), Exit::kNode, "node at2: it does not know this key");
  EXPECT_EQ(c.nodes[0]->agent.counters().sessions, 0u);
}

TEST(Coordinator, OneInsecureSideIsSaid) {
  TestCluster c(15);
  c.config.insecure = true;
  c.add_node();
  c.coordinate();
  expect_error(end_of(c), Exit::kNode, "takes only encrypted sessions");
}

// Answers of a node of another version, as it would sign them.
TEST(Coordinator, OtherVersionsAndArithmeticAreSaid) {
  for (const Verdict verdict : {Verdict::kVersion, Verdict::kArithmetic}) {
    TestCluster c(16);
    c.add_node();
    c.net.spy = [&](LossyNet::Datagram& d) {
      if (d.bytes[0] != static_cast<uint8_t>(Kind::kAnswer)) return true;
      Hello h;
      std::memcpy(&h, d.bytes.data(), sizeof h);
      h.verdict = static_cast<uint8_t>(verdict);
      h.version = 9;
      h.arithmetic = 0x20001;
      sign(c.config.key.data(), h);
      std::memcpy(d.bytes.data(), &h, sizeof h);
      return true;
    };
    c.coordinate();
    expect_error(end_of(c), Exit::kNode,
                 verdict == Verdict::kVersion ? "session version 9"
                                              : "arithmetic is 00020001");
  }
}

// Only without encryption can a chunk be changed on its way at all.
TEST(Coordinator, AProgramThatArrivesChangedIsRefused) {
  const Prepared p = small_split(1);
  TestCluster c(17);
  c.config.insecure = c.options.insecure = true;
  c.add_node();
  c.net.spy = [](LossyNet::Datagram& d) {
    constexpr uint32_t head = sizeof(SessionHead);
    if (d.to != 2 || d.bytes[0] != static_cast<uint8_t>(Kind::kSession) ||
        d.bytes[head] != static_cast<uint8_t>(Request::kChunk)) {
      return true;
    }
    const shoal_cipher& cipher = checksum_only();
    uint32_t packet;
    std::memcpy(&packet, &d.bytes[8], sizeof packet);
    d.bytes[head + 20] ^= 1;
    const auto body =
        static_cast<uint32_t>(d.bytes.size()) - head - cipher.tag_bytes;
    EXPECT_EQ(cipher.seal(nullptr, packet, d.bytes.data(), head,
                          d.bytes.data() + head, body),
              0);
    return true;
  };
  ASSERT_TRUE(c.connect());
  c.coordinator->deploy(p);
  expect_error(end_of(c), Exit::kNode,
               "the program that arrived is not what was sent");
  EXPECT_EQ(c.nodes[0]->agent.state(), AgentState::kDeploying);
}

}  // namespace
}  // namespace shoal
