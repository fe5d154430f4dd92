// Small clusters in virtual time: the same bytes whatever the network does,
// the same run for the same seed, and an end for every fault.
#include <gtest/gtest.h>

#include "host/base/error.h"
#include "host/base/testing/expect_throws.h"
#include "host/engine/common/testing/small_model.h"
#include "host/engine/common/trace_collector.h"
#include "host/engine/common/verify.h"
#include "host/engine/virtual/critical_path.h"
#include "host/engine/virtual/simulate_cluster.h"
#include "host/engine/virtual/timeline.h"
#include "host/oracle/int8/oracle.h"
#include "host/plan/types/stream_table.h"

namespace shoal {
namespace {

class SimulateTest : public testing::Test {
 protected:
  void plan(int nodes, const char* board = "teensy41",
            const char* strategy = "spatial") {
    cluster_ = uniform_cluster(nodes, find_board(board), {});
    p_ = prepare(small_graph(), linked_nodes(cluster_, strategy));
    expected_ = model_output(p_.graph, run_oracle(p_.graph, input_));
  }
  SimResult run(SimOptions options) {
    outputs_ = 0;
    options.output = [&](int frame, const std::vector<uint8_t>& output) {
      EXPECT_EQ(frame, outputs_++);
      EXPECT_EQ(output, expected_) << "frame " << frame;
    };
    return simulate_cluster(p_, cluster_, input_, options);
  }

