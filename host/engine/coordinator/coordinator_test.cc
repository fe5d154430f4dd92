// The coordinator and real agents over a network that loses, doubles and
// delays: the same bytes.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "device/agent/session_wire.h"
#include "device/link/cipher.h"
#include "host/engine/coordinator/testing/cluster_run.h"

namespace shoal {
namespace {

TEST(Coordinator, EveryStrategyAndCountGivesTheSameBytes) {
  for (const char* strategy : {"spatial", "kernel", "layer"}) {
    for (const int nodes : {1, 2, 3, 4}) {
      SCOPED_TRACE(strategy + std::to_string(nodes));
      const Prepared p = small_linked(nodes, strategy);
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
      const Prepared p = small_linked(3, "spatial", payload);
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
  const Prepared p = small_linked(6, "layer");
  ASSERT_TRUE(p.plan.nodes[5].stages.empty());
  TestCluster c(1);
  start(c, p);
  run_frames(c, p, 1);
  c.run([] { return false; }, 3'000'000);  // they answer pings
  run_frames(c, p, 2);
  EXPECT_TRUE(c.stop());
}

TEST(Coordinator, InsecureRuns) {
  const Prepared p = small_linked(2);
  TestCluster c(1);
  c.config.insecure = c.options.insecure = true;
  start(c, p);
  run_frames(c, p, 2);
}

TEST(Coordinator, AnUnchangedProgramIsNotSentAgain) {
  const Prepared p = small_linked(2), other = small_linked(2, "kernel");
  TestCluster c(5);
  start(c, p);
  run_frames(c, p, 1);
  EXPECT_FALSE(c.coordinator->report(0).held);
  EXPECT_GT(c.coordinator->report(0).writes, 0);
  ASSERT_TRUE(c.stop());
  const uint32_t writes = c.nodes[0]->agent.counters().writes;
  start(c, p);
  run_frames(c, p, 2);
  EXPECT_TRUE(c.coordinator->report(0).held);
  EXPECT_EQ(c.coordinator->report(0).writes, 0);
  EXPECT_EQ(c.nodes[0]->agent.counters().writes, writes);
  ASSERT_TRUE(c.stop());
  start(c, other);
  run_frames(c, other, 1);
  EXPECT_FALSE(c.coordinator->report(0).held);
}

// Insecure, so that requests can be read on their way.
TEST(Coordinator, WithoutLossEveryByteOfAProgramIsSentOnce) {
  for (const uint32_t payload : {1472u, kLeastPayload}) {
    SCOPED_TRACE(payload);
    const Prepared p = small_linked(3, "spatial", payload);
    TestCluster c(1, payload);
    c.config.insecure = c.options.insecure = true;
    std::vector<std::vector<int>> sent;  // how often, each byte of each program
    for (const auto& image : p.images) sent.emplace_back(image.size());
    c.net.spy = [&](LossyNet::Datagram& d) {
      RequestHead request{};
      uint32_t offset = 0;
      constexpr size_t kAt = sizeof(SessionHead),
                       kData = kAt + sizeof request + sizeof offset;
      const size_t tag = checksum_only().tag_bytes;
      if (d.from != 1 || d.bytes[0] != static_cast<uint8_t>(Kind::kSession) ||
          d.bytes.size() < kData + tag) {
        return true;
      }
      std::memcpy(&request, &d.bytes[kAt], sizeof request);
      std::memcpy(&offset, &d.bytes[kAt + sizeof request], sizeof offset);
      if (request.request != Request::kWrite) return true;
      for (size_t i = 0; i + kData + tag < d.bytes.size(); ++i) {
        ++sent.at(d.to - 2).at(offset + i);
      }
      return true;
    };
    start(c, p);
    for (int node = 0; node < 3; ++node) {
      const auto& bytes = sent[static_cast<size_t>(node)];
      EXPECT_EQ(std::ranges::count(bytes, 1), std::ssize(bytes)) << node;
      EXPECT_EQ(c.coordinator->report(node).resent, 0) << node;
    }
  }
}

// A switch to a program that is there, where nodes keep more than one, takes no
// byte of it, and as many round trips as there are questions (hello twice,
// identity, names, begin, peers, start), all nodes at once.
TEST(Coordinator, AProgramThatIsThereStartsInSevenRoundTrips) {
  const Prepared p = small_linked(3);
  TestCluster c(5);
  start(c, p);
  run_frames(c, p, 1);
  ASSERT_TRUE(c.stop());
  size_t bytes = 0;
  c.net.spy = [&](const LossyNet::Datagram& d) {
    bytes += d.bytes.size();
    return true;
  };
  const uint64_t before = c.net.now_us;
  start(c, p);
  EXPECT_TRUE(c.coordinator->report(0).held);
  const uint64_t round_trip_us = 2 * c.net.delay_us;
  EXPECT_LE(c.net.now_us - before, 7 * round_trip_us + round_trip_us / 2);
  EXPECT_LE(bytes / 3, 1200u);  // a node, both directions
}

// The nodes' programs, as in flash.
struct BuiltIn {
  explicit BuiltIn(const Prepared& p) {
    for (const auto& image : p.images) {
      const auto bytes = static_cast<uint32_t>(image.size());
      flash.push_back(std::make_unique<Arena>(bytes));
      std::ranges::copy(image, flash.back()->data());
    }
  }
  void add_to(TestCluster& c) const {
    for (size_t i = 0; i < flash.size(); ++i) {
      TestNodeOptions o = c.options;
      o.name = "node" + std::to_string(i);
      o.built_in = {flash[i]->data(), flash[i]->bytes()};
      c.add_node(o);
    }
  }
  std::vector<std::unique_ptr<Arena>> flash;
};

TEST(Coordinator, NodesHoldTheProgramThatTheyWereBuiltWith) {
  const Prepared p = small_linked(2), other = small_linked(2, "kernel");
  const BuiltIn built(p);
  TestCluster c(5);
  built.add_to(c);
  for (int i = 0; i < 2; ++i) {
    start(c, p);
    run_frames(c, p, 2);
    for (const int node : {0, 1}) {
      EXPECT_TRUE(c.coordinator->report(node).held);
      EXPECT_EQ(c.coordinator->report(node).writes, 0);
      EXPECT_TRUE(is_built_in(c.coordinator->identity(node).facts));
    }
    ASSERT_TRUE(c.stop());
  }
  ASSERT_TRUE(c.connect());
  try {
    c.coordinator->deploy(other);
    FAIL() << "they took another program";
  } catch (const Error& e) {
    expect_error(e, Exit::kUsage, "node node0 (at2) was exported with another");
  }
  ASSERT_TRUE(c.stop());
  built.flash[0]->data()[100] ^= 1;
  c.nodes[0]->restart();
  ASSERT_TRUE(c.connect());
  EXPECT_THROW(c.coordinator->deploy(p), Error);
  EXPECT_TRUE(c.stop());
}

// It would have nobody to say it to.
TEST(Coordinator, ANodeThatMayLeadNeedsWhoHearsIt) {
  TestCluster c(3);
  EXPECT_TRUE(c.add_node().opened());
  c.options.hears_leader = false;
  EXPECT_FALSE(c.add_node().opened());
}

TEST(Coordinator, DeployingAloneStartsNothing) {
  const Prepared p = small_linked(2);
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

// Another one at another address; polled by who waits for it.
struct Other {
  explicit Other(TestCluster& c, uint64_t address = 50) : config(c.config) {
    config.transport = &c.net.end(address);
    config.name = "other" + std::to_string(address);
  }
  // Returns what the coordinator gets: connected, or an error.
  Error ask(TestCluster& c, const std::function<void()>& meanwhile = {}) {
    coordinator.emplace(config);
    coordinator->connect(c.addresses);
    try {
      c.run([&] {
        coordinator->poll();
        if (meanwhile) meanwhile();
        return coordinator->connected();
      });
    } catch (const Error& e) {
      return e;
    }
    return Error(Exit::kOk, "");
  }
  bool stop(TestCluster& c) {
    coordinator->stop();
    return c.run([&] {
      coordinator->poll();
      return coordinator->stopped();
    });
  }
  CoordinatorConfig config;
  std::optional<Coordinator> coordinator;
};

TEST(Lease, OthersAreToldAndTheRunGoesOnExactly) {
  const Prepared p = small_linked(2);
  TestCluster c(6);
  start(c, p);
  Other other(c);
  other.config.busy_fix = "--take-over";
  for (unsigned i = 0; i < 5; ++i) {
    const Error e = other.ask(c);
    expect_error(e, Exit::kBusy, "busy: c1 has it, for 5.0 s at most");
    expect_error(e, Exit::kBusy, "node at");
    EXPECT_EQ(e.fix(), other.config.busy_fix);
    ASSERT_TRUE(other.stop(c));
    run_frames(c, p, i + 1);
  }
  EXPECT_GE(c.nodes[0]->agent.counters().busy, 1u);
  EXPECT_EQ(c.nodes[0]->agent.counters().sessions, 1u);
  ASSERT_TRUE(c.stop());
  EXPECT_EQ(other.ask(c).code(), Exit::kOk);
}

// Many frames, while others try again and again.
TEST(Lease, AFrameUnderWayIsNotDisturbed) {
  const Prepared p = small_linked(2);
  TestCluster c(6);
  start(c, p);
  Other other(c);
  for (int i = 0; i < 20; ++i) {
    const std::vector<uint8_t> input = noise_bytes(kSmallInput, 100 + i);
    c.coordinator->submit(input);
    std::optional<std::vector<uint8_t>> out;
    const auto look = [&] {
      if (!out) out = c.coordinator->result();
    };
    EXPECT_EQ(other.ask(c, look).code(), Exit::kBusy);
    ASSERT_TRUE(c.run([&] {
      look();
      return out.has_value();
    }));
    EXPECT_EQ(*out, oracle_output(p.graph, input));
  }
}

// Nothing says that a coordinator was killed: its lease runs out.
TEST(Lease, OfADeadCoordinatorRunsOut) {
  const Prepared p = small_linked(2);
  for (const uint64_t timeout_us : {100'000u, 5'000'000u, 600'000'000u}) {
    TestCluster c(6);
    c.config.timeout_us = timeout_us;
    start(c, p);
    run_frames(c, p, 1);
    c.coordinator.reset();
    const uint64_t died = c.net.now_us;
    Other other(c);
    int asked = 0;
    for (Error e = other.ask(c); e.code() != Exit::kOk; e = other.ask(c)) {
      expect_error(e, Exit::kBusy, "c1 has it");
      ASSERT_TRUE(other.stop(c));
      c.run([] { return false; }, 100'000);
      ASSERT_LT(++asked, 1000);
    }
    const uint64_t lease =
        std::clamp<uint64_t>(timeout_us, 1'000'000, 60'000'000);
    EXPECT_GT(c.net.now_us - died, lease * 7 / 10);
    EXPECT_LT(c.net.now_us - died, lease + 1'000'000);
    ASSERT_TRUE(other.stop(c));
    start(c, p);
    run_frames(c, p, 3);
  }
}

// Its word that it takes node 0 is lost; still it gives it back.
TEST(Lease, IsGivenBackByWhoIsRefusedElsewhere) {
  TestCluster c(6);
  c.add_node();
  c.add_node();
  Other first(c, 40), other(c);
  const std::vector<WorkerAddress> all = c.addresses;
  c.addresses = {all[1]};
  ASSERT_EQ(first.ask(c).code(), Exit::kOk);
  c.addresses = all;
  int lost = 1;
  c.net.spy = [&](LossyNet::Datagram& d) {
    const bool accepted =
        d.from == 2 && d.bytes[0] == static_cast<uint8_t>(Kind::kAnswer) &&
        d.bytes[3] == static_cast<uint8_t>(Verdict::kAccepted);
    return !accepted || lost-- <= 0;
  };
  expect_error(other.ask(c), Exit::kBusy, "node at3: busy: other40 has it");
  EXPECT_EQ(c.nodes[0]->agent.counters().sessions, 1u);
  ASSERT_TRUE(other.stop(c));
  c.addresses = {all[0]};
  Other third(c, 60);
  EXPECT_EQ(third.ask(c).code(), Exit::kOk);
}

TEST(Lease, IsTakenOverByWhoMeansIt) {
  const Prepared p = small_linked(2);
  TestCluster c(6);
  start(c, p);
  run_frames(c, p, 1);
  auto first = std::move(c.coordinator);
  c.config.take_over = true;
  start(c, p);
  run_frames(c, p, 3);
  EXPECT_EQ(c.nodes[0]->agent.counters().taken, 1u);
  // The one before is told by whom.
  auto second = std::move(c.coordinator);
  c.coordinator = std::move(first);
  expect_error(end_of(c), Exit::kBusy, ": c2 has taken it over");
}

// Nobody gets a node between two runs of one process; and the one that follows
// gets nothing that a third one has.
TEST(Lease, GoesToTheOneThatFollows) {
  const Prepared p = small_linked(2);
  TestCluster c(6);
  start(c, p);
  run_frames(c, p, 1);
  const auto first = std::move(c.coordinator);
  Other other(c);
  expect_error(other.ask(c), Exit::kBusy, "busy: c1 has it");
  ASSERT_TRUE(other.stop(c));
  c.config.follows = {first->number()};
  start(c, p);
  run_frames(c, p, 3);
  EXPECT_EQ(c.nodes[0]->agent.counters().taken, 1u);
  Other late(c, 60);
  late.config.follows = {first->number()};
  expect_error(late.ask(c), Exit::kBusy, "busy: c2 has it");
}

// When a node is lost, the others stay with its coordinator until the next one
// has them; the lost one, if it is there after all, is free.
TEST(Lease, OutlivesTheLossOfAnotherNode) {
  const Prepared p = small_linked(2);
  TestCluster c(6);
  start(c, p);
  run_frames(c, p, 1);
  c.nodes[0]->silent = true;
  expect_error(end_of(c), Exit::kNode, "silent");
  ASSERT_EQ(c.coordinator->lost(), 0);
  const auto first = std::move(c.coordinator);
  c.nodes[0]->silent = false;
  first->leave(0);
  const std::vector<WorkerAddress> all = c.addresses;
  c.addresses = {all[1]};
  Other other(c);
  expect_error(other.ask(c), Exit::kBusy, "busy: c1 has it");
  c.addresses = {all[0]};
  Other free(c, 60);
  EXPECT_EQ(free.ask(c).code(), Exit::kOk);
}

// Hellos and refusals that somebody has recorded and says again renew nothing
// and end nothing.
// Its answer is lost and a hello of before comes behind: the node knows whose
// session it is.
TEST(Lease, ALateHelloFindsItsOwnSession) {
  for (const bool identities : {false, true}) {
    TestCluster c(6);
    if (identities) c.use_identities();
    std::vector<uint8_t> first;
    bool late = false;
    c.net.spy = [&](LossyNet::Datagram& d) {
      if (d.from == 1 && first.empty()) first = d.bytes;
      const bool accepted =
          d.from == 2 && c.nodes[0]->agent.counters().sessions == 1;
      if (!accepted || late) return true;
      late = true;
      return false;
    };
    c.add_node();
    c.coordinate();
    bool sent = false;
    ASSERT_TRUE(c.run([&] {
      if (late && !sent) {
        sent = true;
        c.net.send({1, 2, first});
      }
      return c.coordinator->connected();
    }));
    EXPECT_TRUE(sent);
    EXPECT_EQ(c.nodes[0]->agent.counters().sessions, 1u);
  }
}

TEST(Lease, OldHellosDoNotTakeOver) {
  const Prepared p = small_linked(1);
  TestCluster c(6);
  std::vector<LossyNet::Datagram> seen;
  c.net.spy = [&](LossyNet::Datagram& d) {
    if (d.to == 2 && d.from == 1) seen.push_back(d);
    return true;
  };
  c.config.take_over = true;
  start(c, p);
  run_frames(c, p, 1);
  ASSERT_TRUE(c.stop());
  c.net.spy = nullptr;
  start(c, p);
  const AgentCounters before = c.nodes[0]->agent.counters();
  for (int round = 0; round < 3; ++round) {
    for (const auto& d : seen) c.net.send(d);
    run_frames(c, p, 1);
  }
  const AgentCounters& after = c.nodes[0]->agent.counters();
  EXPECT_EQ(after.sessions, before.sessions);
  EXPECT_EQ(after.taken, before.taken);
  EXPECT_GT(after.replayed + after.strangers, before.replayed);
}

TEST(Coordinator, AWorkerMayComeLate) {
  const Prepared p = small_linked(2);
  TestCluster c(7);
  c.add_node();
  c.add_node().silent = true;
  c.coordinate();
  c.run([] { return false; }, 3'000'000);
  EXPECT_FALSE(c.coordinator->connected());
  ASSERT_TRUE(c.stop());
  c.nodes[1]->silent = false;
  start(c, p);
  run_frames(c, p, 1);
}

// Datagrams to the new address arrive; nothing comes from the old one.
TEST(Coordinator, ANodeMayChangeItsAddress) {
  const Prepared p = small_linked(2);
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
  const Prepared p = small_linked(2);
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
  const Prepared p = small_linked(2);
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
  const Prepared p = small_linked(2);
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

// Keys of sessions that last for three datagrams, or for 100 ms.
TEST(Rekey, ARunOutlivesItsKeys) {
  const Prepared p = small_linked(2);
  for (const KeyLimits limits :
       {KeyLimits{3, ~uint64_t{0}}, KeyLimits{~uint32_t{0}, 100'000}}) {
    for (const bool identities : {false, true}) {
      TestCluster c(51);
      c.config.key_limits = c.options.key_limits = limits;
      if (identities) c.use_identities();
      c.net.loss = 0.1, c.net.doubling = 0.05, c.net.jitter_us = 3000;
      uint16_t phases[2] = {};
      c.net.spy = [&](LossyNet::Datagram& d) {
        if (d.bytes[0] != static_cast<uint8_t>(Kind::kSession)) return true;
        SessionHead h;
        std::memcpy(&h, d.bytes.data(), sizeof h);
        uint16_t& phase = phases[d.from == 1];
        phase = std::max(phase, h.phase);
        return true;
      };
      start(c, p);
      for (int i = 0; i < 5; ++i) {
        run_frames(c, p, 2);
        c.run([] { return false; }, 1'000'000);  // heartbeats
      }
      EXPECT_GT(phases[0], 4);
      EXPECT_GT(phases[1], 4);
      EXPECT_EQ(c.nodes[0]->agent.counters().sessions, 1u);
      ASSERT_TRUE(c.stop());
    }
  }
}

}  // namespace
}  // namespace shoal
