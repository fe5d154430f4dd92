// Splitting and swapping together: real networks whose weights exceed a node's
// memory a hundredfold, over eight nodes with 512 KB each.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "host/engine/common/frame.h"
#include "host/engine/virtual/simulate_cluster.h"
#include "host/model/zoo/zoo.h"
#include "host/oracle/int8/oracle.h"
#include "host/plan/planner/planner.h"

namespace shoal {
namespace {

constexpr int64_t kRam = 512 * 1024;

double storage_s(const PlanNode& node) {
  double sum = 0;
  for (const PlanStage& s : node.stages) sum += s.storage_s;
  return sum;
}

// Storage time of a frame, modelled: of one node, and of the slowest of eight.
struct Gain {
  double one_s = 0, eight_s = 0;
};

class Zoo : public testing::Test {
 protected:
  Board board() {
    Board b = find_board("teensy41");
    b.banks = {{"SRAM", kRam, 0}};
    return b;
  }

  Gain plan(const char* model) {
    const Board alone = board();
    PlanRequest request = one_node(alone);
    request.node().flash_weights = 0;
    request.node().storage = "sd-4bit";
    const Net net = lower(zoo_model(model));
    const Plan one = make_plan(net, request);

    cluster_ = uniform_cluster(8, board(), {});
    for (ClusterNode& n : cluster_.nodes) {
      n.flash_weights = 0;
      n.storage = "sd-4bit";
    }
    p_ = prepare(zoo_model(model), linked_nodes(cluster_, "kernel"));
    Gain gain{storage_s(one.nodes[0]), 0};
    for (const PlanNode& n : p_.plan.nodes) {
      EXPECT_LE(n.arena_bytes, kRam);
      EXPECT_EQ(n.storage_written_bytes, 0);
      gain.eight_s = std::max(gain.eight_s, storage_s(n));
    }
    std::printf(
        "%s: %.3f s of storage on one node (%lld B), %.3f s on each "
        "of eight (%lld B); %.3f s and %.3f s a frame, modelled\n",
        model, gain.one_s,
        static_cast<long long>(one.nodes[0].storage_read_bytes), gain.eight_s,
        static_cast<long long>(p_.plan.nodes[0].storage_read_bytes),
        one.latency_s, p_.plan.latency_s);
    return gain;
  }

  void expect_oracles_bytes() {
    std::vector<uint8_t> input(static_cast<size_t>(input_bytes(p_.graph)));
    for (size_t i = 0; i < input.size(); ++i) {
      input[i] = static_cast<uint8_t>(i * i >> 5);
    }
    const std::vector<uint8_t> expected =
        model_output(p_.graph, run_oracle(p_.graph, input));
    SimOptions options;
    options.timeout_us = 600'000'000;
    options.output = [&](int, const std::vector<uint8_t>& output) {
      EXPECT_EQ(output, expected);
    };
    const SimResult r = simulate_cluster(p_, cluster_, input, options);
    std::printf("%.3f s a frame in virtual time\n", r.latency_s());
  }

  Cluster cluster_;
  Prepared p_;
};

TEST_F(Zoo, AlexNetOverEightNodesReadsASixthAtMost) {
  const Gain gain = plan("zoo:alexnet");
  EXPECT_GE(gain.one_s, 6 * gain.eight_s);
  expect_oracles_bytes();
}

TEST_F(Zoo, Vgg16OverEightNodesReadsASixthAtMost) {
  const Gain gain = plan("zoo:vgg16");
  EXPECT_GE(gain.one_s, 6 * gain.eight_s);
  // Minutes with the plain interpreter.
  if (std::getenv("SHOAL_LONG")) expect_oracles_bytes();
}

// A node that waits for its storage goes on to talk with others, in the plan as
// in the runtime; and where flash is not mapped, it reads records of stages.
TEST(PlannedTimes, AreThoseOfNodesThatReadWhileTheyTalk) {
  for (const char* const id : {"teensy41", "emcraft-sf2"}) {
    for (const char* const strategy : {"spatial", "kernel"}) {
      SCOPED_TRACE(std::string(id) + " " + strategy);
      Cluster cluster = uniform_cluster(3, find_board(id), 48 * 1024);
      if (cluster.nodes[0].board.flash_mapped) {
        for (ClusterNode& n : cluster.nodes) n.flash_weights = 0;
      }
      const Prepared p = prepare(zoo_model("zoo:mobilenet_v2@48"),
                                 linked_nodes(cluster, strategy));
      for (const PlanNode& n : p.plan.nodes) {
        EXPECT_GT(storage_s(n), 0.2 * p.plan.latency_s);
      }
      SimOptions options;
      options.warm_up = true;
      const std::vector<uint8_t> input(
          static_cast<size_t>(input_bytes(p.graph)));
      const SimResult r = simulate_cluster(p, cluster, input, options);
      EXPECT_NEAR(p.plan.latency_s, r.latency_s(), 0.01 * r.latency_s());
    }
  }
}

}  // namespace
}  // namespace shoal
