// What strangers can send to a node in the middle of a run: it goes on.
#include <gtest/gtest.h>

#include "host/cluster/testing/cluster_run.h"

namespace shoal {
namespace {

// Two nodes in a run, and every datagram that was sent to node 0 so far.
class HostileSession : public testing::Test {
 protected:
  void SetUp() override {
    c_.net.spy = [this](LossyNet::Datagram& d) {
      if (d.to == 2) seen_.push_back(d);
      return true;
    };
    c_.add_node();
    c_.add_node();
    ASSERT_TRUE(c_.connect());
    c_.coordinator->deploy(p_);
    ASSERT_TRUE(c_.run([&] { return c_.coordinator->started(); }));
    run_frame();
    c_.net.spy = nullptr;
  }

  void run_frame() {
    const std::vector<uint8_t> input = noise_bytes(kSmallInput, frame_++);
    c_.coordinator->submit(input);
    std::optional<std::vector<uint8_t>> out;
    ASSERT_TRUE(c_.run([&] {
      out = c_.coordinator->result();
      return out.has_value();
    }));
    EXPECT_EQ(*out, oracle_output(p_.graph, input));
  }

  NodeAgent& agent() { return c_.nodes[0]->agent; }
  uint32_t requests() { return agent().counters().requests; }

  // Lets node 0, and nobody else, take what has been sent to it.
  void deliver() {
    c_.net.now_us += c_.net.delay_us;
    c_.net.arrive();
    while (agent().step() == Status::kOk) {
    }
  }
  void inject(const std::vector<uint8_t>& bytes, uint64_t from = 66) {
    c_.net.send({from, 2, bytes});
    deliver();
  }
  std::vector<LossyNet::Datagram> of_kind(Kind kind) const {
    std::vector<LossyNet::Datagram> out;
    for (const auto& d : seen_) {
      if (d.bytes[0] == static_cast<uint8_t>(kind)) out.push_back(d);
    }
    return out;
  }