  const std::vector<uint8_t> input_ = noise_bytes(kSmallInput, 4);
  Cluster cluster_;
  Prepared p_;
  std::vector<uint8_t> expected_;
  int outputs_ = 0;
};

TEST_F(SimulateTest, EveryStrategyGivesTheOraclesBytes) {
  for (const char* strategy : {"spatial", "kernel", "layer"}) {
    for (const int nodes : {1, 2, 3, 5}) {
      SCOPED_TRACE(std::string(strategy) + " " + std::to_string(nodes));
      plan(nodes, "teensy41", strategy);
      for (const bool insecure : {false, true}) {
        SimOptions options;
        options.insecure = insecure;
        options.frames = 3;
        const SimResult r = run(options);
        EXPECT_EQ(outputs_, 3);
        EXPECT_EQ(r.frames.size(), 3u);
        EXPECT_GT(r.latency_s(), 0);
      }
    }
  }
}

// With outputs over inputs and channel groups, in as little room as they save.
TEST_F(SimulateTest, PlansThatSendLessGiveTheOraclesBytes) {
  for (const int64_t ram : {int64_t{12} << 10, int64_t{512} << 10}) {
    cluster_ = uniform_cluster(4, find_board("teensy41"), ram);
    PlanRequest request = linked_nodes(cluster_, "auto");
    request.byte_s = 1e-6;
    p_ = prepare(small_graph(), request);
    expected_ = model_output(p_.graph, run_oracle(p_.graph, input_));
    SimOptions options;
    options.frames = 3;
    run(options);
    EXPECT_EQ(outputs_, 3);
  }
}

// Nodes with layers of their own are at work on other frames, each of another
// picture, and datagrams are lost.
TEST_F(SimulateTest, FramesThatFollowEachOtherKeepTheirOwnBytes) {
  constexpr int kNodes = 3, kFrames = 12;
  plan(kNodes, "teensy41", "layer");
  ASSERT_EQ(frames_under_way(p_.plan, stream_edges(p_.plan)), kNodes + 1u);
  const auto picture = [](int frame) {
    return noise_bytes(kSmallInput, static_cast<uint32_t>(frame) + 7);
  };
  for (const double loss : {0.0, 0.1}) {
    SimOptions options;
    options.frames = kFrames;
    options.network.loss = loss;
    options.input = picture;
    outputs_ = 0;
    options.output = [&](int frame, const std::vector<uint8_t>& output) {
      EXPECT_EQ(frame, outputs_++);
      EXPECT_EQ(output,
                model_output(p_.graph, run_oracle(p_.graph, picture(frame))))
          << "frame " << frame;
    };
    const SimResult r = simulate_cluster(p_, cluster_, input_, options);
    EXPECT_EQ(outputs_, kFrames);
    // The first is alone; then as many as may be.
    for (size_t i = 2; i + kNodes + 1 < kFrames; ++i) {
      EXPECT_LT(r.frames[i + kNodes - 1].submitted, r.frames[i - 1].finished);
      EXPECT_GE(r.frames[i + kNodes + 1].submitted, r.frames[i].finished);
    }
  }
}

TEST_F(SimulateTest, BadLuckChangesNoByte) {
  for (uint64_t seed = 1; seed <= 24; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const char* const strategies[] = {"spatial", "kernel", "layer"};
    plan(2 + static_cast<int>(seed % 5), "teensy41", strategies[seed % 3]);
    SimOptions options;
    options.network.loss = 0.2;
    options.network.duplicate = 0.2;
    options.network.reorder = 0.2;
    options.network.jitter = kMillisecond / 2;
    options.network.seed = seed;
    options.network.medium = seed % 2 ? Medium::kSwitch : Medium::kRadio;
    options.costs = seed % 4 != 0;
    options.insecure = seed % 7 == 0;
    options.frames = 4;
    const SimResult r = run(options);
    EXPECT_EQ(outputs_, 4);
    uint64_t lost = r.coordinator.traffic.lost;
    for (const EndpointReport& n : r.nodes) lost += n.traffic.lost;
    EXPECT_GT(lost, 0u);
  }
}

TEST_F(SimulateTest, ASeedDecidesEverything) {
  plan(4);
  const auto hash = [&](uint64_t seed) {
    SimOptions options;
    options.network.loss = 0.1;
    options.network.seed = seed;
    options.frames = 2;
    const SimResult r = run(options);
    return std::tuple(r.event_hash, r.events, r.ended,
                      r.coordinator.traffic.sent_bytes);
  };
  EXPECT_EQ(hash(3), hash(3));
  EXPECT_NE(hash(3), hash(4));
}

TEST_F(SimulateTest, ALostNodeEndsTheRunByItsName) {
  plan(3);
  SimOptions options;
  options.lost_node = 1;
  options.lost_after = 50 * kMicrosecond;
  options.timeout_us = 500'000;
  expect_throws([&] { run(options); }, Exit::kNode, "node1");
}

TEST_F(SimulateTest, EveryLayerIsSeenByTheTapsOfAllNodes) {
  plan(3);
  TraceCollector trace(p_.graph, p_.net, p_.plan);
  trace.watch(1);
  std::vector<uint8_t> output;
  SimOptions options;
  options.frames = 3;
  options.observer = [&](int node) { return trace.observer(node); };
  options.output = [&](int, const std::vector<uint8_t>& o) { output = o; };
  simulate_cluster(p_, cluster_, input_, options);
  const Verification v =
      judge_frame(p_.graph, output, trace.values(input_),
                  run_oracle(p_.graph, input_), std::nullopt);
  EXPECT_FALSE(v.wrong);
  EXPECT_EQ(v.layers, 4u);
}

TEST_F(SimulateTest, TimesAddUpAndTheBoundIsNamed) {
  plan(2);
  Recorder recorder(3);
  SimOptions options;
  options.recorder = &recorder;
  const SimResult r = run(options);
  const FrameTime& f = r.frames[0];
  const auto path = critical_path(recorder, 2, f.submitted, f.finished);
  ASSERT_FALSE(path.empty());
  // The path has no gap from the last output back to the first input.
  Nanos at = f.finished;
  for (const PathStep& step : path) {
    EXPECT_EQ(step.end, at);
    at = step.begin;
  }
  EXPECT_EQ(at, f.submitted);
  const PathSums sums = sum_up(path, p_.plan);
  EXPECT_EQ(sums.total, f.finished - f.submitted);
  std::vector<std::string> layers;
  for (const Layer& l : p_.net.layers) layers.push_back(l.name);
  const std::string why =
      describe(sums, waits(recorder, p_.plan, f.submitted, f.finished),
               {"node0", "node1", "coordinator"}, layers);
  EXPECT_NE(why.find(" % of the frame is "), std::string::npos) << why;
  // The slices did the work that the plan states, and took as long as it costs.
  for (size_t i = 0; i < r.nodes.size(); ++i) {
    const SliceCost& work = r.nodes[i].counts.slices;
    EXPECT_DOUBLE_EQ(work.macs, static_cast<double>(p_.plan.nodes[i].macs));
    EXPECT_NEAR(static_cast<double>(r.nodes[i].times.slices) * 1e-9,
                work.compute_s + work.firing_s + work.flash_s, 1e-6);
  }
  const std::string trace =
      timeline_json(recorder, p_.net, p_.plan,
                    {"node0", "node1", "coordinator"}, f.submitted, f.finished);
  EXPECT_NE(trace.find("\"second\""), std::string::npos);
  EXPECT_NE(trace.find("\"wait\""), std::string::npos);
}

// Weights come from each board's own storage: not from another segment.
TEST_F(SimulateTest, NodesThatWaitForStorageAreToldToDoSo) {
  plan(2, "emcraft-sf2");
  Recorder recorder(3);
  SimOptions options;
  options.recorder = &recorder;
  const FrameTime f = run(options).frames[0];
  std::vector<Wait> storage;
  for (const Wait& w : waits(recorder, p_.plan, f.submitted, f.finished)) {
    if (w.segment == kForStorage && w.time > 0) storage.push_back(w);
  }
  ASSERT_EQ(storage.size(), 2u);
  PathSums sums;
  sums.total = sums.by_reason[Reason::kOther] = 1;
  const std::string why = describe(sums, storage, {"a", "b", "c"}, {});
  EXPECT_TRUE(why.ends_with(" us for storage")) << why;
}

TEST_F(SimulateTest, ASlowerLinkMakesTheNetworkTheBound) {
  plan(2);
  SimOptions options;
  const double fast = run(options).latency_s();
  options.bits_per_s = 100e3;
  const double slow = run(options).latency_s();
  EXPECT_GT(slow, 3 * fast);
}

}  // namespace
}  // namespace shoal
