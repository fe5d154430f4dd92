// Random networks that keep variables from frame to frame. Every frame of a
// sequence must equal the oracle's, on one node mapped and unmapped and on
// clusters with loss, frames in flight one behind the other.
//
//   SHOAL_RANDOM_NETS   how many networks (default: some dozens)
//   SHOAL_RANDOM_SEED   the first seed (default: 1)
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "host/base/error.h"
#include "host/board/board.h"
#include "host/engine/local/node_engine.h"
#include "host/engine/virtual/virtual_engine.h"
#include "host/model/import/import.h"
#include "tests/judged_stream.h"
#include "tests/number_from.h"
#include "tests/random_stream.h"

namespace shoal {
namespace {

constexpr int kVariableNets = 60, kVariableFrames = 4;

struct VariableCounts {
  int nodes = 0, clusters = 0, variables = 0;
  int64_t kept = 0;  // bytes, over all nodes of all plans
};

std::string judge(uint32_t seed, VariableCounts& counts) {
  const Graph g = import_tflite(RandomStream(seed).file(), "random");
  std::mt19937 random(seed);
  const std::vector<Bytes> frames = random_frames(g, kVariableFrames, random);
  counts.variables += static_cast<int>(g.variables.size());
  PlanRequest request = one_node(find_board(seed % 2 ? "host" : "emcraft-sf2"));
  for (const Objective objective : {Objective::kRam, Objective::kLatency}) {
    request.objective = objective;
    const auto p = std::make_shared<const Prepared>(prepare(g, request));
    for (const PlanVariable& v : p->plan.nodes[0].variables) {
      counts.kept += v.bytes();
    }
    ++counts.nodes;
    const std::string fault =
        judge_stream(g, frames, *node_engine(p, {}, true));
    if (!fault.empty()) return "one node, " + fault;
  }
  static const char* const kStrategies[] = {"spatial", "kernel", "layer"};
  for (const int nodes : {2, 3 + static_cast<int>(random() % 6)}) {
    const char* strategy = kStrategies[random() % 3];
    const Cluster cluster = uniform_cluster(nodes, find_board("host"), {});
    PlanRequest linked = linked_nodes(cluster, strategy);
    if (random() % 2) linked.objective = Objective::kRam;
    auto p = std::make_shared<Prepared>(prepare(g, linked));
    for (const PlanNode& n : p->plan.nodes) {
      for (const PlanVariable& v : n.variables) counts.kept += v.bytes();
    }
    SimOptions options;
    options.costs = options.first_alone = false;
    options.network.seed = seed;
    options.network.loss = random() % 2 ? 0.1 : 0;
    VirtualEngine engine(p, cluster, options, true);
    ++counts.clusters;
    const std::string fault = judge_stream(g, frames, engine);
    if (!fault.empty()) {
      return std::string(strategy) + " over " + std::to_string(nodes) + ", " +
             fault;
    }
  }
  return "";
}

TEST(RandomVariables, EveryFrameEqualsTheOracles) {
  const uint32_t first = number_from("SHOAL_RANDOM_SEED", 1);
  const uint32_t count = number_from("SHOAL_RANDOM_NETS", kVariableNets);
  VariableCounts counts;
  int failed = 0;
  for (uint32_t seed = first; seed < first + count && failed < 5; ++seed) {
    std::string fault;
    try {
      fault = judge(seed, counts);
    } catch (const std::exception& e) {
      fault = e.what();
    }
    if (fault.empty()) continue;
    ++failed;
    ADD_FAILURE() << "seed " << seed << ": " << fault;
  }
  std::printf(
      "%u networks, %d variables: %d nodes, %d clusters; %lld bytes "
      "kept\n",
      count, counts.variables, counts.nodes, counts.clusters,
      static_cast<long long>(counts.kept));
  EXPECT_GT(counts.variables, static_cast<int>(count) / 2);
}

// A node's variables are lost with it: the error says with which frame.
TEST(RandomVariables, ALostNodeEndsTheSequence) {
  const Graph g = import_tflite(RandomStream(3).file(), "random");
  std::mt19937 random(3);
  const std::vector<Bytes> frames = random_frames(g, kVariableFrames, random);
  const Cluster cluster = uniform_cluster(3, find_board("host"), {});
  SimOptions options;
  options.costs = options.first_alone = false;
  options.timeout_us = 100000;
  options.lost_node = 1;
  for (const Nanos after : {Nanos{0}, 60 * kMicrosecond}) {
    options.lost_after = after;
    VirtualEngine engine(
        std::make_shared<Prepared>(prepare(g, linked_nodes(cluster, "kernel"))),
        cluster, options, false);
    size_t given = 0, got = 0;
    try {
      engine.stream(
          [&] { return std::optional(frames[given++ % frames.size()]); },
          [&](const Answer&) { ++got; });
      ADD_FAILURE() << "it went on without the node";
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kNode);
      EXPECT_NE(std::string(e.what()).find("the sequence ends with frame " +
                                           std::to_string(got)),
                std::string::npos)
          << e.what();
    }
  }
}

}  // namespace
}  // namespace shoal
