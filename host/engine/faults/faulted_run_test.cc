// Faults of a small model on three nodes. The numbers of nodes and times are
// those of this run; that all runs are exact is for
// tests/random_faults_test.cc.
#include "host/engine/faults/faulted_run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "host/base/error.h"
#include "host/engine/common/testing/small_model.h"
#include "host/oracle/int8/oracle.h"

namespace shoal {
namespace {

std::vector<uint8_t> expected(const std::vector<uint8_t>& input) {
  return model_output(small_graph(), run_oracle(small_graph(), input));
}

FaultedRun run_faults(std::vector<NodeFault> faults, int frames, double loss,
                      Nanos every) {
  Cluster cluster = uniform_cluster(3, find_board("teensy41"), std::nullopt);
  for (ClusterNode& n : cluster.nodes) n.flash = 256 << 10;
  FaultedOptions o;
  o.sim.frames = frames;
  o.sim.network.loss = loss;
  const auto input = noise_bytes(kSmallInput, 7);
  o.sim.input = [&](int) { return input; };
  int next = 0;
  o.sim.output = [&](int frame, const std::vector<uint8_t>& output) {
    EXPECT_EQ(frame, next++);
    EXPECT_EQ(output, expected(input));
  };
  o.faults = std::move(faults);
  o.limit = 2000 * kSecond;
  o.every = every;
  const FaultedRun r =
      run_with_faults(small_graph(), linked_nodes(cluster, "spatial"), o);
  EXPECT_EQ(next, frames);
  return r;
}

FaultedRun run(const std::vector<std::string>& texts, int frames = 4,
               double loss = 0, Nanos every = 0) {
  std::vector<NodeFault> faults;
  for (const std::string& f : texts) faults.push_back(parse_fault(f));
  return run_faults(std::move(faults), frames, loss, every);
}

std::vector<std::string> steps(const FaultedRun& r) {
  std::vector<std::string> out;
  for (const RunEvent& e : r.events) out.push_back(e.what);
  return out;
}

Nanos at(const FaultedRun& r, const std::string& what) {
  for (const RunEvent& e : r.events) {
    if (e.what == what) return e.at;
  }
  ADD_FAILURE() << "no " << what;
  return 0;
}

using Steps = std::vector<std::string>;

TEST(FaultedRun, WithoutFaultsNothingHappens) {
  const FaultedRun r = run({});
  EXPECT_TRUE(r.events.empty());
  EXPECT_EQ(r.repeats, (std::vector<int>(4, 0)));
  EXPECT_EQ(r.event_hash, run({}).event_hash);
}

void expect_outlived(const FaultedRun& r, const std::vector<int>& left) {
  EXPECT_EQ(steps(r), (Steps{"fault", "loss", "repeat", "switch"}));
  EXPECT_EQ(r.repeats[0], 1);
  EXPECT_EQ(r.plans.back().seats, left);
  EXPECT_LE(at(r, "loss"), 401 * kMillisecond);
  EXPECT_LE(at(r, "switch") - at(r, "loss"), 20 * kMillisecond);
}

TEST(FaultedRun, AFrameOutlivesANode) {
  expect_outlived(run({"kill:1@100us"}), {0, 2});
  // Frames begin when the last node has answered, which is this one: its
  // silence takes three heartbeats, and what was left of the one before.
  const FaultedRun last = run({"kill:2@100us"});
  expect_outlived(last, {0, 1});
  EXPECT_GE(at(last, "loss"), 300 * kMillisecond);
}

// It says so itself, and is taken in again.
TEST(FaultedRun, ANodeThatRestartsReturns) {
  const FaultedRun r = run({"restart:1@100us"}, 8, 0, 300 * kMillisecond);
  EXPECT_LE(at(r, "loss"), 250 * kMillisecond);
  EXPECT_GT(at(r, "return"), at(r, "loss"));
  EXPECT_EQ(r.plans.back().seats.size(), 3u);
}

TEST(FaultedRun, AShortStopIsNoLoss) {
  const FaultedRun r = run({"hang:2@100us..100ms"});
  EXPECT_EQ(steps(r), (Steps{"fault", "fault"}));
  EXPECT_GE(r.frames[0].finished - r.frames[0].submitted, 99 * kMillisecond);
}

// The lease that it has given is over by then.
TEST(FaultedRun, ANodeThatWasCutOffReturns) {
  const FaultedRun r = run({"cut:0@100us..2s"}, 24, 0, 500 * kMillisecond);
  EXPECT_EQ(r.plans.back().seats.size(), 3u);
}

// It is taken in again each time, later and later.
TEST(FaultedRun, ANodeThatFlapsTwentyTimesIsTakenInEachTime) {
  std::vector<NodeFault> faults;
  for (int i = 0; i < 20; ++i) {
    const Nanos at = (1 + 70 * i) * kSecond;
    faults.push_back({NodeFaultKind::kRestart, 1, {}, at, at, {}});
  }
  const FaultedRun r = run_faults(faults, 290, 0, 5 * kSecond);
  EXPECT_EQ(std::ranges::count(steps(r), "loss"), 20);
  EXPECT_EQ(std::ranges::count(steps(r), "return"), 20);
  EXPECT_EQ(r.plans.back().seats.size(), 3u);
}

// Faster than it is taken in: the others are disturbed a few times only.
TEST(FaultedRun, ANodeThatFlapsEachSecondDisturbsLittle) {
  std::vector<std::string> faults;
  for (int i = 0; i < 20; ++i) {
    const std::string second = std::to_string(2 + i);
    faults.push_back("cut:1@" + second + "s.." + second + "500ms");
  }
  const FaultedRun r = run(faults, 300, 0, 100 * kMillisecond);
  EXPECT_GE(std::ranges::count(steps(r), "loss"), 2);
  EXPECT_LE(std::ranges::count(steps(r), "loss"), 5);
}

TEST(FaultedRun, AllLostIsAnError) {
  try {
    run({"kill:0@100us", "kill:1@100us", "kill:2@100us"});
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kNode);
    EXPECT_NE(std::string(e.what()).find("no node is left"), std::string::npos)
        << e.what();
  }
}

// Five of a hundred datagrams are lost for as long as a thousand frames take,
// and no node is taken for lost.
TEST(FaultedRun, LossOfDatagramsIsNoLossOfNodes) {
  EXPECT_TRUE(run({}, 300, 0.05).events.empty());
}

// Its variables are on another node, so the sequence has lost nothing.
TEST(FaultedRun, ASequenceOutlivesANodeWithoutAPart) {
  const Graph graph = summing_graph();
  Cluster cluster = uniform_cluster(3, find_board("teensy41"), std::nullopt);
  for (ClusterNode& n : cluster.nodes) n.flash = 256 << 10;
  for (const char* fault : {"kill:2@100us", "restart:1@100us"}) {
    SCOPED_TRACE(fault);
    FaultedOptions o;
    o.sim.frames = 40;
    o.sim.timeout_us = 1'000'000;
    const auto input = noise_bytes(kSummingInput, 7);
    o.sim.input = [&](int) { return input; };
    auto kept = initial_values(graph);
    int frames = 0;
    o.sim.output = [&](int, const std::vector<uint8_t>& output) {
      EXPECT_EQ(output, model_output(graph, run_oracle(graph, input, kept)));
      ++frames;
    };
    o.faults = {parse_fault(fault)};
    o.limit = 2000 * kSecond;
    o.every = 100 * kMillisecond;
    const FaultedRun r =
        run_with_faults(graph, linked_nodes(cluster, "layer"), o);
    EXPECT_EQ(frames, 40);
    EXPECT_EQ(std::ranges::count(steps(r), "loss"), 0);
  }
}

TEST(FaultedRun, RefusesNodesThatThereAreNot) {
  EXPECT_THROW(run({"kill:3@1ms"}), Error);
  EXPECT_THROW(run({"cut:0-3@1ms"}), Error);
}

}  // namespace
}  // namespace shoal
