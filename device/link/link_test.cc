#include "device/link/link.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "device/keys/hmac.h"
#include "device/link/testing/pair.h"
#include "device/link/wire.h"

namespace shoal {
namespace {

using test::Channel;
using test::Datagram;
using test::Node;
using test::one_way;
using test::Pair;
using test::Topology;
using test::World;

TEST(Link, ShortDatagramsAreRefusedAtOpening) {
  Pair p(one_way());
  p.a().transport.max_payload = 95;
  Link link;
  EXPECT_EQ(link.open(p.a().config, p.a(), 0, p.a().entries.data(),
                      p.a().counts, p.a().table_bytes()),
            Status::kBadArgument);
}

TEST(Link, NothingIsSentWithoutNewsAndNoTimerIsSet) {
  Topology t = one_way();
  Pair p(t);
  p.settle();
  p.now += 1000;  // a timer that has become idle goes off once
  for (Node* n : {&p.a(), &p.b()}) n->link.send(true);
  EXPECT_EQ(p.a().link.next_timer_us(), Link::kNever);
  EXPECT_TRUE(p.take().empty());
}

// A receiver that has given credit and sees no rows cannot know that it was
// lost: it tells it again, less and less often.
TEST(Link, CreditIsToldAgainToASilentSender) {
  Pair p(one_way());
  p.send(p.b());
  p.take();  // lost
  p.make(100);
  uint64_t last = 0;
  for (int i = 0; i < 6; ++i) {
    const uint64_t start = p.now;
    while (p.recorded.empty() && p.now < start + 1'000'000) {
      p.now = std::max(p.b().link.next_timer_us(), p.now);
      p.b().link.send(false);
      EXPECT_TRUE(p.recorded.empty()) << "told by a busy owner";
      p.b().link.send(true);
    }
    EXPECT_EQ(p.take().size(), 1u);
    EXPECT_GE(p.now - start, last < 100'000 ? 2 * last : last);
    last = p.now - start;
  }
  EXPECT_LE(last, 500'000u);
  p.now += 1'000'000;
  p.b().link.send(true);
  EXPECT_TRUE(p.take().empty());
  EXPECT_EQ(p.b().link.next_timer_us(), Link::kNever);
}

TEST(Link, RowsEndTheTellingOfCredit) {
  Pair p(one_way());
  p.settle();
  const uint64_t first = p.b().link.next_timer_us();
  p.now = first - 1;
  p.make(100);
  p.deliver(p.take());
  p.wait_for(p.b());
  p.take();
  p.now = first + 1;
  p.b().link.send(true);
  EXPECT_TRUE(p.take().empty());
}

TEST(Link, PeersAreServedInTurn) {
  Topology t;
  t.nodes = 3;
  t.edges = {{0, 1, 0, 0, 100'000, 10'000, 10'000},
             {0, 2, 0, 0, 100'000, 10'000, 10'000}};
  Pair p(t);
  p.nodes[2]->enter(0, 0);
  for (int i : {1, 2}) p.send(*p.nodes[size_t(i)]);
  p.deliver(p.take());
  for (auto& out : p.a().outs) out.made += 4 * 1472;
  p.send(p.a());
  const std::vector<Datagram> sent = p.take();
  ASSERT_GE(sent.size(), 8u);
  for (size_t i = 0; i < 8; ++i) EXPECT_EQ(sent[i].to, i % 2 ? 2 : 1);
}

TEST(Link, CreditIsSentWhenAStageBegins) {
  Pair p(one_way());
  p.send(p.b(), false);
  p.deliver(p.take());
  EXPECT_EQ(p.limit_at_a(), 4000u);
}

// A transport that takes a limited number of datagrams.
struct Narrow {
  explicit Narrow(Node& node) : whole(node.transport) {
    node.transport.user = this;
    node.transport.send = [](void* user, uint64_t to, const void* bytes,
                             uint32_t size) {
      auto& self = *static_cast<Narrow*>(user);
      if (self.room == 0) return 1;
      --self.room;
      return self.whole.send(self.whole.user, to, bytes, size);
    };
    node.transport.now_us = [](void* user) {
      const auto& self = *static_cast<Narrow*>(user);
      return self.whole.now_us(self.whole.user);
    };
  }
  const shoal_transport whole;
  int room = 0;
};

// One datagram after the other, though the transport takes one at a time and
// nobody answers: none begins again with what the others said.
TEST(Link, CreditOfManyStreamsIsToldToItsEnd) {
  constexpr uint32_t kStreams = 40, kRing = 4000;
  constexpr int kDatagrams = 4;  // 11 credits of 7 bytes in each
  Topology t;
  t.edges.assign(kStreams, {0, 1, 0, 0, 100'000, kRing, kRing});
  Channel c;
  c.max_payload = 96;
  Pair p(t, c);
  Narrow transport(p.b());
  for (int i = 0; i < kDatagrams; ++i) {
    transport.room = 1;
    p.send(p.b());
    EXPECT_EQ(p.deliver(p.take()), 1u) << i;
    p.now = std::max(p.now + 1, p.b().link.next_timer_us());
  }
  for (uint32_t i = 0; i < kStreams; ++i) {
    EXPECT_EQ(p.limits_at_a()[i], kRing) << i;
  }
}

// While something is on its way, what comes next waits to fill a datagram.
TEST(Link, OnlyFullDatagramsGoWithoutAFlush) {
  Channel c;
  c.max_payload = 500;
  Pair p(one_way(), c);
  p.settle();
  p.make(10, false);
  EXPECT_EQ(p.take().size(), 1u);
  p.make(400, false);
  EXPECT_TRUE(p.take().empty());
  p.make(200, false);
  std::vector<Datagram> sent = p.take();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].bytes.size(), 500u);
  p.make(0, false);
  EXPECT_TRUE(p.take().empty());
  p.make(0, true);
  sent = p.take();
  ASSERT_EQ(sent.size(), 1u);
  const uint32_t rows = 500 - kDataHeadBytes - kFragmentHeadBytes - 4;
  EXPECT_EQ(sent[0].bytes.size(), 600 - rows + 12 + 9 + 4);
  EXPECT_EQ(p.a().link.counters().row_bytes, 610u);
  EXPECT_EQ(p.a().link.counters().fill[15], 1u);
  EXPECT_EQ(p.a().link.counters().fill[(600 - rows + 25) * 16 / 500], 1u);
}

TEST(Link, StreamsShareADatagram) {
  Topology t;
  t.edges = {{0, 1, 0, 0, 1000, 500, 500}, {0, 1, 0, 0, 1000, 500, 500}};
  Pair p(t);
  p.settle();
  p.a().outs[0].made += 100;
  p.a().outs[1].made += 50;
  p.send(p.a());
  EXPECT_EQ(p.deliver(p.take()), 1u);
  EXPECT_EQ(p.b().ins[0].placed, 100u);
  EXPECT_EQ(p.b().ins[1].placed, 50u);
}

TEST(Link, NoMoreThanTheWindowIsInFlight) {
  Topology t = one_way(50'000);
  t.window = 3;
  Pair p(t);
  p.settle();
  p.make(20'000);
  std::vector<Datagram> sent = p.take();
  EXPECT_EQ(sent.size(), 3u);
  p.deliver({sent[0]});
  p.now += 600;  // one datagram is answered after a moment
  p.send(p.b());
  p.deliver(p.take());
  p.send(p.a());
  EXPECT_EQ(p.take().size(), 1u);
}

TEST(Link, TwoDatagramsAreAnsweredAtOnceOneAfterAMoment) {
  Pair p(one_way(20'000));
  p.settle();
  p.make(10);
  p.deliver(p.take());
  p.send(p.b());
  EXPECT_TRUE(p.take().empty());
  EXPECT_EQ(p.b().link.next_timer_us(), p.now + 500);
  p.make(10);
  p.deliver(p.take());
  p.send(p.b(), false);
  EXPECT_EQ(p.deliver(p.take()), 1u);
  EXPECT_EQ(p.a().outs[0].released, 20u);
  p.make(10);
  p.deliver(p.take());
  p.now += 500;
  p.b().link.send(false);
  EXPECT_EQ(p.deliver(p.take()), 1u);
  EXPECT_EQ(p.a().outs[0].released, 30u);
}

TEST(Link, AcknowledgementsRideWithRows) {
  Topology t;
  t.edges = {{0, 1, 0, 0, 9000, 2000, 2000}, {1, 0, 0, 0, 9000, 2000, 2000}};
  Pair p(t);
  p.settle();
  p.make(10);
  p.deliver(p.take());
  p.b().outs[0].made += 10;
  p.send(p.b());
  const std::vector<Datagram> sent = p.take();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].bytes.size(), 12u + 9 + 9 + 10 + 4);
  p.deliver(sent);
  EXPECT_EQ(p.a().outs[0].released, 10u);
}

// A node whose answers found rows to ride with does not send them alone while
// it is busy; if the next ones wait in vain, it does again.
TEST(Link, AnswersWaitWhereRowsComeToTakeThemAlong) {
  Topology t;
  t.edges = {{0, 1, 0, 0, 9000, 4000, 4000}, {1, 0, 0, 0, 9000, 4000, 4000}};
  Pair p(t);
  p.settle();
  p.make(10);
  p.deliver(p.take());
  p.b().outs[0].made += 10;
  p.send(p.b(), false);
  EXPECT_EQ(p.deliver(p.take()), 1u);
  const auto two_datagrams = [&] {
    p.make(10);
    p.make(10);
    p.deliver(p.take());
    p.send(p.b(), false);
  };
  two_datagrams();
  EXPECT_TRUE(p.take().empty());
  p.b().link.send(true);
  EXPECT_EQ(p.deliver(p.take()), 1u);
  two_datagrams();
  EXPECT_TRUE(p.take().empty());
  EXPECT_EQ(p.wait_for(p.b()), 500u);
  EXPECT_EQ(p.deliver(p.take()), 1u);
  two_datagrams();
  EXPECT_EQ(p.deliver(p.take()), 1u);
}

// The credit that a sender has used up is renewed at once.
TEST(Link, ASenderWithoutCreditIsAnsweredAtOnce) {
  Pair p(one_way(1000));
  p.settle();
  p.make(1000);
  p.deliver(p.take());
  p.send(p.b(), false);
  EXPECT_EQ(p.deliver(p.take()), 1u);
  EXPECT_EQ(p.a().outs[0].released, 1000u);
  EXPECT_EQ(p.limit_at_a(), 1000u);
  p.b().ins[0].consumed += 10;
  p.send(p.b(), false);
  EXPECT_EQ(p.deliver(p.take()), 1u);
  EXPECT_EQ(p.limit_at_a(), 1010u);
}

// A node that waits for answers before it gives credit would get this one after
// the usual delay, in each frame.
TEST(Link, ANodeThatLacksCreditAnswersAtOnce) {
  Topology t;
  t.edges = {{0, 1, 0, 0, 9000, 4000, 4000}, {1, 0, 0, 0, 9000, 100, 100}};
  Pair p(t);
  p.settle();
  p.b().outs[0].made += 200;
  p.settle();
  EXPECT_EQ(p.b().outs[0].released, 100u);
  p.make(10);
  p.deliver(p.take());
  p.send(p.b());
  EXPECT_EQ(p.deliver(p.take()), 1u);
  EXPECT_EQ(p.a().outs[0].released, 10u);
}

// A receiver that is late answers, but gives nothing.
TEST(Link, CreditComesWhenTheReceiverEntersItsStage) {
  Topology t;
  t.stages = 2;
  t.edges = {{0, 1, 1, 1, 1000, 500, 500}};
  Pair p(t);
  p.a().enter(1, 0);
  p.make(100);
  p.wait_for(p.a());
  EXPECT_EQ(p.deliver(p.take()), 1u);
  p.b().link.send(false);
  EXPECT_EQ(p.deliver(p.take()), 1u);
  EXPECT_EQ(p.limit_at_a(), 0u);
  p.b().enter(1, 0);
  p.settle();
  EXPECT_EQ(p.b().ins[0].placed, 100u);
}

TEST(Link, CreditThatComesEarlyIsKept) {
  Topology t;
  t.stages = 2;
  t.edges = {{0, 1, 1, 1, 1000, 500, 500}};
  Pair p(t);
  p.b().enter(1, 0);
  p.settle();
  p.a().enter(1, 0);
  p.make(100);
  EXPECT_EQ(p.deliver(p.take()), 1u);
  EXPECT_EQ(p.b().ins[0].placed, 100u);
}

// A sender that is ahead gives what the ring of the next stage holds, and the
// stage begins with it.
TEST(Link, RowsOfTheNextStageComeEarly) {
  Topology t;
  t.stages = 2;
  t.edges = {{0, 1, 0, 0, 50, 100, 100},
             {0, 1, 1, 1, 1000, 500, 300, true},
             {0, 1, 1, 1, 1000, 500, 300}};
  Pair p(t);
  p.make(50);
  p.settle();
  p.a().enter(1, 0);
  p.a().outs[1].made += 500;
  p.make(500);
  p.settle();
  ASSERT_EQ(p.b().in_streams, 1u);
  EXPECT_EQ(p.b().early_bytes, 300u);
  EXPECT_EQ(p.b().ins[1].placed, 300u);
  EXPECT_EQ(p.b().ins[2].placed, 0u);
  p.b().enter(1, 0);
  EXPECT_EQ(p.b().ins[0].placed, 300u);
  p.b().ins[0].consumed += 150;
  p.settle();
  EXPECT_EQ(p.b().ins[0].placed, 450u);
  EXPECT_EQ(p.b().ins[1].placed, 300u);
  EXPECT_EQ(p.b().early_bytes, 300u);
}

// More than one acknowledgement item can say.
TEST(Link, ManyAtOnceAreAllAcknowledged) {
  Topology t;
  t.edges = {{0, 1, 0, 0, 90'000, 70'000, 70'000},
             {0, 1, 0, 0, 90'000, 70'000, 70'000}};
  t.window = 60;
  Channel c;
  c.max_payload = 1000;
  Pair p(t, c);
  p.a().peer_state(0).pace.window = 60 * Pace::kFragment;
  p.settle();
  p.make(15'000);
  p.a().outs[1].made += 40'000;
  p.send(p.a());
  EXPECT_GT(p.deliver(p.take()), 55u);
  p.send(p.b());
  EXPECT_EQ(p.deliver(p.take()), 1u);
  EXPECT_EQ(p.a().outs[0].released, 15'000u);
  EXPECT_EQ(p.a().outs[1].released, 40'000u);
}

// While it has half of its credit, an answer may wait for company.
TEST(Link, HalfOfTheCreditIsRenewedAfterAMoment) {
  Pair p(one_way(1000));
  p.settle();
  p.make(600);
  p.deliver(p.take());
  p.now += 500;
  p.send(p.b());
  p.deliver(p.take());
  p.b().ins[0].consumed += 300;
  p.send(p.b());
  p.now += 1000;
  p.send(p.b());
  EXPECT_TRUE(p.take().empty());
  p.b().ins[0].consumed += 100;
  p.send(p.b());
  EXPECT_TRUE(p.take().empty());
  EXPECT_EQ(p.wait_for(p.b()), 500u);
  p.deliver(p.take());
  EXPECT_EQ(p.limit_at_a(), 1400u);
}

TEST(Link, WhatTheTransportCannotTakeIsOfferedAgain) {
  Channel c;
  Pair p(one_way(), c);
  p.settle();
  p.channel.refusal = 1;
  const uint64_t sent = p.a().link.counters().sent;
  p.make(100);
  EXPECT_EQ(p.a().link.counters().sent, sent);
  EXPECT_EQ(p.a().link.counters().row_bytes, 0u);
  const uint64_t at = p.a().link.next_timer_us();
  ASSERT_NE(at, Link::kNever);
  p.channel.refusal = 0;
  p.now = at;
  p.a().link.send(true);
  EXPECT_EQ(p.deliver(p.take()), 1u);
  EXPECT_EQ(p.b().ins[0].placed, 100u);
  EXPECT_EQ(p.a().link.counters().resent_bytes, 0u);
}

TEST(Link, ANewAddressIsThatOfTheNewestDatagram) {
  Pair p(one_way());
  p.settle();
  p.make(10);
  p.make(10);
  std::vector<Datagram> sent = p.take();
  ASSERT_EQ(sent.size(), 2u);
  sent[1].from = 77;
  p.deliver({sent[1]});
  EXPECT_EQ(p.b().peers[0].address, 77u);
  p.deliver({sent[0]});
  EXPECT_EQ(p.b().peers[0].address, 77u);
}

// A datagram of each end was passed on, faster than the wire, by somebody
// elsewhere: each sends to him until it notices that nobody answers.
TEST(Link, APeerThatIsLedAwayIsFoundAtHome) {
  constexpr int kElsewhere = 77;
  Pair p(one_way());
  p.settle();
  for (auto* n : {&p.a(), &p.b()}) {
    n->peers[0].address = World::address_of(kElsewhere);
  }
  p.make(10);
  int sent = 0, home = 0;
  while (home == 0 && ++sent < 20) {
    p.wait_for(p.a());
    for (const Datagram& d : p.take()) {
      if (d.to != kElsewhere) home += int(p.deliver({d}));
    }
  }
  EXPECT_GT(sent, 1);
  EXPECT_GT(home, 0);
  EXPECT_EQ(p.b().peers[0].address, World::address_of(0));
}

TEST(Link, CountersAreRight) {
  Pair p(one_way());
  p.settle();
  const shoal_link_counters a = p.a().link.counters();
  const shoal_link_counters b = p.b().link.counters();
  p.make(100);
  std::vector<Datagram> sent = p.take();
  const uint64_t bytes = 12 + 9 + 100 + 4;
  p.deliver(sent);
  EXPECT_EQ(p.a().link.counters().sent, a.sent + 1);
  EXPECT_EQ(p.a().link.counters().sent_bytes, a.sent_bytes + bytes);
  EXPECT_EQ(p.a().link.counters().row_bytes, 100u);
  EXPECT_EQ(p.a().link.counters().fill[bytes * 16 / 1472], 1u);
  EXPECT_EQ(p.b().link.counters().received, b.received + 1);
  EXPECT_EQ(p.b().link.counters().received_bytes, b.received_bytes + bytes);
  EXPECT_EQ(p.b().link.counters().placed_bytes, 100u);
  // Other numbers are looked at where they change: refusals in
  // link_hostile_test, repetitions above.
  EXPECT_EQ(p.b().link.counters().early, 0u);
}

// Offsets and packet numbers both pass 2^32 within the run.
TEST(Link, NumbersWrapAround) {
  Topology t;
  t.frames = 3;
  t.first_offset = 0u - 25'000u;
  t.first_packet = (uint64_t{1} << 32) - 9;
  t.edges = {{0, 1, 0, 0, 20'000, 3000, 2500}, {1, 0, 0, 0, 20'000, 500, 700}};
  Channel c;
  c.loss = c.duplication = c.reordering = 0.1;
  c.cipher = &chacha20_poly1305();
  World world(t, c, 5);
  ASSERT_TRUE(world.run(60)) << world.state();
  EXPECT_EQ(world.nodes[0]->placed_bytes, 60'000u);
  EXPECT_EQ(world.nodes[1]->placed_bytes, 60'000u);
  EXPECT_EQ(world.nodes[1]->link.received(0), 35'000u);
  EXPECT_GT(world.nodes[0]->peer_state(0).next_packet, uint64_t{1} << 32);
}

// At full load what is not rows stays below 8 % of what is.
TEST(Link, OverheadAtFullLoad) {
  Topology t;
  t.window = 16;
  t.edges = {{0, 1, 0, 0, 1'000'000, 20'000, 20'000},
             {1, 0, 0, 0, 1'000'000, 20'000, 20'000}};
  Channel c;
  c.cipher = &chacha20_poly1305();
  World world(t, c, 1);
  ASSERT_TRUE(world.run(60)) << world.state();
  EXPECT_LT(double(world.sent_bytes), 1.08 * 2e6);
  RecordProperty("sent_bytes", std::to_string(world.sent_bytes));
}

// How often a key has been replaced.
int phases_since(const uint8_t* first, const uint8_t* now) {
  uint8_t key[32];
  std::memcpy(key, first, sizeof key);
  for (int n = 0; n < 10'000; ++n) {
    if (std::memcmp(key, now, sizeof key) == 0) return n;
    uint8_t next[32];
    hmac_sha256(key, sizeof key, reinterpret_cast<const uint8_t*>("shoal next"),
                10, next);
    std::memcpy(key, next, sizeof key);
  }
  return -1;
}

// Keys that last for five datagrams, or 3 ms, over a bad wire: every byte
// arrives once, and nobody's key is ahead of what the other one can follow.
TEST(Link, KeysAreReplacedOnTheWay) {
  for (const bool by_time : {false, true}) {
    for (unsigned seed = 1; seed <= 10; ++seed) {
      Topology t;
      t.frames = 3;
      t.edges = {{0, 1, 0, 0, 20'000, 900, 900}, {1, 0, 0, 0, 300, 300, 300}};
      (by_time ? t.key_us : t.key_packets) = by_time ? 3000 : 5;
      Channel c;
      c.cipher = &chacha20_poly1305();
      c.loss = 0.2, c.reordering = 0.2, c.duplication = 0.1;
      World w(t, c, seed);
      uint8_t first[2][32];
      for (int i = 0; i < 2; ++i) {
        std::memcpy(first[i], w.nodes[i]->peers[0].send_key, 32);
      }
      ASSERT_TRUE(w.run(600)) << w.state();
      for (int i = 0; i < 2; ++i) {
        const int sent = phases_since(first[i], w.nodes[i]->peers[0].send_key);
        const int got =
            phases_since(first[i], w.nodes[1 - i]->peers[0].receive_key);
        EXPECT_GT(sent, 5);
        EXPECT_GE(got, sent - 1);
        EXPECT_LE(got, sent);
      }
    }
  }
}

}  // namespace
}  // namespace shoal
