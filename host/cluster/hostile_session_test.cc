// What strangers can send to a node in the middle of a run: it goes on.
#include <gtest/gtest.h>

#include "host/cluster/testing/lossy_net.h"
#include "host/cluster/testing/small_run.h"

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
    if (d.to == 66) std::memcpy(&answers.emplace_back(), d.bytes.data(), 56);
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
  version.version = kSessionVersion + 1;
  arithmetic.arithmetic ^= 1;
  say(sealed(version));
  say(sealed(arithmetic));
  say(version);  // not signed
  ASSERT_EQ(answers.size(), 3u);
  EXPECT_EQ(answers[0].verdict, static_cast<uint8_t>(Verdict::kVersion));
  EXPECT_EQ(answers[1].verdict, static_cast<uint8_t>(Verdict::kArithmetic));
  EXPECT_EQ(answers[2].verdict, static_cast<uint8_t>(Verdict::kKey));
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
