// Coordinators that want the same nodes at the same time, all of one name, in
// virtual time: one of them gets all that it wants, the others are told so, and
// no node is left with a lease.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <deque>

#include "host/engine/coordinator/testing/cluster_run.h"

namespace shoal {
namespace {

// It wants some nodes, has them for a while, and gives them back.
struct Rival {
  CoordinatorConfig config;
  std::vector<WorkerAddress> wants;
  uint64_t begins_at = 0, has_for_us = 0;
  bool waits = false;  // as with --wait: refused, it asks again

  enum class Step { kBegin, kConnect, kHas, kStop, kEnd } step = Step::kBegin;
  std::optional<Coordinator> coordinator;
  Exit end = Exit::kOk;
  std::string told;
};

class Rivals : public testing::Test {
 protected:
  explicit Rivals(unsigned seed = 6) : cluster_(seed), random_(seed) {}

  Rival& add(std::vector<WorkerAddress> wants) {
    Rival& r = rivals_.emplace_back();
    r.config = cluster_.config;
    r.config.transport = &cluster_.net.end(50 + rivals_.size());
    r.config.name = "same";
    r.wants = std::move(wants);
    r.begins_at = cluster_.net.now_us;
    return r;
  }

  // Until all have ended; false if that takes longer than it may.
  bool run(uint64_t limit_us = 120'000'000) {
    const auto has_ended = [](const Rival& r) {
      return r.step == Rival::Step::kEnd;
    };
    return run_until([&] { return std::ranges::all_of(rivals_, has_ended); },
                     limit_us);
  }
  bool run_until(const std::function<bool()>& done, uint64_t limit_us) {
    LossyNet& net = cluster_.net;
    const uint64_t end = net.now_us + limit_us;
    for (;;) {
      net.arrive();
      uint64_t next = end;
      for (auto& n : cluster_.nodes) {
        if (n->silent) continue;
        while (n->agent.step() == Status::kOk) continue;
        next = std::min(next, n->agent.next_timer_us());
      }
      for (Rival& r : rivals_) next = std::min(next, step(r));
      expect_one_owner();
      if (done()) return true;
      if (net.now_us >= end) return false;
      net.now_us = std::max(net.now_us + 1, std::min(next, net.next_us()));
    }
  }
  // The next step of one, and when to take another one.
  uint64_t step(Rival& r) {
    const uint64_t now = cluster_.net.now_us;
    if (r.step == Rival::Step::kEnd) return UINT64_MAX;
    if (r.step == Rival::Step::kBegin) {
      if (now < r.begins_at) return r.begins_at;
      r.coordinator.emplace(r.config);
      r.coordinator->connect(r.wants);
      r.step = Rival::Step::kConnect;
    }
    try {
      r.coordinator->poll();
    } catch (const Error& e) {
      r.end = e.code(), r.told = e.what();
      r.coordinator->stop();
      r.step = Rival::Step::kStop;
    }
    if (r.step == Rival::Step::kConnect && r.coordinator->connected()) {
      r.step = Rival::Step::kHas;
      r.waits = false;
      r.begins_at = now + r.has_for_us;
    }
    if (r.step == Rival::Step::kHas && now >= r.begins_at) {
      r.coordinator->stop();
      r.step = Rival::Step::kStop;
    }
    if (r.step == Rival::Step::kStop && r.coordinator->stopped()) {
      const bool again = r.waits && r.end == Exit::kBusy;
      r.step = again ? Rival::Step::kBegin : Rival::Step::kEnd;
      r.begins_at = now + 50'000 + random_() % 200'000;
      if (again) r.end = Exit::kOk;
    }
    const bool sleeps =
        r.step == Rival::Step::kHas || r.step == Rival::Step::kBegin;
    return std::min(r.coordinator->next_timer_us(),
                    sleeps ? r.begins_at : UINT64_MAX);
  }
  void expect_one_owner() const {
    std::vector<uint64_t> owned;
    for (const Rival& r : rivals_) {
      if (r.step != Rival::Step::kHas || r.config.take_over) continue;
      for (const WorkerAddress& w : r.wants) owned.push_back(w.address);
    }
    std::ranges::sort(owned);
    EXPECT_TRUE(std::ranges::adjacent_find(owned) == owned.end());
  }
  std::string told() const {
    std::string all;
    for (const Rival& r : rivals_) all += "\n" + r.told;
    return all;
  }
  int64_t ends(Exit code) const {
    return std::ranges::count(rivals_, code, &Rival::end);
  }
  // The next coordinator gets them at once.
  void expect_no_lease() {
    const uint64_t before = cluster_.net.now_us;
    rivals_.clear();
    Rival& next = add(cluster_.addresses);
    EXPECT_TRUE(run());
    EXPECT_EQ(next.end, Exit::kOk) << next.told;
    EXPECT_LT(cluster_.net.now_us - before, 3'000'000u);  // of 5 s
    rivals_.clear();
  }
  std::vector<WorkerAddress> shuffled(size_t count) {
    std::vector<WorkerAddress> all = cluster_.addresses;
    std::ranges::shuffle(all, random_);
    all.resize(count);
    return all;
  }
  void add_nodes(int count) {
    for (int i = 0; i < count; ++i) cluster_.add_node();
  }

