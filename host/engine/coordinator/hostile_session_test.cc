// Strangers may send anything to a node in the middle of a run: it goes on.
#include <gtest/gtest.h>

#include <set>

#include "host/engine/coordinator/testing/cluster_run.h"

namespace shoal {
namespace {

// Two nodes in a run, with a key for all or (true) with identities, and every
// datagram that was sent to node 0 so far.
class HostileSession : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (GetParam()) c_.use_identities();
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

  void tell_others_sealed();

  const Prepared p_ = small_linked(2);
  TestCluster c_{21};
  std::vector<LossyNet::Datagram> seen_;
  unsigned frame_ = 0;
};

// Hellos, requests, rows: as they were, from where they came from.
TEST_P(HostileSession, ReplaysChangeNothing) {
  const AgentCounters before = agent().counters();
  for (const auto& d : seen_) inject(d.bytes, d.from);
  EXPECT_EQ(agent().counters().sessions, before.sessions);
  EXPECT_EQ(agent().counters().requests, before.requests);
  EXPECT_EQ(agent().state(), AgentState::kRunning);
  run_frame();
  ASSERT_TRUE(c_.stop());
  // They change nothing in the next session either.
  ASSERT_TRUE(c_.connect());
  const uint32_t requests_then = requests();
  for (const auto& d : seen_) inject(d.bytes, d.from);
  EXPECT_EQ(agent().counters().sessions, before.sessions + 1);
  EXPECT_EQ(requests(), requests_then);
}

TEST_P(HostileSession, EveryTruncationAndEveryFlippedBitIsRefused) {
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

// A datagram that is not signed or does not fit is at most a hint: whatever one
// datagram of a handshake becomes on its way, the node is connected in the end.
class HostileHandshake : public testing::TestWithParam<bool> {};

TEST_P(HostileHandshake, OneFlippedByteAnywhereIsSurvived) {
  const bool identities = GetParam();
  size_t flipped = 0;
  for (int which = 0; which < 4; ++which) {
    size_t bytes = 1;
    // Some bytes of an encrypted datagram will do.
    for (size_t at = 0; at < bytes; at += identities && at >= 24 ? 7 : 1) {
      for (const int change :
           identities ? std::vector<int>{1} : std::vector<int>{1, 4, 255}) {
        TestCluster c(31);
        if (identities) c.use_identities();
        c.add_node();
        int seen = 0;
        c.net.spy = [&](LossyNet::Datagram& d) {
          if (d.bytes[0] > static_cast<uint8_t>(Kind::kAnswer)) return true;
          if (seen++ != which) return true;
          bytes = d.bytes.size();
          d.bytes[at] ^= static_cast<uint8_t>(change);
          ++flipped;
          return true;
        };
        ASSERT_TRUE(c.connect()) << which << " " << at << " " << change;
      }
    }
  }
  EXPECT_EQ(flipped, identities ? 2u * 24 + 2 * (24 + 11) : 4u * 80 * 3);
}

// Somebody answers everything that the coordinator says before the node can.
TEST_P(HostileHandshake, ForgedRefusalsAreHints) {
  const Prepared p = small_linked(2);
  for (const Verdict verdict :
       {Verdict::kChallenge, Verdict::kAccepted, Verdict::kVersion,
        Verdict::kArithmetic, Verdict::kKey, Verdict::kMode, Verdict::kBusy,
        Verdict::kGone, Verdict::kSealed, static_cast<Verdict>(99)}) {
    TestCluster c(32);
    if (GetParam()) c.use_identities();
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
    // The same holds later, when there was no request.
    c.net.spy = nullptr;
    run_frames(c, p, 3);
    EXPECT_GT(forged, 1u);
  }
}

// In a run: every answer of the handshake again, whole and with each byte
// flipped, as KEY and as MODE.
TEST_P(HostileSession, AnswersThatComeAgainChangeNothing) {
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
TEST_P(HostileSession, ReflectionsAreRefused) {
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
  const shoal_link_counters link = shoal_read_counters(&agent().node()).link;
  EXPECT_GT(link.forged + link.stale, 0u);
}

// An answer is never longer than the question: nobody else can be flooded
// through a node.
TEST_P(HostileSession, StrangersGetNoMoreThanTheySend) {
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
    if (i % 4 == 1 && GetParam()) {
      bytes.resize(i % 8 == 1 ? kOpenHelloBytes : sizeof(KeyHello));
      bytes[2] = static_cast<uint8_t>(Mode::kIdentity);
    }
    inject(bytes);
  }
  EXPECT_GT(answered, 0u);
  EXPECT_LE(answered, sent);
  EXPECT_EQ(agent().state(), AgentState::kRunning);
  run_frame();
}

// Says it as a coordinator with the right identity does, with a head of its
// own.
void HostileSession::tell_others_sealed() {
  std::vector<KeyHello> answers;
  c_.net.spy = [&](LossyNet::Datagram& d) {
    if (d.to != 66) return true;
    KeyHello& a = answers.emplace_back();
    std::memcpy(&a, d.bytes.data(), std::min(sizeof a, d.bytes.size()));
    return true;
  };
  Identity own;
  ASSERT_TRUE(make_identity(x25519_mbedtls(), c_.config.identity->data(),
                            c_.addresses[0].public_key.data(), own));
  for (const Verdict wanted : {Verdict::kVersion, Verdict::kArithmetic}) {
    KeyHello hello{};
    hello.head = {Kind::kHello, kSessionVersion, Mode::kIdentity,
                  Verdict::kChallenge, kArithmetic};
    if (wanted == Verdict::kVersion) ++hello.head.version;
    if (wanted == Verdict::kArithmetic) hello.head.arithmetic ^= 1;
    hello.coordinator_nonce[0] = 77;
    const auto* const at = reinterpret_cast<const uint8_t*>(&hello);
    inject({at, at + kOpenHelloBytes});
    ASSERT_FALSE(answers.empty());
    std::memcpy(hello.cookie, answers.back().cookie, sizeof hello.cookie);
    uint8_t prologue[kPrologueBytes];
    session_prologue(hello, prologue);
    NoiseKk noise(x25519_mbedtls(), own, true, prologue, sizeof prologue);
    HelloBody body{};
    body.code = kTakeOver;
    const SecretKey drawn{5};
    ASSERT_TRUE(noise.write_first(drawn.data(),
                                  reinterpret_cast<uint8_t*>(&body),
                                  sizeof body, hello.key));
    inject({at, at + sizeof hello});
    ASSERT_EQ(answers.back().head.verdict, Verdict::kSealed);
    ASSERT_TRUE(noise.read_second(
        answers.back().key, reinterpret_cast<uint8_t*>(&body), sizeof body));
    EXPECT_EQ(static_cast<Verdict>(body.code), wanted);
    EXPECT_EQ(body.version, kSessionVersion);
    // Said of another version or arithmetic on the way: it does not open.
    hello.head.version = kSessionVersion, hello.head.arithmetic = kArithmetic;
    inject({at, at + sizeof hello});
    EXPECT_EQ(answers.back().head.verdict, Verdict::kKey);
  }
  EXPECT_EQ(agent().counters().taken, 0u);
  EXPECT_EQ(agent().state(), AgentState::kRunning);
  c_.net.spy = nullptr;
  run_frame();
}

// Signed with the right key, by a coordinator that is not of this version.
TEST_P(HostileSession, OtherVersionsAreToldAndDoNoHarm) {
  if (GetParam()) return tell_others_sealed();
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

TEST_P(HostileSession, ARunsKeysAreForgottenWithIt) {
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

TEST_P(HostileSession, AStepTakesFewStrangers) {
  for (int i = 0; i < 1000; ++i) c_.net.send({66, 2, {9, 9}});
  c_.net.now_us += c_.net.delay_us;
  c_.net.arrive();
  const uint32_t before = agent().counters().strangers;
  EXPECT_EQ(agent().step(), Status::kOk);
  EXPECT_LE(agent().counters().strangers - before, 16u);
}

// More arrives than it takes in a step: its own work goes on all the same.
TEST_P(HostileSession, AFloodDoesNotKeepItFromItsWork) {
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

INSTANTIATE_TEST_SUITE_P(WithIdentities, HostileSession, testing::Bool());
INSTANTIATE_TEST_SUITE_P(WithIdentities, HostileHandshake, testing::Bool());

// Another challenge before each of the node's: the coordinator answers all of
// them, with a key of its own each.
TEST(HostileIdentity, ForgedChallengesAreAnsweredToo) {
  TestCluster c(33);
  c.use_identities();
  c.add_node();
  uint8_t forged = 0;
  c.net.spy = [&](LossyNet::Datagram& d) {
    if (d.from != 2 || d.bytes.size() != kOpenHelloBytes) return true;
    for (int i = 0; i < 3; ++i) {
      LossyNet::Datagram other{66, 1, d.bytes};
      other.bytes[20] = ++forged;
      c.net.send(other);
    }
    return true;
  };
  ASSERT_TRUE(c.connect());
  EXPECT_GE(forged, 3);
}

// A mistake in what somebody connects with; all of them must be refused in
// time, without a session.
struct Mistake {
  const char* name;
  std::function<void(TestCluster&)> change;
  const char* hint;
};

TEST(HostileIdentity, OnlyTheRightKeysConnect) {
  const Mistake mistakes[] = {
      {"another coordinator",
       [](TestCluster& c) { c.config.identity->fill(43); },
       "it does not know this key"},
      // An attacker who has one node has none of the others.
      {"a lost node as coordinator",
       [](TestCluster& c) { c.config.identity->fill(2); },
       "it does not know this key"},
      {"another node",
       [](TestCluster& c) {
         c.addresses[0].public_key = c.addresses[1].public_key;
       },
       "it does not know this key"},
      {"a key for all", [](TestCluster& c) { c.config.identity.reset(); },
       "it takes only coordinators with --identity"},
      {"no key",
       [](TestCluster& c) {
         c.config.identity.reset();
         c.config.insecure = true;
       },
       "it takes only coordinators with --identity"},
  };
  for (const Mistake& m : mistakes) {
    SCOPED_TRACE(m.name);
    TestCluster c(34);
    c.use_identities();
    c.add_node();
    c.add_node();
    m.change(c);
    c.addresses.pop_back();
    c.coordinate();
    const Error e = end_of(c);
    expect_error(e, Exit::kNode,
                 "node at2: no answer within 5.0 s; an unsigned "
                 "answer said that ");
    expect_error(e, Exit::kNode, m.hint);
    const AgentCounters& counted = c.nodes[0]->agent.counters();
    EXPECT_EQ(counted.sessions, 0u);
    EXPECT_EQ(counted.hellos, 0u);
    EXPECT_GT(counted.forged + counted.other_mode, 0u);
  }
}

// The same the other way round: a coordinator with an identity talks to no node
// without one.
TEST(HostileIdentity, ACoordinatorIsNotTalkedDown) {
  for (const bool insecure : {false, true}) {
    TestCluster c(35);
    c.options.insecure = insecure;
    c.add_node();
    c.use_identities();
    c.addresses[0].public_key = public_key(SecretKey{1});
    c.coordinate();
    expect_error(end_of(c), Exit::kNode,
                 insecure ? "it runs --insecure" : "it takes only a key");
    EXPECT_EQ(c.nodes[0]->agent.counters().sessions, 0u);
    EXPECT_GT(c.nodes[0]->agent.counters().other_mode, 0u);
  }
}

// X25519 that takes 50 ms of virtual time.
LossyNet* slow_net = nullptr;
const DiffieHellman& slow_x25519() {
  static constexpr DiffieHellman kSlow = {
      [](const uint8_t* secret, uint8_t* out) {
        slow_net->now_us += 50'000;
        return x25519_mbedtls().public_key(secret, out);
      },
      [](const uint8_t* secret, const uint8_t* theirs, uint8_t* out) {
        slow_net->now_us += 50'000;
        return x25519_mbedtls().shared(secret, theirs, out);
      }};
  return kSlow;
}

// A host that sees answers can make the node compute; it has its frames to do.
TEST(HostileIdentity, StrangersGetLittleOfItsTime) {
  TestCluster c(36);
  slow_net = &c.net;
  c.use_identities();
  c.options.dh = &slow_x25519();
  c.add_node();
  NodeAgent& agent = c.nodes[0]->agent;
  KeyHello hello{};
  hello.head = {Kind::kHello, kSessionVersion, Mode::kIdentity,
                Verdict::kChallenge, kArithmetic};
  hello.key[0] = 9;
  c.net.spy = [&](LossyNet::Datagram& d) {
    if (d.to == 66) std::memcpy(hello.cookie, &d.bytes[16], 8);
    return true;
  };
  const auto* const at = reinterpret_cast<const uint8_t*>(&hello);
  c.net.send({66, 2, {at, at + kOpenHelloBytes}});
  const uint64_t begin = c.net.now_us;
  uint64_t spent = 0;
  for (int i = 0; i < 1000; ++i) {
    c.net.send({66, 2, {at, at + sizeof hello}});
    c.net.now_us += 10'000;
    c.net.arrive();
    const uint64_t before = c.net.now_us;
    static_cast<void>(agent.step());
    spent += c.net.now_us - before;
  }
  EXPECT_GT(agent.counters().forged, 10u);
  EXPECT_LE(spent, (c.net.now_us - begin) / 6);
  EXPECT_EQ(agent.counters().sessions, 0u);
  EXPECT_TRUE(c.connect());
}

// With the least datagrams that there are.
TEST(HostileIdentity, RunsWithin96Bytes) {
  const Prepared p = small_linked(2, "spatial", kLeastPayload);
  TestCluster c(37, kLeastPayload);
  c.use_identities();
  c.net.loss = 0.1;
  start(c, p);
  run_frames(c, p, 3);
}

// Keys follow from what both drew, not from what they keep.
TEST(HostileIdentity, SessionsOfTheSameTwoHaveKeysOfTheirOwn) {
  TestCluster c(38);
  c.use_identities();
  c.add_node();
  std::set<std::vector<uint8_t>> drawn;
  size_t messages = 0;
  c.net.spy = [&](LossyNet::Datagram& d) {
    if (d.bytes.size() == sizeof(KeyHello) && d.bytes[0] < 3) {
      drawn.insert({d.bytes.begin() + kOpenHelloBytes,
                    d.bytes.begin() + kOpenHelloBytes + 32});
      ++messages;
    }
    return true;
  };
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(c.connect());
    ASSERT_TRUE(c.stop());
  }
  EXPECT_EQ(messages, 8u);
  EXPECT_EQ(drawn.size(), messages);
}

}  // namespace
}  // namespace shoal
