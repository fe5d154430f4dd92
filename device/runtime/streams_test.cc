// Nodes joined by their links: whatever is lost, doubled or late, and whichever
// node fires when, the outputs are those of the plainest computation.
#include <gtest/gtest.h>

#include <cstdio>

#include "device/runtime/testing/cluster.h"
#include "device/runtime/testing/linked_samples.h"
#include "device/runtime/testing/tape_twin.h"

namespace shoal::test {
namespace {

void expect_sample(const LinkedSample& s, const ClusterOptions& o) {
  SCOPED_TRACE(testing::Message()
               << s.name << " seed " << o.seed << " payload " << o.max_payload
               << " lost " << o.lost << " mapped " << o.mapped);
  std::vector<uint32_t> bytes;
  for (const auto& frames : s.wanted) {
    bytes.push_back(uint32_t(frames[0].size()));
  }
  const ClusterResult run = run_cluster(s.programs, s.inputs, bytes, o);
  ASSERT_EQ(run.status, Status::kOk)
      << "node " << run.node << " table " << int(run.fault.table) << " stage "
      << run.fault.stage << " index " << run.fault.index << " check "
      << run.fault.check << " steps " << run.steps;
  EXPECT_FALSE(run.spilled);
  for (size_t e = 0; e < s.wanted.size(); ++e) {
    ASSERT_EQ(run.outputs[e], s.wanted[e]) << "output " << e;
  }
}

TEST(Streams, GiveTheSameBytesInAnyOrder) {
  for (const LinkedSample& s : linked_samples()) {
    for (unsigned seed = 1; seed <= 10; ++seed) {
      ClusterOptions o;
      o.seed = seed;
      expect_sample(s, o);
    }
  }
}

TEST(Streams, InSmallDatagrams) {
  for (const LinkedSample& s : linked_samples()) {
    for (unsigned seed = 1; seed <= 3; ++seed) {
      ClusterOptions o;
      o.seed = seed, o.max_payload = 96;
      expect_sample(s, o);
    }
  }
}

TEST(Streams, SurviveLossDoublesAndReordering) {
  for (const LinkedSample& s : linked_samples()) {
    for (unsigned seed = 1; seed <= 5; ++seed) {
      ClusterOptions o;
      o.seed = seed, o.lost = o.doubled = 20, o.delay_us = 3000;
      o.max_payload = seed % 2 ? 96 : 1472;
      expect_sample(s, o);
    }
  }
}

// Each node replays the order of a run of all of them, its records and
// weights coming from storage.
TEST(Streams, OfProgramsInStorage) {
  for (LinkedSample s : linked_samples()) {
    std::vector<Order> order(s.programs.nodes.size());
    ClusterOptions o;
    o.observer = [&](uint16_t node, const Firing& f) {
      record_firing(s.programs.nodes[node], f, order[node]);
    };
    expect_sample(s, o);
    o.observer = nullptr;
    LinkedSample sram = s;
    for (bool mapped : {true, false}) {
      for (ProgramBuilder& p : sram.programs.nodes) {
        p = in_sram(p, mapped, mapped);
      }
      o.mapped = mapped, o.lost = 10;
      expect_sample(sram, o);
    }
    for (bool mapped : {true, false}) {
      for (size_t n = 0; n < order.size(); ++n) {
        s.programs.nodes[n] = on_tape(s.programs.nodes[n], order[n], mapped);
      }
      for (unsigned seed = 1; seed <= 3; ++seed) {
        o.seed = seed, o.mapped = mapped, o.lost = 10;
        expect_sample(s, o);
      }
    }
  }
}

// The offsets pass 2^32 in the middle of a frame of each stream's size.
TEST(Streams, WhoseOffsetsWrap) {
  for (const LinkedSample& s : linked_samples()) {
    if (s.programs.nodes[0].stages.size() > 1) continue;
    std::set<uint32_t> sizes;
    for (const auto& frames : s.inputs)
      sizes.insert(uint32_t(frames[0].size()));
    for (const auto& frames : s.wanted)
      sizes.insert(uint32_t(frames[0].size()));
    for (uint32_t bytes : sizes) {
      ClusterOptions o;
      o.first_frame = 0xFFFFFFFF / bytes - 1, o.max_payload = 96;
      o.frames = kSampleFrames, o.lost = 10;
      expect_sample(s, o);
    }
  }
}

TEST(Streams, NeedALinkThatCanBeUsed) {
  LinkedSample s = overlay_sample();
  link_programs(s.programs);
  ProgramBuilder& p = s.programs.nodes[0];
  const Bytes image = p.build();
  const auto opened = [&](const shoal_link* link) {
    RunOptions o;
    o.link = link, o.max_steps = 100;
    return run_program(image, {}, o).status;
  };
  ClusterOptions o;
  o.max_payload = 96;
  Network net(o);
  Socket socket(net, 1, p.peers, o);
  shoal_link link = socket.link;
  EXPECT_EQ(opened(&link), Status::kWait);
  EXPECT_EQ(opened(nullptr), Status::kBadArgument);
  for (int missing = 0; missing < 4; ++missing) {
    link = socket.link;
    if (missing == 0) link.transport = nullptr;
    if (missing == 1) link.peers = nullptr;
    if (missing == 2) link.cipher = nullptr;
    if (missing == 3) link.packet = nullptr;
    EXPECT_EQ(opened(&link), Status::kBadArgument) << missing;
  }
  shoal_transport narrow = *socket.link.transport;
  narrow.max_payload = 95;
  link = socket.link;
  link.transport = &narrow;
  EXPECT_EQ(opened(&link), Status::kBadArgument);
}

// Before its head is there a node has no link; what comes is dropped.
TEST(Streams, WhileTheProgramIsReadNothingIsTaken) {
  LinkedSample s = overlay_sample();
  link_programs(s.programs);
  ProgramBuilder& p = s.programs.nodes[0];
  p.mapped = false;
  ClusterOptions o;
  o.mapped = false;
  Network net(o);
  NodeParty node(net, p.build(), 0, p.peers, o);
  ASSERT_EQ(node.last, Status::kWait);
  uint8_t datagram[64] = {};
  EXPECT_EQ(shoal_receive(&node.node(), Socket::address_of(kCoordinator),
                          datagram, sizeof datagram),
            SHOAL_WAIT);
  shoal_flush(&node.node());
  EXPECT_EQ(shoal_next_timer_us(&node.node()), ~uint64_t{0});
  EXPECT_EQ(shoal_read_counters(&node.node()).link.forged, 0u);
  EXPECT_FALSE(node.spilled());
}

// One fragment in flight to each peer.
TEST(Streams, WithTheSmallestWindow) {
  for (LinkedSample s : linked_samples()) {
    s.programs.window = 1;
    ClusterOptions o;
    o.lost = 10;
    expect_sample(s, o);
  }
}

}  // namespace
}  // namespace shoal::test
