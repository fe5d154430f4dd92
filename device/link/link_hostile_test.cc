// A datagram that a link refuses is counted, and not one byte of the link's
// state changes.
#include <gtest/gtest.h>

#include <cstring>

#include "device/link/testing/link_world.h"
#include "device/link/wire.h"

namespace shoal {
namespace {

using test::Bytes;
using test::Channel;
using test::Datagram;
using test::Edge;
using test::Node;
using test::Topology;
using test::World;

// Stage 0: two streams 0 -> 1, one 1 -> 0, one 2 -> 1. Stage 1: one 0 -> 1.
Topology topology(uint32_t gaps = 0) {
  Topology t;
  t.gaps = gaps;
  t.nodes = 3;
  t.stages = 2;
  t.edges = {{0, 1, 0, 0, 4000, 2000, 2000},
             {0, 1, 0, 0, 4000, 2000, 2000},
             {1, 0, 0, 0, 4000, 2000, 2000},
             {2, 1, 0, 0, 4000, 2000, 2000},
             {0, 1, 1, 1, 4000, 2000, 2000}};
  return t;
}

// Node 0 has credit of 2000 for both of its streams to node 1, which has the
// first 50 bytes of each, and 100 bytes are on their way.
class Hostile : public ::testing::TestWithParam<const shoal_cipher*> {
 protected:
  explicit Hostile(uint32_t gaps = 0) : world_(topology(gaps), channel(), 1) {
    for (auto& n : world_.nodes) n->enter(0, 0);
    world_.record = true;
    b().link.send(true);
    deliver();
    make(50);
    deliver();
    make(100);
    genuine_ = world_.recorded.back().bytes;
    world_.recorded.clear();
  }
  static Channel channel() {
    Channel c;
    c.cipher = GetParam();
    return c;
  }
  void make(uint32_t bytes) {
    a().outs[0].made += bytes;
    a().outs[1].made += bytes;
    a().link.wake();
    a().link.send(true);
  }
  // To all of them, what was recorded.
  void deliver() {
    for (Datagram& d : world_.recorded) {
      EXPECT_EQ(receive(*world_.nodes[size_t(d.to)], d.bytes, d.from),
                Status::kOk);
    }
    world_.recorded.clear();
  }
  static Status receive(Node& n, Bytes datagram, uint64_t from) {
    return n.link.receive(from, datagram.data(), uint32_t(datagram.size()));
  }
  Status to_b(const Bytes& datagram) {
    return receive(b(), datagram, World::address_of(0));
  }
  // Returns the datagram that a sender with the right key makes of these items.
  Bytes seal(uint8_t flags, uint64_t number, const Bytes& items,
             uint16_t node = 0, int key_of = 0, uint32_t epoch = 7) {
    const shoal_cipher& cipher = *GetParam();
    Bytes d(kDataHeadBytes);
    put_head(d.data(), {flags, node, epoch, static_cast<uint32_t>(number)});
    d.insert(d.end(), items.begin(), items.end());
    d.resize(d.size() + cipher.tag_bytes);
    const Node& from = *world_.nodes[size_t(key_of)];
    EXPECT_EQ(cipher.seal(from.peers[from.peer_index(1)].send_key, number,
                          d.data(), kDataHeadBytes, d.data() + kDataHeadBytes,
                          uint32_t(items.size())),
              0);
    return d;
  }
  uint64_t next_number() { return b().peer_state(0).newest + 1; }
  static Bytes fragment(uint16_t stream, uint32_t offset, uint16_t length,
                        int edge = -1) {
    Bytes bytes(kFragmentHeadBytes + length);
    ItemWriter w(bytes.data(), bytes.data() + bytes.size());
    uint8_t* to = w.fragment(stream, offset, length);
    for (uint32_t i = 0; i < length; ++i) {
      to[i] = test::stream_byte(edge < 0 ? stream : edge, offset + i);
    }
    return bytes;
  }
  static Bytes ack(uint32_t largest) {
    Bytes bytes(kAckBytes);
    ItemWriter(bytes.data(), bytes.data() + kAckBytes).ack(largest, 1);
    return bytes;
  }
  static Bytes credit(uint16_t target, uint32_t limit) {
    Bytes bytes(kCreditBytes);
    ItemWriter(bytes.data(), bytes.data() + kCreditBytes).credit(target, limit);
    return bytes;
  }
  static Bytes joined(Bytes a, const Bytes& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
  }
  // Refused, counted once by `counter`, and that is all that has changed.
  void refused(const Bytes& datagram, Status status,
               uint64_t shoal_link_counters::*counter) {
    const Bytes before = state();
    shoal_link_counters counters = b().link.counters();
    const uint64_t timer = b().link.next_timer_us();
    ASSERT_EQ(receive(b(), datagram, 99), status);
    ++(counters.*counter);
    EXPECT_EQ(std::memcmp(&counters, &b().link.counters(), sizeof counters), 0);
    EXPECT_EQ(state(), before);
    EXPECT_EQ(b().link.next_timer_us(), timer);
    EXPECT_EQ(b().peers[0].address, World::address_of(0));
  }
  Bytes state() {
    const uint8_t* t = b().table_bytes();
    Bytes s(t, t + b().tables.size() * 8);
    for (const Node::End& e : b().ins) s.push_back(uint8_t(e.placed));
    return s;
  }
  void malformed(const Bytes& items, uint8_t flags = 0) {
    refused(seal(flags, next_number(), items), Status::kBadRecord,
            &shoal_link_counters::malformed);
  }
  bool kept(uint64_t number) {
    const PeerState& s = b().peer_state(0);
    return s.kept >> (s.newest - 1 - number) & 1;
  }

