// Nodes joined by their links: whatever is lost, doubled or late, and whoever
// fires when, the outputs are those of the plainest computation.
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
    o.tap = [&](uint16_t node, const Firing& f) {
      record_firing(s.programs.nodes[node], f, order[node]);
    };
    expect_sample(s, o);
    o.tap = nullptr;
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

// One segment in flight to each peer.
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
