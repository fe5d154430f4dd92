// A failure between the coordinator and its nodes ends the run with an error
// that names the node.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <tuple>
#include <vector>

#include "device/agent/session_wire.h"
#include "device/runtime/pair.h"
#include "device/runtime/testing/stub_core.h"
#include "host/engine/coordinator/testing/cluster_run.h"
#include "host/engine/coordinator/testing/open_session.h"

namespace shoal {
namespace {

TEST(CoordinatorErrors, ASilentNodeIsNamedInTime) {
  const Prepared p = small_linked(3);
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

TEST(CoordinatorErrors, ANodeThatNeverAnswersIsNamed) {
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

// Its name is known from the epoch before.
TEST(CoordinatorErrors, ANodeThatIsKnownKeepsItsName) {
  TestCluster c(9);
  c.add_node();
  c.add_node().silent = true;
  c.addresses[1].name = "node1";
  c.coordinate();
  expect_error(end_of(c), Exit::kNode, "node node1 (at3): no answer within");
}

// Planning takes its time, and nobody is listened to meanwhile. A request that
// was repeated arrives for the first time when the node is about to start: as a
// new one it would make it forget its peers. All nodes are there, and yet no
// row arrives: that ends too.
TEST(CoordinatorErrors, ARunThatDoesNotMoveEnds) {
  const Prepared p = small_linked(2);
  TestCluster c(9);
  start(c, p);
  c.net.spy = [](LossyNet::Datagram& d) { return d.bytes[0] != kDataKind; };
  const uint64_t before = c.net.now_us;
  expect_error(end_of(c), Exit::kNode,
               "none makes progress: node0 (at2) in stage");
  EXPECT_LE(c.net.now_us - before, 3 * c.config.timeout_us);
}

// Node 1 says that it works, and what it makes does not come.
class Liar {
 public:
  explicit Liar(TestCluster& c) : c_(c) {
    c.config.insecure = c.options.insecure = true;
    c.config.timeout_us = 1'000'000;
    c.net.spy = [this](LossyNet::Datagram& d) { return look(d); };
  }
  bool swallows = false;
  // Changes what the node says besides its work.
  std::function<void(PingAnswer&)> says = [](PingAnswer&) {};

 private:
  bool look(LossyNet::Datagram& d) {
    if (d.from != 3 || !swallows) return true;
    change_pong(d.bytes, [this](PingAnswer& p) {
      p.work += ++lies_;
      says(p);
    });
    return d.bytes[0] != kDataKind;
  }
  TestCluster& c_;
  uint32_t lies_ = 0;
};

uint64_t most_wait_us(const TestCluster& c, const Prepared& p) {
  return c.config.patience *
         (c.config.timeout_us + static_cast<uint64_t>(1e6 * p.plan.latency_s));
}

TEST(CoordinatorErrors, ANodeThatSaysItWorksIsNotBelievedForEver) {
  for (const int nodes : {2, 3}) {
    const Prepared p = small_linked(nodes);
    TestCluster c(9);
    Liar liar(c);
    start(c, p);
    run_frames(c, p, 2);
    liar.swallows = true;
    const uint64_t before = c.net.now_us;
    expect_error(end_of(c, 100'000'000), Exit::kNode,
                 "node node1 (at3): it reports work, but has made no progress "
                 "for 30 s: node0 (at2) in stage");
    const uint64_t took = c.net.now_us - before;
    EXPECT_GE(took, most_wait_us(c, p));
    EXPECT_LE(took, most_wait_us(c, p) + 2 * c.config.timeout_us);
    liar.swallows = false;
    EXPECT_TRUE(c.stop());
    ASSERT_TRUE(c.connect());
    c.coordinator->deploy(p);
    ASSERT_TRUE(c.run([&] { return c.coordinator->started(); }));
    run_frames(c, p, 2);  // all are usable
  }
}

// Says a further stage or frame every 16 answers, up to `most` frames more.
void lie_about_frames(Liar& liar, uint64_t& asked, uint64_t most) {
  liar.says = [&asked, most](PingAnswer& said) {
    said.stage = static_cast<uint16_t>(++asked / 16 % 2);
    said.frames += static_cast<uint32_t>(std::min(asked / 16, most));
  };
  liar.swallows = true;
}

// Stages and frames that it says it has reached are believed as often as there
// can be any.
TEST(CoordinatorErrors, WhatALiarCanClaimIsBounded) {
  const Prepared p = small_linked(2);
  TestCluster c(9);
  c.config.patience = 3;
  Liar liar(c);
  start(c, p);
  run_frames(c, p, 2);
  uint64_t asked = 0;
  lie_about_frames(liar, asked, 1);
  const uint64_t before = c.net.now_us;
  expect_error(end_of(c, 500'000'000), Exit::kNode,
               "node node1 (at3): it reports work");
  // The one frame and the stages that it claims are believed, then no more.
  EXPECT_GT(c.net.now_us - before, 3 * most_wait_us(c, p) / 2);
  EXPECT_LT(c.net.now_us - before, 12 * most_wait_us(c, p));
}

// A node that needs no inputs may run ahead, so frames that nobody has asked
// for do not count as progress.
TEST(CoordinatorErrors, FramesThatWereNotSubmittedAreNoProgress) {
  const Prepared p = small_linked(2);
  TestCluster c(9);
  c.config.patience = 3;
  Liar liar(c);
  start(c, p);
  run_frames(c, p, 2);
  uint64_t asked = 0;
  lie_about_frames(liar, asked, UINT64_MAX);
  const uint64_t before = c.net.now_us;
  expect_error(end_of(c, 500'000'000), Exit::kNode,
               "node node1 (at3): it answers, but its program stands");
  EXPECT_LT(c.net.now_us - before, 2 * most_wait_us(c, p));
}

// One that is slow is not ended while anything comes.
TEST(CoordinatorErrors, ASlowNodeIsWaitedFor) {
  const Prepared p = small_linked(2);
  TestCluster c(9);
  Liar liar(c);
  start(c, p);
  const uint64_t most = most_wait_us(c, p), before = c.net.now_us;
  const auto spy = c.net.spy;
  // A few rows pass, each time after most of the time that there is.
  uint64_t passed_at = before;
  int left = 0;
  c.net.spy = [&](LossyNet::Datagram& d) {
    if (c.net.now_us - passed_at > most / 10 * 9) {
      passed_at = c.net.now_us;
      left = 3;
    }
    // Answers are shorter.
    const bool is_row =
        d.from == 3 && d.bytes[0] == kDataKind && d.bytes.size() > 64;
    if (is_row && left > 0) --left;
    liar.swallows = left == 0;
    return spy(d);
  };
  unsigned submitted = 0, got = 0;
  EXPECT_TRUE(c.run(
      [&] {
        while (submitted < 6 && c.coordinator->free_frames() > 0) {
          c.coordinator->submit(noise_bytes(kSmallInput, submitted++));
        }
        while (const auto out = c.coordinator->result()) {
          EXPECT_EQ(*out,
                    oracle_output(p.graph, noise_bytes(kSmallInput, got)));
          ++got;
        }
        return got == 6;
      },
      40 * most));
  EXPECT_GT(c.net.now_us - before, 2 * most);
}

// It answers heartbeats, but not what it is asked.
TEST(CoordinatorErrors, ADeafNodeIsNamed) {
  const Prepared p = small_linked(2);
  for (const Request request :
       {Request::kNames, Request::kBegin, Request::kWrite, Request::kStart}) {
    SCOPED_TRACE(static_cast<int>(request));
    TestCluster c(11);
    c.config.insecure = c.options.insecure = true;
    c.config.timeout_us = 1'000'000;
    for (int i = 0; i < 2; ++i) c.add_node();
    c.net.spy = [&](LossyNet::Datagram& d) {
      return d.from != 3 ||
             d.bytes[0] != static_cast<uint8_t>(Kind::kSession) ||
             d.bytes[sizeof(SessionHead)] != static_cast<uint8_t>(request);
    };
    if (request != Request::kNames) {
      ASSERT_TRUE(c.connect());
      c.coordinator->deploy(p);
    } else {
      c.coordinate();
    }
    const uint64_t before = c.net.now_us;
    expect_error(end_of(c), Exit::kNode,
                 "it answers, but not the request to " + purpose(request));
    EXPECT_LE(c.net.now_us - before, 5 * c.config.timeout_us);
  }
}

TEST(CoordinatorErrors, ARestartedNodeIsNamed) {
  const Prepared p = small_linked(2);
  TestCluster c(10);
  start(c, p);
  c.nodes[1]->restart();
  const uint64_t before = c.net.now_us;
  expect_error(end_of(c), Exit::kNode, "node node1 (at3): it was restarted");
  EXPECT_LT(c.net.now_us - before, c.config.timeout_us);
}

TEST(CoordinatorErrors, ANodeWhoseSecondCoreHangsTakesNoProgramBeforeItIsBack) {
  constexpr int kAlways = 1 << 20;
  for (const bool can_stop : {false, true}) {
    const Prepared p = small_linked(2);
    test::StubCore second;
    second.answers = kAlways;
    second.can_stop = can_stop;
    ASSERT_EQ(shoal_start_pair(&second.pair, &second.core), SHOAL_OK);
    TestCluster c(10);
    c.options.pair = &second.pair;
    c.add_node();
    c.options.pair = nullptr;
    start(c, p);
    run_frames(c, p, 1);
    EXPECT_GT(second.pair.asked, 1U);
    second.answers = 0;
    expect_error(end_of(c), Exit::kNode, "second core does not answer");
    EXPECT_EQ(is_idle(second.pair), can_stop);
    ASSERT_TRUE(c.stop());
    if (!can_stop) {
      ASSERT_TRUE(c.connect());
      c.coordinator->deploy(p);
      expect_error(end_of(c), Exit::kNode, "second core does not answer");
      ASSERT_TRUE(c.stop());
      // It comes back, and has no more to do for that job.
      second.serve();
      second.answers = kAlways;
    }
    const uint32_t jobs = second.pair.asked;
    start(c, p);
    run_frames(c, p, 2);
    EXPECT_GT(second.pair.asked, jobs);
  }
}

TEST(CoordinatorErrors, NodesSayThatOneOfTheirCoresComputes) {
  TestCluster c(10);
  c.add_node();
  c.options.one_core = true;
  c.add_node();
  ASSERT_TRUE(c.connect());
  EXPECT_FALSE(c.coordinator->identity(0).one_core);
  EXPECT_TRUE(c.coordinator->identity(1).one_core);
}

TEST(ReadIdentity, WhatIsNotKnownIsRefused) {
  IdentityAnswer a{};
  a.arena_bytes = 12345;
  std::vector<uint8_t> plain(sizeof a);
  std::memcpy(plain.data(), &a, sizeof a);
  const auto refused = [&](std::vector<uint8_t> bytes, bool has_key,
                           WorkerIdentity* of = nullptr) {
    WorkerIdentity w;
    const bool is_refused = read_identity(bytes, has_key, w) != nullptr;
    if (!is_refused) {
      EXPECT_EQ(w.facts.arena_bytes, 12345U);
    }
    if (of) *of = w;
    return is_refused;
  };
  const auto with = [&](uint32_t bits) {
    std::vector<uint8_t> all = plain;
    for (int i = 0; i < 4; ++i) {
      all.push_back(static_cast<uint8_t>(bits >> (8 * i)));
    }
    return all;
  };
  EXPECT_FALSE(refused(plain, false));
  for (uint32_t bits = 0; bits < 256; ++bits) {
    SCOPED_TRACE(bits);
    WorkerIdentity w;
    const bool good = bits == 1 || bits == 2 || bits == 3;
    EXPECT_EQ(refused(with(bits), true, &w), !good);
    if (!good) continue;
    EXPECT_EQ(w.wants_sealed, (bits & 1) != 0);
    EXPECT_EQ(w.one_core, (bits & 2) != 0);
    EXPECT_EQ(refused(with(bits), false), bits != 2);
  }
  for (int bit = 2; bit < 32; ++bit) {
    EXPECT_TRUE(refused(with(2U | 1U << bit), true)) << bit;
  }
  for (size_t bytes = 0; bytes < plain.size() + 9; ++bytes) {
    if (bytes == plain.size() || bytes == plain.size() + 4) continue;
    std::vector<uint8_t> cut = with(2);
    cut.resize(bytes);
    EXPECT_TRUE(refused(cut, true)) << bytes;
  }
}

// A board has left the reason of its fall for its next start.
TEST(CoordinatorErrors, WhyANodeFellIsTold) {
  const Prepared p = small_linked(2);
  const std::tuple<Fall, uint32_t, const char*> falls[] = {
      {Fall::kNotKnown, 0, ""},
      {Fall::kCpu, 0x1234, ": a fault of its CPU at pc 0x00001234"},
      {Fall::kStackOverflow, 0, ": its stack ran over"},
      {Fall::kBus, 0x20, ": a bus fault at pc 0x00000020"},
      {Fall::kMemory, 0, ": a memory fault"},
      {static_cast<Fall>(77), 0, ": for a reason of its own"},
  };
  for (const bool identities : {false, true}) {
    for (const auto& [why, at, text] : falls) {
      SCOPED_TRACE(text);
      TestCluster c(10);
      if (identities) c.use_identities();
      start(c, p);
      c.nodes[1]->restart(why, at);
      const std::string told = end_of(c).what();
      EXPECT_EQ(told, "node node1 (at3): it was restarted" + std::string(text));
      ASSERT_TRUE(c.stop());
      ASSERT_TRUE(c.connect());  // it is usable
    }
  }
}

TEST(CoordinatorErrors, ARefusedProgramIsNamed) {
  Prepared p = small_linked(2);
  p.images[1][p.images[1].size() / 2] ^= 1;
  TestCluster c(11);
  // A coordinator that is patient with silent nodes hears of a fault as soon as
  // others.
  c.config.timeout_us = 60'000'000;
  for (int i = 0; i < 2; ++i) c.add_node();
  ASSERT_TRUE(c.connect());
  c.coordinator->deploy(p);
  const uint64_t begin = c.net.now_us;
  expect_error(end_of(c), Exit::kNode,
               "node node1 (at3): the program was changed");
  EXPECT_LT(c.net.now_us - begin, 1'000'000u);
  EXPECT_EQ(c.nodes[1]->agent.state(), AgentState::kFaulted);
  ASSERT_TRUE(c.stop());
  // It takes a good one afterwards.
  start(c, small_linked(2));
}

TEST(CoordinatorErrors, TooLittleMemoryIsNamed) {
  const Prepared p = small_linked(2);
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

TEST(CoordinatorErrors, NamesAndAddressesMustDiffer) {
  TestCluster c(13);
  c.add_node();
  c.options.name = "node0";
  c.add_node(c.options);
  c.coordinate();
  expect_error(end_of(c), Exit::kUsage, "two nodes are named node0");
  c.addresses[1] = c.addresses[0];
  try {
    c.coordinate();
    FAIL() << "one address twice";
  } catch (const Error& e) {
    expect_error(e, Exit::kUsage, "two nodes have one address");
  }
}

// Names go to the terminal of the coordinator's user.
TEST(CoordinatorErrors, NamesMustBePrintable) {
  for (const char* name : {"a\nb", "\x1b[31mred", "a b", "\xc3\xa4"}) {
    TestCluster c(13);
    c.options.name = name;
    c.add_node(c.options);
    c.coordinate();
    expect_error(end_of(c), Exit::kNode, "node at2: its name or its board's");
  }
}

// A node with several addresses may answer from another one.
TEST(CoordinatorErrors, TwoAddressesOfOneNodeAreSaid) {
  TestCluster c(13);
  c.net.spy = [](LossyNet::Datagram& d) {
    if (d.to == 3) d.to = 2;
    return true;
  };
  c.add_node();
  c.addresses.push_back({"at3", 3});
  c.coordinate();
  expect_error(end_of(c), Exit::kNode, "two addresses lead to it");
}

TEST(CoordinatorErrors, AWrongKeyIsSaid) {
  TestCluster c(14);
  c.options.key.fill(8);
  c.add_node();
  std::vector<std::string> hints;
  c.config.hint = [&](const std::string& text) { hints.push_back(text); };
  c.coordinate();
  const uint64_t before = c.net.now_us;
  expect_error(end_of(c), Exit::kNode,
               "node at2: no answer within 5.0 s; an unsigned answer said that "
               "it does not know this key");
  EXPECT_GE(c.net.now_us - before, c.config.timeout_us);
  // At once, and once.
  ASSERT_EQ(hints.size(), 1u);
  EXPECT_NE(hints[0].find("at2: an unsigned answer says"), std::string::npos);
  EXPECT_EQ(c.nodes[0]->agent.counters().sessions, 0u);
}

TEST(CoordinatorErrors, OneInsecureSideIsSaid) {
  TestCluster c(15);
  c.config.insecure = true;
  c.add_node();
  c.coordinate();
  expect_error(end_of(c), Exit::kNode, "it takes only encrypted sessions");
  EXPECT_EQ(c.nodes[0]->agent.counters().other_mode,
            c.nodes[0]->agent.counters().strangers);
  EXPECT_EQ(c.nodes[0]->agent.counters().sessions, 0u);
}

// Answers of a node of another version, as it would sign them.
TEST(CoordinatorErrors, OtherVersionsAndArithmeticAreSaid) {
  for (const Verdict verdict : {Verdict::kVersion, Verdict::kArithmetic}) {
    TestCluster c(16);
    c.add_node();
    c.net.spy = [&](LossyNet::Datagram& d) {
      if (d.bytes[0] != static_cast<uint8_t>(Kind::kAnswer)) return true;
      Hello h;
      std::memcpy(&h, d.bytes.data(), sizeof h);
      h.head.verdict = verdict;
      std::memset(h.node_nonce, 0, kNonceBytes);
      h.body.version = 9;
      h.body.value = 0x20001;
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

// Only without encryption can a write be changed on its way at all.
TEST(CoordinatorErrors, AProgramThatArrivesChangedIsRefused) {
  const Prepared p = small_linked(1);
  TestCluster c(17);
  c.config.insecure = c.options.insecure = true;
  c.add_node();
  c.net.spy = [](LossyNet::Datagram& d) {
    constexpr uint32_t head = sizeof(SessionHead);
    if (d.to != 2 || d.bytes[0] != static_cast<uint8_t>(Kind::kSession) ||
        d.bytes[head] != static_cast<uint8_t>(Request::kWrite)) {
      return true;
    }
    const shoal_cipher& cipher = checksum_only();
    uint32_t packet;
    std::memcpy(&packet, &d.bytes[8], sizeof packet);
    d.bytes[head + 20] ^= 1;
    const auto body =
        static_cast<uint32_t>(d.bytes.size()) - head - cipher.tag_bytes;
    EXPECT_EQ(cipher.seal(nullptr, session_nonce(packet), d.bytes.data(), head,
                          d.bytes.data() + head, body),
              0);
    return true;
  };
  ASSERT_TRUE(c.connect());
  c.coordinator->deploy(p);
  expect_error(end_of(c), Exit::kNode,
               "it refused its program: what arrived is not what was sent");
  EXPECT_EQ(c.nodes[0]->agent.state(), AgentState::kDeploying);
}

}  // namespace
}  // namespace shoal
