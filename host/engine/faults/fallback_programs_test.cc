// Programs for the loss of a node, of a real model on equal and unequal boards:
// what a loss costs with them and without, and what nodes have room for.
#include "host/engine/recovery/fallback_programs.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "host/base/files.h"
#include "host/engine/common/frame.h"
#include "host/engine/faults/faulted_run.h"
#include "host/model/import/import.h"
#include "host/oracle/int8/oracle.h"

namespace shoal {
namespace {

constexpr int kFrames = 3;

class FallbackProgramsTest : public testing::Test {
 protected:
  static const Graph& graph() {
    static const Graph graph = import_tflite(
        read_file(SHOAL_SOURCE_DIR "/models/fashion_mobilenet_v2.tflite"),
        "fashion");
    return graph;
  }
  static Cluster nodes(int count, int64_t flash = 4 << 20) {
    Cluster c = uniform_cluster(count, find_board("teensy41"), 32 << 10);
    for (ClusterNode& n : c.nodes) n.flash = flash;
    return c;
  }

  // Runs frames of which all are exact.
  FaultedRun run(const Cluster& cluster, const std::vector<std::string>& faults,
                 bool holds = true, Nanos every = 0) {
    FaultedOptions o;
    o.every = every;
    o.sim.frames = kFrames;
    o.sim.warm_up = true;
    std::vector<uint8_t> input(static_cast<size_t>(input_bytes(graph())));
    for (size_t i = 0; i < input.size(); ++i) {
      input[i] = static_cast<uint8_t>(31 * i);
    }
    const auto exact = model_output(graph(), run_oracle(graph(), input));
    o.sim.input = [&](int) { return input; };
    o.sim.output = [&](int, const std::vector<uint8_t>& output) {
      EXPECT_EQ(output, exact);
    };
    for (const std::string& f : faults) o.faults.push_back(parse_fault(f));
    o.holds_fallbacks = holds;
    o.plans = plans_;
    return run_with_faults(graph(), linked_nodes(cluster), o);
  }
  static Nanos took(const FaultedRun& r, size_t frame = 0) {
    return r.frames[frame].finished - r.frames[frame].submitted;
  }
  // From the frame's last answer back to the one before.
  static Nanos last_frame(const FaultedRun& r) {
    return r.frames[kFrames - 1].finished - r.frames[kFrames - 2].finished;
  }
  static Nanos at(const FaultedRun& r, const std::string& what) {
    for (const RunEvent& e : r.events) {
      if (e.what == what) return e.at;
    }
    ADD_FAILURE() << "no " << what;
    return 0;
  }

  // All runs of a test share the plans, so that each is sought once.
  std::shared_ptr<FallbackPlans> plans_ =
      std::make_shared<FallbackPlans>(graph(), std::nullopt);
};

TEST_F(FallbackProgramsTest, ALossCostsLittleMoreThanItsDetection) {
  const Nanos normal = took(run(nodes(4), {}));
  const FaultedRun r = run(nodes(4), {"kill:1@1ms"});
  const Nanos detection = at(r, "loss") - at(r, "fault");
  EXPECT_LE(took(r), normal * 5 / 2 + detection);
  EXPECT_EQ(r.fallbacks.without_room, 0);
  EXPECT_EQ(r.fallbacks.nodes, 4);
  // A node moves up by one place, or it does not.
  EXPECT_EQ(r.fallbacks.programs, 6);

  const FaultedRun fresh = run(nodes(3), {});
  EXPECT_LE(last_frame(r), last_frame(fresh) * 21 / 20);
}

TEST_F(FallbackProgramsTest, WithoutRoomProgramsAreSentAfterTheLoss) {
  const FaultedRun with = run(nodes(4), {"kill:1@1ms"});
  int64_t most = 0;
  for (const PlanNode& n : with.plans.front().plan.nodes) {
    most = std::max<int64_t>(most, n.program_bytes);
  }
  // Enough for the largest program of three nodes, not for two of any.
  const FaultedRun r = run(nodes(4, 3 * most / 2), {"kill:1@1ms"});
  EXPECT_EQ(r.fallbacks.programs, 0);
  EXPECT_EQ(r.fallbacks.without_room, 6);
  EXPECT_GT(r.fallbacks.bytes_without_room, 0);
  EXPECT_GT(at(r, "switch") - at(r, "loss"),
            at(with, "switch") - at(with, "loss"));
}

TEST_F(FallbackProgramsTest, UnequalNodesHaveAPlanForEachLoss) {
  Cluster three = nodes(3);
  for (size_t i = 0; i < 3; ++i) {
    *three.nodes[i].ram += static_cast<int64_t>(i) * (16 << 10);
  }
  for (const char* fault : {"kill:0@1ms", "kill:2@1ms"}) {
    const FaultedRun r = run(three, {fault});
    EXPECT_EQ(r.fallbacks.programs, 6);
    const FaultedRun sent = run(three, {fault}, false);
    EXPECT_LT(took(r), took(sent));
  }
}

// One of both is left out, and is back only when they reach each other.
TEST_F(FallbackProgramsTest, ALinkThatStaysCutTakesANodeOutOnce) {
  const FaultedRun r = run(nodes(3), {"cut:0-1@1ms..6s"}, true, 5 * kSecond);
  const auto is_loss = [](const RunEvent& e) { return e.what == "loss"; };
  EXPECT_EQ(std::ranges::count_if(r.events, is_loss), 1);
  EXPECT_GE(at(r, "return"), 6 * kSecond);
  EXPECT_LE(at(r, "return"), 8 * kSecond);
}

}  // namespace
}  // namespace shoal
