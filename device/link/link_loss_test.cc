// Lost datagrams are sent again: gaps, answers or silence tell of the loss.
#include <gtest/gtest.h>

#include "device/link/testing/pair.h"

namespace shoal {
namespace {

using test::Datagram;
using test::one_way;
using test::Pair;
using test::Topology;

// A receiver says at once that something before is missing; what came behind
// it was dropped and goes again in any case.
TEST(LinkLoss, AGapIsToldAtOnceAndFilledAtOnce) {
  Pair p(one_way(20'000));
  p.settle();
  std::vector<Datagram> sent;
  for (int i = 0; i < 3; ++i) {
    p.make(100);
    sent.push_back(p.take().at(0));
  }
  p.deliver({sent[1]});
  p.b().link.send(false);
  p.deliver(p.take());
  p.a().link.send(false);
  sent = p.take();
  ASSERT_EQ(sent.size(), 1u);  // all that was behind it goes again, together
  EXPECT_EQ(p.a().link.counters().resent_bytes, 300u);
  EXPECT_EQ(p.a().link.counters().row_bytes, 300u);
  EXPECT_EQ(p.b().link.counters().early, 1u);
  p.deliver(sent);
  EXPECT_EQ(p.b().ins[0].placed, 300u);
}

TEST(LinkLoss, LaterDatagramsTellOfALoss) {
  Topology t;
  t.edges = {{0, 1, 0, 0, 100'000, 4000, 4000},
             {0, 1, 0, 0, 100'000, 4000, 4000}};
  Pair p(t);
  p.settle();
  p.make(100);
  p.take();  // lost
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(p.recorded.empty());  // maybe it comes late
    p.a().outs[1].made += 100;
    p.send(p.a());
    p.deliver(p.take());
    p.now += 600;
    p.send(p.b());
    p.deliver(p.take());
    p.send(p.a());
  }
  const std::vector<Datagram> sent = p.take();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(p.a().link.counters().resent_bytes, 100u);
  p.deliver(sent);
  EXPECT_EQ(p.b().ins[0].placed, 100u);
  EXPECT_EQ(p.b().ins[1].placed, 300u);
  EXPECT_EQ(p.b().link.counters().early, 0u);
}

TEST(LinkLoss, SilenceTellsOfALossAndIsMetWithPatience) {
  Pair p(one_way());
  p.settle();
  p.make(100);
  p.take();  // lost
  uint64_t last = 0;
  for (int i = 0; i < 5; ++i) {
    const uint64_t gap = p.wait_for(p.a());
    EXPECT_EQ(p.take().size(), 1u);
    // Twice at the first pace: a single loss is not a sign of a full network.
    EXPECT_GE(gap, last < 100'000 && i > 1 ? 2 * last : last);
    EXPECT_LT(gap, 500'000u);
    last = gap;
  }
  EXPECT_EQ(p.a().link.counters().resent_bytes, 500u);
}

TEST(LinkLoss, TheTimeoutFollowsTheRoundTripAndThePollGap) {
  Pair p(one_way());
  p.settle();
  for (int i = 0; i < 40; ++i) {
    p.make(100);
    std::vector<Datagram> sent = p.take();
    p.now += 3000;
    p.deliver(sent);
    p.now += 500;
    p.send(p.b());
    sent = p.take();
    p.now += 3000;
    p.deliver(sent);
    p.b().ins[0].consumed = p.b().ins[0].placed;
    p.settle();
  }
  EXPECT_NEAR(double(p.a().peer_state(0).rtt_us), 6500, 100);
  p.make(100);
  p.take();
  const uint64_t timeout = p.wait_for(p.a());
  EXPECT_GT(timeout, 6450u + 1000 + 500);
  EXPECT_LT(timeout, 10'000u);
}

TEST(LinkLoss, ABlockedSenderProbesAndIsToldItsCreditAgain) {
  Pair p(one_way());
  p.send(p.b());
  p.take();  // the first credit is lost
  p.make(100);
  EXPECT_TRUE(p.take().empty());
  const uint64_t first = p.wait_for(p.a());
  p.take();  // the probe too
  EXPECT_EQ(p.wait_for(p.a()), 2 * first);
  EXPECT_EQ(p.deliver(p.take()), 1u);
  p.b().link.send(false);
  EXPECT_EQ(p.deliver(p.take()), 1u);
  EXPECT_EQ(p.limit_at_a(), 4000u);
  p.settle();
  EXPECT_EQ(p.b().ins[0].placed, 100u);
}

// Rows that came early behind a gap are there when their stage has begun, and
// only the missing ones are sent again.
TEST(LinkLoss, AGapInRowsThatComeEarlyIsFilledInTheirStage) {
  Topology t;
  t.stages = 2;
  t.gaps = 2;
  t.edges = {{0, 1, 0, 0, 50, 100, 100}, {0, 1, 1, 1, 900, 900, 900, true}};
  Pair p(t);
  p.make(50);
  p.settle();
  p.a().enter(1, 0);
  p.make(100);
  std::vector<Datagram> lost = p.take();
  ASSERT_FALSE(lost.empty());
  p.make(200);
  p.deliver(p.take());
  EXPECT_EQ(p.b().ins[1].placed, 0u);
  EXPECT_EQ(p.b().early_bytes, 200u);
  p.b().enter(1, 0);
  p.deliver(lost);
  EXPECT_EQ(p.b().ins[0].placed, 300u);
  EXPECT_EQ(p.b().early_bytes, 200u);
  p.settle();
  EXPECT_EQ(p.a().link.counters().resent_bytes, 0u);
  EXPECT_EQ(p.a().outs[0].released, 300u);
}

// They had been flushed before, so they wait for nobody now.
TEST(LinkLoss, LostBytesGoAgainWithoutAFlush) {
  Topology t;
  t.edges = {{0, 1, 0, 0, 1000, 500, 500}, {0, 1, 0, 0, 1000, 500, 500}};
  Pair p(t);
  p.settle();
  p.make(100);
  p.take();  // lost
  p.now += 15'000;
  p.a().outs[1].made += 50;
  p.send(p.a());
  EXPECT_EQ(p.take().size(), 1u);  // still on its way when the other is due
  EXPECT_LT(p.wait_for(p.a()) + 15'000, 30'000u);
  EXPECT_EQ(p.take().size(), 1u);
  EXPECT_EQ(p.a().link.counters().resent_bytes, 100u);
}

TEST(LinkLoss, BytesThatComeAgainAreAnsweredAtOnce) {
  Pair p(one_way());
  p.settle();
  p.make(100);
  p.deliver(p.take());
  p.wait_for(p.b());
  p.take();  // the answer is lost
  p.wait_for(p.a());
  p.deliver(p.take());
  p.b().link.send(false);
  EXPECT_EQ(p.deliver(p.take()), 1u);
  EXPECT_EQ(p.a().outs[0].released, 100u);
  EXPECT_EQ(p.b().link.counters().placed_bytes, 100u);
}

TEST(LinkLoss, AnAnswerEndsThePatience) {
  Pair p(one_way());
  p.settle();
  p.make(100);
  p.take();
  const uint64_t first = p.wait_for(p.a());
  p.take();
  p.wait_for(p.a());
  p.take();
  EXPECT_GE(p.wait_for(p.a()), 2 * first);
  p.deliver(p.take());
  p.wait_for(p.b());
  p.deliver(p.take());
  p.make(100);
  p.take();
  EXPECT_LE(p.wait_for(p.a()), first);
}

// The line was only slow: an answer to an early copy ends the back-off, though
// the latest copy was lost and is waited for.
TEST(LinkLoss, AnAnswerToAnEarlyCopyEndsThePatience) {
  Pair p(one_way());
  p.settle();
  p.make(100);
  const std::vector<Datagram> first = p.take();
  for (int i = 0; i < 4; ++i) {
    p.wait_for(p.a());
    p.take();
  }
  EXPECT_EQ(p.a().peer_state(0).backoff, 4);
  p.deliver(first);
  p.wait_for(p.b());
  p.deliver(p.take());
  EXPECT_EQ(p.a().peer_state(0).backoff, 0);
}

// A line on which datagrams wait for seconds: the time-out is at most twice the
// round trip, and is not doubled.
TEST(LinkLoss, OnASlowLineThePatienceHasAnEnd) {
  Pair p(one_way());
  p.settle();
  p.a().peer_state(0).rtt_us = 1'400'000;
  p.a().peer_state(0).rtt_deviation_us = 1'000'000;
  p.make(100);
  p.take();  // lost
  for (int i = 0; i < 5; ++i) {
    EXPECT_LT(p.wait_for(p.a()), 2'900'000u);
    EXPECT_EQ(p.take().size(), 1u);
  }
}

// The last answer was lost, and the receiver has gone on.
TEST(LinkLoss, TheLastBytesOfAStageAreAcknowledgedAfterIt) {
  Topology t = one_way(1000, 1000);
  t.stages = 2;
  Pair p(t);
  p.settle();
  p.make(1000);
  p.deliver(p.take());
  p.b().link.send(true);
  p.take();
  p.b().enter(1, 0);
  p.wait_for(p.a());
  EXPECT_EQ(p.deliver(p.take()), 1u);
  p.b().link.send(false);
  EXPECT_EQ(p.deliver(p.take()), 1u);
  EXPECT_EQ(p.a().link.acknowledged(0), 1000u);
  EXPECT_EQ(p.b().link.counters().placed_bytes, 1000u);
}

// Only what was lost goes again, and rows are free up to there.
TEST(LinkLoss, BytesBehindAGapArePlacedAndOnlyTheGapGoesAgain) {
  Topology t = one_way(20'000);
  t.gaps = 2;
  Pair p(t);
  p.settle();
  std::vector<Datagram> sent;
  for (int i = 0; i < 5; ++i) {
    p.make(100);
    sent.push_back(p.take().at(0));
    if (i == 0) p.settle();
    p.a().peer_state(0).pace.window = 8 * Pace::kFragment;
  }
  p.deliver({sent[2], sent[3], sent[4]});
  EXPECT_EQ(p.b().ins[0].placed, 0u);
  EXPECT_EQ(p.b().placed_bytes, 300u);
  p.b().link.send(false);
  p.deliver(p.take());
  EXPECT_EQ(p.a().outs[0].released, 0u);
  p.a().link.send(false);
  sent = p.take();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(p.a().link.counters().resent_bytes, 200u);
  p.deliver(sent);
  EXPECT_EQ(p.b().ins[0].placed, 500u);
  p.wait_for(p.b());
  p.deliver(p.take());
  EXPECT_EQ(p.a().outs[0].released, 500u);
}

// A datagram that came late was not lost: from then on it takes more to be
// taken for lost.
TEST(LinkLoss, WhoIsOvertakenByMoreIsGivenMoreTime) {
  Topology t = one_way(20'000);
  t.gaps = 8;
  Pair p(t);
  p.settle();
  for (const int lost : {1, 0}) {
    std::vector<Datagram> sent;
    for (int i = 0; i < 5; ++i) {
      p.a().peer_state(0).pace.window = 8 * Pace::kFragment;
      p.make(100);
      sent.push_back(p.take().at(0));
    }
    p.deliver({sent.begin() + 1, sent.end()});
    p.b().link.send(false);
    p.deliver(p.take());
    EXPECT_EQ(p.a().peer_state(0).lost, lost);
    p.deliver({sent[0]});
    p.wait_for(p.b());
    p.deliver(p.take());
    EXPECT_EQ(p.a().peer_state(0).lost, 0);
    EXPECT_EQ(p.a().outs[0].released, p.a().outs[0].made);
    p.b().ins[0].consumed = p.b().ins[0].placed;
    p.settle();
  }
  EXPECT_EQ(p.a().link.counters().resent_bytes, 0u);
}

// After a loss no peer is taken to be away for its poll gap; when many
// fragments have arrived since, all peers are again.
TEST(LinkLoss, LossesMakeHaste) {
  Topology t = one_way(4000, 1'000'000);
  t.gaps = 8;
  Pair p(t);
  p.a().entries[0].poll_gap_us = 20'000;
  const auto exchange = [&] {
    p.make(100);
    p.now += 400;
    p.deliver(p.take());
    p.b().ins[0].consumed = p.b().ins[0].placed;
    p.now += 600;
    p.settle();
  };
  const auto timeout = [&] {
    p.make(100);
    p.take();
    const uint64_t us = p.wait_for(p.a());
    p.deliver(p.take());
    p.b().ins[0].consumed = p.b().ins[0].placed;
    p.settle();
    return us;
  };
  p.settle();
  for (int i = 0; i < 30; ++i) exchange();
  EXPECT_GT(timeout(), 20'000u);
  // The next answers tell that it was a loss.
  for (int i = 0; i < 10; ++i) exchange();
  EXPECT_LT(timeout(), 3000u);
  // The receiver has lost nothing, but is told of many losses, and answers the
  // first one.
  for (int i = 0; i < 4; ++i) timeout(), exchange();
  p.make(100);
  p.deliver(p.take());
  p.b().link.send(true);
  EXPECT_EQ(p.take().size(), 1u);
  p.settle();
  for (int i = 0; i < 600; ++i) exchange();
  EXPECT_GT(timeout(), 20'000u);
}

}  // namespace
}  // namespace shoal
