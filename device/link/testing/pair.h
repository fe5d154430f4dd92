// For tests of two nodes' links by hand, datagram by datagram.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>

#include "device/link/testing/link_world.h"

namespace shoal::test {

// Two nodes by hand: time, what is made and consumed, who sends when.
class Pair : public World {
 public:
  explicit Pair(const Topology& t, const Channel& c = Channel())
      : World(t, c, 1) {
    record = true;
    for (auto& n : nodes) n->enter(0, 0);
  }
  Node& a() { return *nodes[0]; }
  Node& b() { return *nodes[1]; }
  void send(Node& n, bool flush = true) {
    n.link.wake();
    n.link.send(flush);
  }
  void make(uint32_t bytes, bool flush = true) {
    a().outs[0].made += bytes;
    send(a(), flush);
  }
  // Returns the datagrams that were sent since the last take().
  std::vector<Datagram> take() { return std::move(recorded); }
  size_t deliver(const std::vector<Datagram>& some) {
    for (const Datagram& d : some) {
      Bytes bytes = d.bytes;
      EXPECT_EQ(nodes[size_t(d.to)]->link.receive(d.from, bytes.data(),
                                                  uint32_t(bytes.size())),
                Status::kOk);
    }
    return some.size();
  }
  // Everything back and forth until all is quiet, without time passing.
  void settle() {
    do {
      send(a());
      send(b());
    } while (deliver(take()) > 0);
  }
  // Time passes until the node sends something by itself; the time it took.
  // Timers may be early, but not without end.
  uint64_t wait_for(Node& n) {
    const uint64_t start = now;
    for (int i = 0; i < 20 && recorded.empty(); ++i) {
      const uint64_t at = n.link.next_timer_us();
      if (at == Link::kNever) break;
      now = std::max(at, now);
      n.link.send(false);
    }
    EXPECT_FALSE(recorded.empty());
    return now - start;
  }
  // By target.
  const uint32_t* limits_at_a() {
    return reinterpret_cast<uint32_t*>(a().table_bytes());
  }
  uint32_t limit_at_a() { return *limits_at_a(); }
};

inline Topology one_way(uint32_t ring = 4000, uint32_t bytes = 100'000) {
  Topology t;
  t.edges = {{0, 1, 0, 0, bytes, ring, ring}};
  return t;
}

}  // namespace shoal::test