  const Prepared p_ = small_split(2);
  TestCluster c_{21};
  std::vector<LossyNet::Datagram> seen_;
  unsigned frame_ = 0;
};

// Hellos, requests, rows: as they were, from where they came from.
TEST_F(HostileSession, ReplaysChangeNothing) {
  const AgentCounters before = agent().counters();
  for (const auto& d : seen_) inject(d.bytes, d.from);
  EXPECT_EQ(agent().counters().sessions, before.sessions);
  EXPECT_EQ(agent().counters().requests, before.requests);
  EXPECT_EQ(agent().state(), AgentState::kRunning);
  run_frame();
  ASSERT_TRUE(c_.stop());
  // Nor in the next session.
  ASSERT_TRUE(c_.connect());
  const uint32_t requests_then = requests();
  for (const auto& d : seen_) inject(d.bytes, d.from);
  EXPECT_EQ(agent().counters().sessions, before.sessions + 1);
  EXPECT_EQ(requests(), requests_then);
}

TEST_F(HostileSession, EveryTruncationAndEveryFlippedBitIsRefused) {
  const uint32_t before = requests();
  const AgentCounters counters = agent().counters();
  for (const Kind kind : {Kind::kHello, Kind::kSession}) {
    const auto last = of_kind(kind).back().bytes;
    for (size_t n = 1; n < last.size(); ++n) {
      inject({last.begin(), last.begin() + static_cast<std::ptrdiff_t>(n)});
    }
    for (size_t i = 0; i < last.size() * 8; ++i) {
      std::vector<uint8_t> bad = last;
      bad[i / 8] ^= static_cast<uint8_t>(1u << (i % 8));
      inject(bad);
    }
  }
  EXPECT_EQ(requests(), before);
  EXPECT_EQ(agent().counters().sessions, counters.sessions);
  EXPECT_EQ(agent().counters().hellos, counters.hellos);
  EXPECT_EQ(agent().state(), AgentState::kRunning);
  run_frame();
}

// What is not signed or does not fit is at most a hint: whatever one datagram
// of a handshake becomes on its way, the node is connected in the end.
TEST(HostileHandshake, OneFlippedByteAnywhereIsSurvived) {
  int flipped = 0;
  for (int which = 0; which < 4; ++which) {
    for (size_t at = 0; at < sizeof(Hello); ++at) {
      for (const uint8_t change : {1, 4, 255}) {
        TestCluster c(31);
        c.add_node();
        int seen = 0;
        c.net.spy = [&](LossyNet::Datagram& d) {
          if (d.bytes[0] > static_cast<uint8_t>(Kind::kAnswer)) return true;
          if (seen++ == which) d.bytes[at] ^= change, ++flipped;
          return true;
        };
        ASSERT_TRUE(c.connect()) << which << " " << at << " " << int(change);
      }
    }
  }
  EXPECT_EQ(flipped, 4 * 3 * int(sizeof(Hello)));
}

// Somebody answers everything that the coordinator says before the node can.
TEST(HostileHandshake, ForgedRefusalsAreHints) {
  const Prepared p = small_split(2);
  for (const Verdict verdict :
       {Verdict::kChallenge, Verdict::kAccepted, Verdict::kVersion,
        Verdict::kArithmetic, Verdict::kKey, Verdict::kMode, Verdict::kBusy,
        Verdict::kGone, static_cast<Verdict>(99)}) {
    TestCluster c(32);
    c.add_node();
    c.add_node();
    size_t forged = 0;
    c.net.spy = [&](LossyNet::Datagram& d) {
      if (d.from != 1 || d.bytes[0] != static_cast<uint8_t>(Kind::kHello)) {
        return true;
      }
      LossyNet::Datagram answer{d.to, 1, d.bytes};
      answer.bytes[0] = static_cast<uint8_t>(Kind::kAnswer);
      answer.bytes[3] = static_cast<uint8_t>(verdict);
      ++forged;
      c.net.send(answer);
      return true;
    };
    ASSERT_TRUE(c.connect()) << int(verdict);
    c.coordinator->deploy(p);
    ASSERT_TRUE(c.run([&] { return c.coordinator->started(); }));
    // Nor later, when nobody has asked.
    c.net.spy = nullptr;
    run_frames(c, p, 3);
    EXPECT_GT(forged, 1u);
  }
}

// In a run: every answer of the handshake again, whole and with each byte
// flipped, as KEY and as MODE.
TEST_F(HostileSession, AnswersThatComeAgainChangeNothing) {
  ASSERT_TRUE(c_.stop());
  std::vector<std::vector<uint8_t>> answers;
  c_.net.spy = [&](LossyNet::Datagram& d) {
    if (d.bytes[0] == static_cast<uint8_t>(Kind::kAnswer)) {
      answers.push_back(d.bytes);
    }
    return true;
  };
  ASSERT_TRUE(c_.connect());
  c_.net.spy = nullptr;
  c_.coordinator->deploy(p_);
  ASSERT_TRUE(c_.run([&] { return c_.coordinator->started(); }));
  ASSERT_GE(answers.size(), 4u);
  for (const auto& answer : answers) {
    for (size_t at = 0; at <= answer.size(); ++at) {
      for (const int verdict : {-1, 4, 5}) {
        LossyNet::Datagram d{66, 1, answer};
        if (at < answer.size()) d.bytes[at] ^= 1;
        if (verdict >= 0) d.bytes[3] = static_cast<uint8_t>(verdict);
        c_.net.send(d);
      }
    }
    run_frame();
  }
}

// Own datagrams sent back are not taken for the other side's.
TEST_F(HostileSession, ReflectionsAreRefused) {
  std::vector<LossyNet::Datagram> own;
  c_.net.spy = [&](LossyNet::Datagram& d) {
    own.push_back(d);
    return true;
  };
  run_frame();
  c_.run([] { return false; }, 2'000'000);  // heartbeats
  c_.net.spy = nullptr;
  const AgentCounters before = agent().counters();
  size_t sessions = 0, data = 0;
  for (const auto& d : own) {
    sessions += d.bytes[0] == static_cast<uint8_t>(Kind::kSession);
    data += d.bytes[0] == kDataKind;
    c_.net.send({d.to, d.from, d.bytes});
  }
  EXPECT_GT(sessions, 3u);
  EXPECT_GT(data, 3u);
  run_frame();
  EXPECT_EQ(agent().counters().sessions, before.sessions);
  EXPECT_GT(agent().counters().strangers, before.strangers);
  const shoal_link_counters link = shoal_counters(&agent().node());
  EXPECT_GT(link.forged + link.stale, 0u);
}

// An answer is never longer than the question: nobody else can be flooded
// through a node.
TEST_F(HostileSession, StrangersGetNoMoreThanTheySend) {
  size_t sent = 0, answered = 0;
  c_.net.spy = [&](LossyNet::Datagram& d) {
    (d.from == 66 ? sent : answered) +=
        d.to == 66 || d.from == 66 ? d.bytes.size() : 0;
    return true;
  };
  std::mt19937 random(3);
  for (int i = 0; i < 2000; ++i) {
    std::vector<uint8_t> bytes(1 + random() % 200);
    for (uint8_t& b : bytes) b = static_cast<uint8_t>(random());
    if (i % 2) bytes[0] = static_cast<uint8_t>(1 + random() % 4);
    if (i % 4 == 1) bytes.resize(sizeof(Hello)), bytes[0] = 1;
    inject(bytes);
  }
  EXPECT_GT(answered, 0u);
  EXPECT_LE(answered, sent);
  EXPECT_EQ(agent().state(), AgentState::kRunning);
  run_frame();
}

// Signed with the right key, by a coordinator that is not of this version.
TEST_F(HostileSession, OtherVersionsAreToldAndDoNoHarm) {
  Hello hello;
  std::memcpy(&hello, of_kind(Kind::kHello).back().bytes.data(), sizeof hello);
  std::vector<Hello> answers;
  c_.net.spy = [&](LossyNet::Datagram& d) {
    if (d.to == 66)
      std::memcpy(&answers.emplace_back(), d.bytes.data(), sizeof(Hello));
    return true;
  };
  const auto say = [&](const Hello& h) {
    const auto* const at = reinterpret_cast<const uint8_t*>(&h);
    inject({at, at + sizeof h});
  };
  const auto sealed = [&](Hello h) {
    sign(c_.config.key.data(), h);
    return h;
  };
  Hello version = hello, arithmetic = hello;
  version.head.version = kSessionVersion + 1;
  arithmetic.head.arithmetic ^= 1;
  say(sealed(version));
  say(sealed(arithmetic));
  say(version);  // not signed
  ASSERT_EQ(answers.size(), 3u);
  EXPECT_EQ(answers[0].head.verdict, Verdict::kVersion);
  EXPECT_EQ(answers[1].head.verdict, Verdict::kArithmetic);
  EXPECT_EQ(answers[2].head.verdict, Verdict::kKey);
  EXPECT_TRUE(signature_fits(c_.config.key.data(), answers[0]));
  EXPECT_TRUE(signature_fits(c_.config.key.data(), answers[1]));
  EXPECT_EQ(agent().state(), AgentState::kRunning);
  c_.net.spy = nullptr;
  run_frame();
}

TEST_F(HostileSession, ARunsKeysAreForgottenWithIt) {
  const auto keys = [&] {
    size_t count = 0;
    for (const shoal_peer& p : c_.nodes[0]->peers()) {
      const auto set = [](uint8_t b) { return b != 0; };
      count += std::ranges::any_of(p.send_key, set);
      count += std::ranges::any_of(p.receive_key, set);
    }
    return count;
  };
  EXPECT_GT(keys(), 0u);
  ASSERT_TRUE(c_.stop());
  EXPECT_EQ(keys(), 0u);
}

TEST_F(HostileSession, AStepTakesFewStrangers) {
  for (int i = 0; i < 1000; ++i) c_.net.send({66, 2, {9, 9}});
  c_.net.now_us += c_.net.delay_us;
  c_.net.arrive();
  const uint32_t before = agent().counters().strangers;
  EXPECT_EQ(agent().step(), Status::kOk);
  EXPECT_LE(agent().counters().strangers - before, 16u);
}

// More arrives than it takes in a step: its own work goes on all the same.
TEST_F(HostileSession, AFloodDoesNotKeepItFromItsWork) {
  const std::vector<uint8_t> input = noise_bytes(kSmallInput, 9);
  c_.coordinator->submit(input);
  std::optional<std::vector<uint8_t>> out;
  for (int round = 0; round < 5000 && !out; ++round) {
    for (int i = 0; i < 9; ++i) c_.net.send({66, 2, noise_bytes(80, 5)});
    c_.net.now_us += c_.net.delay_us;
    c_.net.arrive();
    for (auto& n : c_.nodes) static_cast<void>(n->agent.step());
    c_.coordinator->poll();
    out = c_.coordinator->result();
  }
  ASSERT_TRUE(out.has_value());
  EXPECT_EQ(*out, oracle_output(p_.graph, input));
}

}  // namespace
}  // namespace shoal