  TestCluster cluster_;
  std::deque<Rival> rivals_;
  std::mt19937 random_;
};

// Starts two to five of them within two milliseconds, again and again.
class SeveralRivals : public Rivals,
                      public testing::WithParamInterface<unsigned> {
 protected:
  SeveralRivals() : Rivals(GetParam()) {
    cluster_.net.jitter_us = 400;
    if (GetParam() % 2 == 0) cluster_.net.loss = cluster_.net.doubling = 0.05;
    add_nodes(3);
  }
  void add_some(size_t wanted, uint64_t has_for_us) {
    const int count = 2 + static_cast<int>(random_() % 4);
    for (int i = 0; i < count; ++i) {
      Rival& r = add(shuffled(wanted));
      r.begins_at += random_() % 2000;
      r.has_for_us = has_for_us;
    }
  }
  static constexpr int kRounds = 6;
};

TEST_P(SeveralRivals, OneGetsTheNodesAndTheOthersAreTold) {
  for (int round = 0; round < kRounds; ++round) {
    add_some(3, 30'000'000);
    ASSERT_TRUE(run()) << "round " << round;
    EXPECT_EQ(ends(Exit::kOk), 1) << "round " << round << told();
    EXPECT_EQ(ends(Exit::kBusy), std::ssize(rivals_) - 1) << "round " << round;
    expect_no_lease();
  }
}

TEST_P(SeveralRivals, AllThatWaitHaveTheNodesInTurn) {
  for (int round = 0; round < kRounds; ++round) {
    add_some(3, 300'000);
    for (Rival& r : rivals_) r.waits = true;
    ASSERT_TRUE(run()) << "round " << round;
    EXPECT_EQ(ends(Exit::kOk), std::ssize(rivals_)) << "round " << round;
    expect_no_lease();
  }
}

// Two of three nodes each: no two of them have room beside each other.
TEST_P(SeveralRivals, OneOfThoseThatShareSomeNodesGetsThem) {
  for (int round = 0; round < kRounds; ++round) {
    add_some(2, 30'000'000);
    ASSERT_TRUE(run()) << "round " << round;
    EXPECT_EQ(ends(Exit::kOk), 1) << "round " << round << told();
    EXPECT_EQ(ends(Exit::kBusy), std::ssize(rivals_) - 1) << "round " << round;
    expect_no_lease();
  }
}

TEST_P(SeveralRivals, OneOfThoseThatTakeOverGoesOn) {
  for (int round = 0; round < kRounds; ++round) {
    add_some(3, 30'000'000);
    for (Rival& r : rivals_) r.config.take_over = true;
    ASSERT_TRUE(run()) << "round " << round;
    EXPECT_EQ(ends(Exit::kOk), 1) << "round " << round << told();
    EXPECT_EQ(ends(Exit::kBusy), std::ssize(rivals_) - 1) << "round " << round;
    expect_no_lease();
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, SeveralRivals, testing::Range(1u, 9u));

// Coordinators of one name are told apart.
TEST_F(Rivals, OfOneNameAreNotOne) {
  add_nodes(2);
  Rival& first = add(cluster_.addresses);
  first.has_for_us = 20'000'000;
  Rival& refused = add(cluster_.addresses);
  refused.begins_at += 1'000'000;
  Rival& waits = add(cluster_.addresses);
  waits.begins_at += 1'000'000;
  waits.waits = true, waits.has_for_us = 20'000'000;
  Rival& takes = add(cluster_.addresses);
  takes.begins_at += 30'000'000;
  takes.config.take_over = true;
  ASSERT_TRUE(run());
  EXPECT_EQ(first.end, Exit::kOk) << first.told;
  EXPECT_EQ(refused.end, Exit::kBusy) << refused.told;
  EXPECT_NE(refused.told.find("busy: same has it"), std::string::npos);
  EXPECT_EQ(takes.end, Exit::kOk) << takes.told;
  EXPECT_EQ(waits.end, Exit::kBusy) << waits.told;
  EXPECT_NE(waits.told.find("same has taken it over"), std::string::npos);
}

// It waits for a node that does not answer, and is killed: its claim of the
// other one is no reason to refuse who comes then, before its lease has run
// out, nor who means to take the node over.
TEST_F(Rivals, AClaimThatComesToNothingIsWaitedFor) {
  for (const bool takes : {false, true}) {
    add_nodes(2 - static_cast<int>(cluster_.nodes.size()));
    cluster_.nodes[1]->silent = true;
    Rival& claims = add(cluster_.addresses);
    claims.config.timeout_us = 20'000'000;
    run_until([] { return false; }, 1'000'000);
    claims.step = Rival::Step::kEnd;
    claims.coordinator.reset();
    Rival& other = add({cluster_.addresses[0]});
    other.config.timeout_us = 4'000'000;
    other.config.take_over = takes;
    const uint64_t before = cluster_.net.now_us;
    ASSERT_TRUE(run());
    EXPECT_EQ(other.end, takes ? Exit::kOk : Exit::kBusy) << other.told;
    EXPECT_LT(cluster_.net.now_us - before, 6'000'000u);
    cluster_.nodes[1]->silent = false;
    run_until([] { return false; }, 20'000'000);
    expect_no_lease();
  }
}

// The answer to a hello was late, so it was said again; the node accepts the
// second one after the refusal, when its holder has gone.
TEST_F(Rivals, AHelloThatIsAcceptedAfterTheRefusalLeavesNoLease) {
  add_nodes(1);
  Rival& first = add(cluster_.addresses);
  first.has_for_us = 2'000'000;
  run_until([] { return false; }, 1'000'000);
  std::optional<LossyNet::Datagram> refusal, hello;
  cluster_.net.spy = [&](LossyNet::Datagram& d) {
    Hello h;
    if (d.bytes.size() != sizeof h) return true;
    std::memcpy(&h, d.bytes.data(), sizeof h);
    if (h.head.verdict == Verdict::kBusy && !refusal) {
      refusal = d;
      return false;
    }
    constexpr uint8_t kNone[kNonceBytes] = {};
    const bool answers = !equal_bytes(h.node_nonce, kNone, kNonceBytes);
    if (h.head.kind != Kind::kHello || !answers || !refusal || hello) {
      return true;
    }
    hello = d;
    return false;
  };
  Rival& second = add(cluster_.addresses);
  run_until([&] { return hello.has_value(); }, 10'000'000);
  cluster_.net.spy = nullptr;
  ASSERT_TRUE(hello);
  first.begins_at = cluster_.net.now_us;
  cluster_.net.send(*refusal);
  run_until([&] { return first.step == Rival::Step::kEnd; }, 10'000'000);
  EXPECT_EQ(second.end, Exit::kBusy);
  cluster_.net.send(*hello);
  ASSERT_TRUE(run());
  EXPECT_EQ(cluster_.nodes[0]->agent.counters().sessions, 2u);
  expect_no_lease();
}

}  // namespace
}  // namespace shoal
