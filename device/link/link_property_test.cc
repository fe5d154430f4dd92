// Any streams over any channel: all bytes arrive, exactly once (the test world
// checks that as they come), in bounded virtual time, whatever room a receiver
// has for what comes behind gaps.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "device/link/testing/link_world.h"

namespace shoal {
namespace {

using test::Channel;
using test::Edge;
using test::Topology;
using test::World;

Topology any_topology() {
  Topology t;
  t.nodes = *rc::gen::inRange(2, 5);
  t.stages = *rc::gen::inRange(1, 4);
  t.frames = *rc::gen::inRange(1, 4);
  t.window = *rc::gen::element<uint16_t>(1, 2, 5, 16);
  t.gaps = *rc::gen::element<uint32_t>(0, 1, 3, 8);
  t.first_offset = *rc::gen::element<uint32_t>(0, 0x7FFFFF00, 0xFFFFFF00);
  t.first_packet = *rc::gen::element<uint64_t>(0, 0xFFFFFFF0, 0x3FFFFFFF0);
  // Credit for all of many streams takes several datagrams of 96 bytes.
  const int most = *rc::gen::element(9, 9, 9, 60);
  for (int i = *rc::gen::inRange(1, most); i > 0; --i) {
    Edge e;
    e.from = *rc::gen::inRange(0, t.nodes);
    e.to = (e.from + *rc::gen::inRange(1, t.nodes)) % t.nodes;
    e.from_stage = e.to_stage = *rc::gen::inRange(0, t.stages);
    e.bytes = *rc::gen::inRange<uint32_t>(1, 6000);
    e.from_ring = *rc::gen::inRange<uint32_t>(1, 4000);
    e.to_ring = *rc::gen::inRange<uint32_t>(1, 4000);
    // A ring of a few bytes is crossed a few bytes at a time.
    e.bytes = std::min(e.bytes, 60 * std::min(e.from_ring, e.to_ring));
    e.comes_early = *rc::gen::inRange(0, 3) == 0;
    t.edges.push_back(e);
  }
  return t;
}

Channel any_channel() {
  const auto share = [] { return *rc::gen::inRange(0, 41) / 100.0; };
  Channel c;
  c.loss = share();
  c.duplication = share();
  c.reordering = share();
  c.refusal = share();
  c.latency_us = *rc::gen::element<uint32_t>(1, 200, 3000);
  c.max_payload = *rc::gen::element<uint32_t>(96, 128, 500, 1472, 70'000);
  if (*rc::gen::inRange(0, 4) == 0) c.cipher = &chacha20_poly1305();
  return c;
}

RC_GTEST_PROP(LinkProperty, AllBytesArriveOverAnyChannel, ()) {
  const Topology topology = any_topology();
  World world(topology, any_channel(), *rc::gen::arbitrary<uint32_t>());
  const bool finished = world.run(300);
  if (!finished) RC_LOG() << world.state() << "\n";
  RC_ASSERT(finished);
  for (const auto& node : world.nodes) {
    uint64_t placed = 0, sent = 0;
    for (const Edge& e : topology.edges) {
      const uint64_t bytes = uint64_t{e.bytes} * uint64_t(topology.frames);
      if (e.to == node->number) placed += bytes;
      if (e.from == node->number) sent += bytes;
    }
    const shoal_link_counters& c = node->link.counters();
    RC_ASSERT(node->placed_bytes == placed);
    RC_ASSERT(c.placed_bytes == placed);
    RC_ASSERT(c.row_bytes == sent);
    RC_ASSERT(c.forged == 0 && c.malformed == 0);
  }
  RC_ASSERT(!::testing::Test::HasFailure());
}

}  // namespace
}  // namespace shoal
