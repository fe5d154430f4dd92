// The coordinator and real agents over a network that loses and delays.
#include <gtest/gtest.h>

#include "host/base/error.h"
#include "host/cluster/testing/lossy_net.h"
#include "host/run/testing/small_model.h"

namespace shoal {
namespace {

Prepared small_split(int nodes, const std::string& strategy = "spatial",
                     uint32_t max_payload = 1472) {
  return prepare_split(small_graph(),
                       uniform_cluster(nodes, find_board("host"), std::nullopt),
                       {.strategy = strategy, .max_payload = max_payload});
}

std::vector<uint8_t> oracle_output(const Graph& graph,
                                   std::span<const uint8_t> input) {
  const Values values = run_oracle(graph, input);
  std::vector<uint8_t> out;
  for (const int t : graph.outputs) {
    const auto bytes = file_bytes(graph, t, values[static_cast<size_t>(t)]);
    out.insert(out.end(), bytes.begin(), bytes.end());
  }
  return out;
}

// Runs frames of noise and compares each with the oracle.
void run_frames(TestCluster& c, const Prepared& p, unsigned count) {
  unsigned submitted = 0, got = 0;
  const bool ended = c.run([&] {
    while (submitted < count && c.coordinator->free_frames() > 0) {
      c.coordinator->submit(noise_bytes(kSmallInput, submitted++));
    }
    while (const auto out = c.coordinator->result()) {
      EXPECT_EQ(*out, oracle_output(p.graph, noise_bytes(kSmallInput, got)))
          << "frame " << got;
      ++got;
    }
    return got == count;
  });
  EXPECT_TRUE(ended) << got << " of " << count << " frames";
}

void run_small(TestCluster& c, int nodes, const Prepared& p, unsigned frames) {
  for (int i = 0; i < nodes; ++i) c.add_node();
  ASSERT_TRUE(c.connect());
  c.coordinator->deploy(p);
  ASSERT_TRUE(c.run([&] { return c.coordinator->started(); }));
  run_frames(c, p, frames);
  ASSERT_TRUE(c.stop());
  for (const auto& n : c.nodes) EXPECT_TRUE(n->intact());
}

TEST(Coordinator, RunsOneNode) {
  TestCluster c(1);
  run_small(c, 1, small_split(1), 5);
}

TEST(Coordinator, RunsSeveralNodes) {
  for (const int nodes : {2, 4}) {
    TestCluster c(2);
    run_small(c, nodes, small_split(nodes), 5);
  }
}

}  // namespace
}  // namespace shoal