  Node& a() { return *world_.nodes[0]; }
  Node& b() { return *world_.nodes[1]; }

  World world_;
  Bytes genuine_;  // with both fragments
};

TEST_P(Hostile, TruncatedAtEveryByte) {
  for (size_t n = 0; n < genuine_.size(); ++n) {
    refused(Bytes(genuine_.begin(), genuine_.begin() + std::ptrdiff_t(n)),
            Status::kBadTag, &shoal_link_counters::forged);
  }
  EXPECT_EQ(to_b(genuine_), Status::kOk);
  EXPECT_EQ(b().ins[0].placed, 150u);
}

TEST_P(Hostile, OneFlippedBitAtEveryByte) {
  for (size_t i = 0; i < genuine_.size(); ++i) {
    Bytes wrong = genuine_;
    wrong[i] ^= uint8_t(1 << (i * 5 % 8));
    // Epoch and packet number speak for themselves before the tag is looked
    // at; a number that is not stale changes the nonce.
    const bool epoch = i >= 4 && i < 8;
    const Bytes before = state();
    const shoal_link_counters c = b().link.counters();
    const Status status = to_b(wrong);
    EXPECT_TRUE(status == Status::kBadTag || status == Status::kStale) << i;
    EXPECT_TRUE(!epoch || status == Status::kStale) << i;
    EXPECT_EQ(state(), before) << i;
    EXPECT_EQ(c.forged + c.stale + 1,
              b().link.counters().forged + b().link.counters().stale);
  }
  EXPECT_EQ(to_b(genuine_), Status::kOk);
}

TEST_P(Hostile, LongerThanItWasSent) {
  Bytes longer = genuine_;
  longer.push_back(0);
  refused(longer, Status::kBadTag, &shoal_link_counters::forged);
}

TEST_P(Hostile, Replayed) {
  EXPECT_EQ(to_b(genuine_), Status::kOk);
  refused(genuine_, Status::kStale, &shoal_link_counters::stale);
  // Older than the window of 64: refused, though it never came.
  const uint64_t skipped = next_number();
  const Bytes old = seal(0, skipped, fragment(0, 150, 10));
  ASSERT_EQ(to_b(seal(0, skipped + 63, {})), Status::kOk);
  ASSERT_EQ(to_b(seal(0, skipped + 64, {})), Status::kOk);
  refused(old, Status::kStale, &shoal_link_counters::stale);
  EXPECT_EQ(to_b(seal(0, skipped + 1, fragment(0, 150, 10))), Status::kOk);
  EXPECT_EQ(b().ins[0].placed, 160u);
}

TEST_P(Hostile, OfAnotherEpoch) {
  refused(seal(0, next_number(), fragment(0, 50, 10), 0, 0, 6), Status::kStale,
          &shoal_link_counters::stale);
}

TEST_P(Hostile, OfNobody) {
  refused(seal(0, next_number(), {}, 9), Status::kBadTag,
          &shoal_link_counters::forged);
  Bytes other = genuine_;
  other[0] = 3;
  refused(other, Status::kBadTag, &shoal_link_counters::forged);
}

// A checksum has no keys.
class HostileWithKeys : public Hostile {};

TEST_P(HostileWithKeys, SealedWithAnotherKey) {
  // Node 2 says that it is node 0.
  refused(seal(0, next_number(), fragment(0, 50, 10), 0, 2), Status::kBadTag,
          &shoal_link_counters::forged);
}

// Nothing is taken of it, though a legal fragment comes first.
TEST_P(Hostile, GenuineButMalformed) {
  const Bytes good = fragment(0, 50, 10);
  const auto after_good = [&](const Bytes& items) {
    malformed(joined(good, items));
  };
  after_good({9});
  after_good({1, 0});
  after_good(Bytes(kFragmentHeadBytes, 3));  // longer than the datagram
  after_good({3, 0, 0, 60, 0, 0, 0, 0, 0});  // empty
  after_good(fragment(2, 0, 10));            // node 2's stream
  after_good(credit(7, 100));                // no such target
  b().link.send(true);
  const auto sent = uint32_t(b().peer_state(0).next_packet);
  after_good(ack(sent));  // not yet sent
  after_good(ack(sent + 1000));
  malformed(good, 8);  // unknown flag
  EXPECT_EQ(b().ins[0].placed, 50u);
  EXPECT_EQ(to_b(seal(0, next_number(), joined(good, ack(sent - 1)))),
            Status::kOk);
  EXPECT_EQ(b().ins[0].placed, 60u);
}

TEST_P(Hostile, AnAckBeforeAnythingWasSent) {
  World fresh(topology(), channel(), 2);
  for (auto& n : fresh.nodes) n->enter(0, 0);
  Bytes d = seal(0, 0, ack(0));
  EXPECT_EQ(receive(*fresh.nodes[1], d, 1), Status::kBadRecord);
}

TEST_P(Hostile, CreditForATargetOfAnotherPeer) {
  // Target 0 of node 1 belongs to node 0; node 2 must not speak for it.
  Bytes d = seal(0, 0, credit(0, 100), 2, 2);
  refused(d, Status::kBadRecord, &shoal_link_counters::malformed);
}

TEST_P(Hostile, BehindAGapIsNeitherPlacedNorAcknowledged) {
  const uint64_t number = next_number();
  EXPECT_EQ(to_b(seal(0, number, fragment(0, 51, 10))), Status::kOk);
  EXPECT_EQ(b().ins[0].placed, 50u);
  EXPECT_EQ(b().link.counters().early, 1u);
  EXPECT_FALSE(kept(number));
}

TEST_P(Hostile, BeyondCreditIsNeitherPlacedNorAcknowledged) {
  const uint64_t number = next_number();
  EXPECT_EQ(to_b(seal(0, number, fragment(0, 50, 1951))), Status::kOk);
  EXPECT_EQ(b().ins[0].placed, 50u);
  EXPECT_EQ(b().link.counters().early, 1u);
  EXPECT_FALSE(kept(number));
  EXPECT_EQ(to_b(seal(0, number + 1, fragment(0, 50, 1950))), Status::kOk);
  EXPECT_EQ(b().ins[0].placed, 2000u);
  EXPECT_TRUE(kept(number + 1));
}

TEST_P(Hostile, OldBytesAreAcknowledgedAndNewOnesBehindThemPlaced) {
  const uint64_t number = next_number();
  EXPECT_EQ(to_b(seal(0, number, fragment(0, 10, 20))), Status::kOk);
  EXPECT_TRUE(kept(number));
  EXPECT_EQ(to_b(seal(0, number + 1, fragment(0, 10, 60))), Status::kOk);
  EXPECT_TRUE(kept(number + 1));
  EXPECT_EQ(b().ins[0].placed, 70u);
}

TEST_P(Hostile, OneEarlyFragmentKeepsTheDatagramFromAcknowledgement) {
  const uint64_t number = next_number();
  const Bytes items = joined(fragment(0, 50, 10), fragment(1, 60, 10));
  EXPECT_EQ(to_b(seal(0, number, items)), Status::kOk);
  EXPECT_FALSE(kept(number));
  EXPECT_EQ(b().ins[0].placed, 60u);
  EXPECT_EQ(b().ins[1].placed, 50u);
}

// In-stream 3 of node 1 belongs to its stage 1.
TEST_P(Hostile, StreamsOfOtherStages) {
  uint64_t number = next_number();
  // It has had no credit yet: not acknowledged, whatever it says.
  EXPECT_EQ(to_b(seal(0, number, fragment(3, 0, 10, 4))), Status::kOk);
  EXPECT_FALSE(kept(number));
  EXPECT_EQ(b().link.counters().early, 1u);
  b().enter(1, 0);
  EXPECT_EQ(to_b(seal(0, ++number, fragment(3, 0, 10, 4))), Status::kOk);
  EXPECT_TRUE(kept(number));
  EXPECT_EQ(b().ins[0].placed, 10u);
  // Streams of stage 0 are complete now: what comes of them is old.
  EXPECT_EQ(to_b(seal(0, ++number, fragment(0, 3000, 10))), Status::kOk);
  EXPECT_TRUE(kept(number));
  EXPECT_EQ(b().ins[0].placed, 10u);
  // No stage has such a stream.
  EXPECT_EQ(to_b(seal(0, ++number, fragment(900, 0, 10))), Status::kOk);
  EXPECT_FALSE(kept(number));
}

TEST_P(Hostile, CreditNeverGoesBack) {
  uint32_t* limits = reinterpret_cast<uint32_t*>(b().table_bytes());
  uint64_t number = next_number();
  EXPECT_EQ(to_b(seal(0, number, credit(0, 2500))), Status::kOk);
  EXPECT_EQ(limits[0], 2500u);
  EXPECT_EQ(to_b(seal(0, ++number, credit(0, 2400))), Status::kOk);
  EXPECT_EQ(limits[0], 2500u);
}

// Node 1 keeps in mind two ranges of each stream.
class HostileGaps : public Hostile {
 protected:
  HostileGaps() : Hostile(2) {}
  // Returns whether the fragment is acknowledged.
  bool take(uint32_t begin, uint32_t end, int edge = -1) {
    const uint64_t number = next_number();
    const auto bytes = static_cast<uint16_t>(end - begin);
    EXPECT_EQ(to_b(seal(0, number, fragment(0, begin, bytes, edge))),
              Status::kOk);
    return kept(number);
  }
};

TEST_P(HostileGaps, AnyOverlapIsPlacedOnceAndAFullListDropsTheRest) {
  EXPECT_TRUE(take(60, 70));
  EXPECT_TRUE(take(80, 90));
  EXPECT_FALSE(take(100, 110));
  EXPECT_EQ(b().link.counters().early, 1u);
  EXPECT_TRUE(take(60, 70));
  EXPECT_TRUE(take(62, 68, 1));  // other bytes: the world would not take them
  EXPECT_TRUE(take(65, 95));
  EXPECT_TRUE(take(100, 110));
  EXPECT_EQ(b().ins[0].placed, 50u);
  EXPECT_EQ(b().placed_bytes, 100u + 35 + 10);
  EXPECT_TRUE(take(40, 60));
  EXPECT_EQ(b().ins[0].placed, 95u);
  EXPECT_TRUE(take(0, 200));
  EXPECT_EQ(b().ins[0].placed, 200u);
  EXPECT_EQ(b().placed_bytes, 100u + 150);
}

TEST_P(HostileGaps, BeyondCreditNothingIsPlacedBehindAGap) {
  EXPECT_FALSE(take(1990, 2001));
  EXPECT_TRUE(take(1990, 2000));
  EXPECT_FALSE(take(0x80000000, 0x80000010));
  EXPECT_FALSE(take(0x7FFFFFF0, 0x80000000));
  EXPECT_TRUE(take(0xFFFFFFF0, 10));  // before the frame: old
  EXPECT_EQ(b().ins[0].placed, 50u);
  EXPECT_EQ(b().placed_bytes, 100u + 10);
}

TEST_P(HostileGaps, OneFragmentWithoutRoomKeepsItsDatagramFromAcknowledgement) {
  EXPECT_TRUE(take(60, 61));
  EXPECT_TRUE(take(70, 71));
  const uint64_t number = next_number();
  const Bytes items = joined(fragment(1, 60, 10), fragment(0, 80, 10));
  EXPECT_EQ(to_b(seal(0, number, items)), Status::kOk);
  EXPECT_FALSE(kept(number));
  EXPECT_EQ(to_b(seal(0, number + 1, fragment(1, 50, 10))), Status::kOk);
  EXPECT_EQ(b().ins[1].placed, 70u);  // the other one was placed
}

INSTANTIATE_TEST_SUITE_P(Ciphers, HostileGaps,
                         testing::Values(&checksum_only(),
                                         &chacha20_poly1305()));
INSTANTIATE_TEST_SUITE_P(Ciphers, HostileWithKeys,
                         testing::Values(&chacha20_poly1305()));
INSTANTIATE_TEST_SUITE_P(
    Ciphers, Hostile, ::testing::Values(&checksum_only(), &chacha20_poly1305()),
    [](const auto& info) {
      return info.param == &checksum_only() ? "checksum" : "chacha20_poly1305";
    });

}  // namespace
}  // namespace shoal
