// Nodes joined by their links: whatever is lost, doubled or late, and whoever
// fires when, the outputs are those of the plainest computation.
#include <gtest/gtest.h>

#include <cstdio>

#include "device/runtime/testing/cluster.h"
#include "device/runtime/testing/linked_samples.h"

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

}  // namespace
}  // namespace shoal::test
