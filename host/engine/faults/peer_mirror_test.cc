// The coordinator of a sequence dies at some moment, and one of its nodes with
// it. The next coordinator goes on with the next frame, from what another node
// keeps, or says that it cannot.
#include "host/engine/recovery/peer_mirror.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "host/base/error.h"
#include "host/engine/common/testing/small_model.h"
#include "host/engine/faults/fault_world.h"
#include "host/engine/recovery/recovering_engine.h"
#include "host/oracle/int8/oracle.h"

namespace shoal {
namespace {

constexpr int kKeptFrames = 25, kSequenceNodes = 3;
constexpr uint16_t kCopyEvery = 4;

class SequenceSource final : public FrameSource {
 public:
  // Waiting fails for good after `dies`, from the first frame on.
  SequenceSource(FaultWorld& world,
                 const std::vector<std::vector<uint8_t>>& all, size_t next,
                 size_t end, std::optional<Nanos> dies)
      : world_(world), all_(all), next_(next), end_(end), dies_(dies) {}
  std::optional<std::vector<uint8_t>> next() override {
    if (next_ >= end_) return std::nullopt;
    if (next_ == 0 && dies_) {
      world_.begin();
      world_.end_at(world_.began() + *dies_);
    }
    return all_[next_++];
  }
  bool ended() const override { return failed_ || next_ >= end_; }
  bool stops() const override { return failed_; }
  int descriptor() const override { return -1; }
  void fails(const Error&) override { failed_ = true; }

 private:
  FaultWorld& world_;
  const std::vector<std::vector<uint8_t>>& all_;
  size_t next_;
  const size_t end_;
  const std::optional<Nanos> dies_;
  bool failed_ = false;
};

// The frames that one coordinator has run.
struct Life {
  int64_t first = -1;  // frame that it began with
  int64_t answered = 0;
  std::optional<Error> error;  // none: it has come to the last frame
  std::string told;
  Nanos opened = 0, kept = 0;  // when it had its nodes, and they its sequence
};

class PeerMirrorTest : public testing::Test {
 protected:
  PeerMirrorTest() : graph_(summing_graph()) {
    auto kept = initial_values(graph_);
    for (unsigned f = 0; f < kKeptFrames; ++f) {
      inputs_.push_back(noise_bytes(kSummingInput, f));
      expected_.push_back(
          model_output(graph_, run_oracle(graph_, inputs_.back(), kept)));
    }
    sim_.insecure = true;
    sim_.timeout_us = 1'000'000;
    cluster_ = uniform_cluster(kSequenceNodes, find_board("host"), 64 << 10);
    for (ClusterNode& n : cluster_.nodes) n.flash = 256 << 10;
  }

  // Behind `answered` frames. `dies`: that time after the first frame.
  Life live(FaultWorld& world, int64_t answered,
            std::optional<Nanos> dies = {}) {
    Life life;
    life.answered = answered;
    world.end_at(world.now() + 100 * kSecond);
    WorkerClusterOptions o = world.workers();
    o.request = linked_nodes(cluster_, "spatial");
    o.request.cluster = {};
    o.set_budgets = [](Cluster&) {};
    o.config.hint = [&life](const std::string& text) {
      life.told += text + "\n";
    };
    if (!nodes_.empty()) {
      o.given.reset();
      std::vector<WorkerAddress> some;
      for (const size_t n : nodes_) some.push_back(o.nodes[n]);
      o.nodes = some;
    }
    try {
      WorkerCluster workers(std::move(o));
      RecoveringEngine engine(workers, graph_, OnLoss::kReplan, true, every_,
                              nullptr, model_);
      life.opened = world.now() - world.began();
      engine.keep_at_peers();
      life.kept = world.now() - world.began();
      life.first = *engine.sequence_frames();
      SequenceSource source(world, inputs_, static_cast<size_t>(life.first),
                            until_, dies);
      int64_t next = life.first;
      engine.serve(source, [&](const Answer& answer) {
        EXPECT_EQ(answer.output, expected_[static_cast<size_t>(next)])
            << "frame " << next;
        EXPECT_EQ(answer.frame, next);
        life.answered = ++next;
      });
    } catch (const Error& e) {
      life.error = e;
    }
    return life;
  }
  // The time of all frames without a fault.
  Nanos whole_run() {
    FaultWorld world(cluster_, sim_, {}, nullptr);
    const Life life = live(world, 0, 90 * kSecond);
    EXPECT_FALSE(life.error) << life.error->what();
    EXPECT_EQ(life.answered, kKeptFrames);
    return world.now() - world.began();
  }

  // The coordinator dies without a word: nodes hear nothing of it, or of each
  // other, for a millisecond. Those that are named die, too.
  std::vector<NodeFault> faults_of(Nanos dies, const std::vector<int>& nodes) {
    std::vector<NodeFault> all;
    for (int node = 0; node < kSequenceNodes; ++node) {
      all.push_back({NodeFaultKind::kCut,
                     node,
                     {},
                     dies - kMicrosecond,
                     dies + kMillisecond,
                     {}});
    }
    for (const int node : nodes) {
      all.push_back({NodeFaultKind::kKill, node, {}, dies, {}, {}});
    }
    return all;
  }

  void expect_refused(FaultWorld& world, const std::string& text) {
    const Life life = live(world, 0);
    ASSERT_TRUE(life.error);
    EXPECT_EQ(life.error->code(), Exit::kUsage);
    EXPECT_NE(std::string(life.error->what()).find(text), std::string::npos)
        << life.error->what();
  }

  const Graph graph_;
  // The next coordinator has these nodes, or all, and goes so far.
  std::vector<size_t> nodes_;
  size_t until_ = kKeptFrames;
  uint16_t every_ = kCopyEvery;
  std::string model_ = "model";
  std::vector<std::vector<uint8_t>> inputs_, expected_;
  SimOptions sim_;
  Cluster cluster_;
};

TEST_F(PeerMirrorTest, TheNextCoordinatorGoesOnWithoutOneNode) {
  const Nanos all = whole_run();
  constexpr int kMoments = 60;
  int went_on = 0;
  for (int i = 1; i < kMoments; ++i) {
    const Nanos dies = all * i / kMoments;
    const int node = i % kSequenceNodes;
    SCOPED_TRACE(std::to_string(dies) + " ns, node " + std::to_string(node));
    FaultWorld world(cluster_, sim_, faults_of(dies, {node}), nullptr);
    const Life first = live(world, 0, dies);
    EXPECT_TRUE(first.error);
    const Life next = live(world, first.answered);
    ASSERT_FALSE(next.error) << next.error->what();
    // A frame may be in the sequence whose answer nobody has got.
    EXPECT_GE(next.first, first.answered);
    EXPECT_LE(next.first, first.answered + 1);
    EXPECT_EQ(next.answered, kKeptFrames);
    went_on += next.first > 0;
  }
  EXPECT_GT(went_on, kMoments / 2);
}

// The memory is taken from the arenas before anything is planned.
TEST_F(PeerMirrorTest, PlansLeaveItsMemoryFree) {
  FaultWorld world(cluster_, sim_, {}, nullptr);
  WorkerClusterOptions o = world.workers();
  o.request = linked_nodes(cluster_, "spatial");
  o.request.cluster = {};
  o.set_budgets = [](Cluster&) {};
  WorkerCluster workers(std::move(o));
  workers.reserve(1000);
  workers.connect();
  for (const ClusterNode& n : workers.cluster().nodes) {
    EXPECT_EQ(n.ram, (64 << 10) - 1000);
  }
  workers.reserve(64 << 10);
  try {
    workers.connect();
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kDoesNotFit);
    EXPECT_NE(std::string(e.what()).find("has no room for the sequence"),
              std::string::npos)
        << e.what();
  }
}

// Nothing begins by itself where a sequence may be that is lost.
TEST_F(PeerMirrorTest, WithoutBothNodesTheLossIsReported) {
  const Nanos dies = whole_run() / 2;
  FaultWorld world(cluster_, sim_, faults_of(dies, {0, 1}), nullptr);
  const Life first = live(world, 0, dies);
  EXPECT_GT(first.answered, 0);
  const Life next = live(world, first.answered);
  ASSERT_TRUE(next.error);
  EXPECT_EQ(next.error->code(), Exit::kNode);
  const std::string text = next.error->what();
  EXPECT_NE(text.find("no node keeps the sequence, and node"),
            std::string::npos)
      << text;
}

// A node may die while the next coordinator looks for the sequence and writes
// its first copy.
TEST_F(PeerMirrorTest, ANodeThatDiesMeanwhileIsLeftOut) {
  const Nanos dies = whole_run() / 2;
  Life known;
  {
    FaultWorld world(cluster_, sim_, faults_of(dies, {}), nullptr);
    const Life first = live(world, 0, dies);
    known = live(world, first.answered);
  }
  ASSERT_FALSE(known.error) << known.error->what();
  ASSERT_LT(known.opened, known.kept);
  constexpr int kMoments = 30;
  for (int i = 0; i < kMoments; ++i) {
    const Nanos moment =
        known.opened + (known.kept - known.opened) * i / kMoments;
    SCOPED_TRACE(std::to_string(moment) + " ns");
    std::vector<NodeFault> faults = faults_of(dies, {});
    faults.push_back(
        {NodeFaultKind::kKill, i % kSequenceNodes, {}, moment, {}, {}});
    FaultWorld world(cluster_, sim_, faults, nullptr);
    const Life first = live(world, 0, dies);
    const Life next = live(world, first.answered);
    ASSERT_FALSE(next.error) << next.error->what();
    EXPECT_EQ(next.first, known.first);
    EXPECT_EQ(next.answered, kKeptFrames);
  }
}

// A sequence that is refused stays as it is.
TEST_F(PeerMirrorTest, AnotherModelOrNumberOfFramesIsRefused) {
  FaultWorld world(cluster_, sim_, {}, nullptr);
  until_ = 6;
  EXPECT_EQ(live(world, 0).answered, 6);
  model_ = "another";
  expect_refused(world, "keeps the sequence of another model of the name");
  model_ = "model";
  every_ = kCopyEvery + 2;
  expect_refused(world, "keeps the sequence in");
  every_ = kCopyEvery - 1;
  expect_refused(world, "keeps the sequence in");
  every_ = kCopyEvery;
  until_ = kKeptFrames;
  EXPECT_EQ(live(world, 0).first, 6);
}

TEST_F(PeerMirrorTest, TwoSequencesAreRefused) {
  FaultWorld world(cluster_, sim_, {}, nullptr);
  until_ = 6;
  nodes_ = {0, 1};
  EXPECT_EQ(live(world, 0).answered, 6);
  nodes_ = {2};
  EXPECT_EQ(live(world, 0).first, 0);
  nodes_ = {0, 1, 2};
  expect_refused(world, "keep two sequences of this model");
  nodes_ = {1};
  EXPECT_EQ(live(world, 0).first, 6);
}

// A node that was left out keeps more frames, which others have run otherwise.
TEST_F(PeerMirrorTest, TheLatestCopyCountsAndNotTheLongest) {
  FaultWorld world(cluster_, sim_, {}, nullptr);
  until_ = 6;
  nodes_ = {0, 1};
  EXPECT_EQ(live(world, 0).answered, 6);
  until_ = 9;
  nodes_ = {0};
  EXPECT_EQ(live(world, 0).answered, 9);
  nodes_ = {1};
  for (until_ = 7; until_ < 9; ++until_) {
    EXPECT_EQ(live(world, 0).answered, static_cast<int64_t>(until_));
  }
  until_ = kKeptFrames;
  nodes_ = {0, 1};
  const Life last = live(world, 0);
  EXPECT_FALSE(last.error) << last.error->what();
  EXPECT_EQ(last.first, 8);
}

// A coordinator that has waited for another one must not write over what that
// one has answered.
TEST_F(PeerMirrorTest, ACopyOfAnotherCoordinatorIsSeen) {
  FaultWorld world(cluster_, sim_, {}, nullptr);
  world.end_at(100 * kSecond);
  WorkerClusterOptions o = world.workers();
  o.request = linked_nodes(cluster_, "spatial");
  o.request.cluster = {};
  o.set_budgets = [](Cluster&) {};
  WorkerCluster workers(std::move(o));
  workers.connect();
  const std::vector<uint8_t> values(kSummingInput);
  const std::string key = "key sum";
  const int64_t bytes =
      PeerMirror::arena_bytes(key, kSummingInput, kSummingInput, 4);
  PeerMirror waits(workers, key, bytes), other(workers, key, bytes),
      third(workers, key, bytes);
  EXPECT_FALSE(waits.find());
  waits.begin_epoch(0, values, {}, 0);
  waits.begin_epoch(0, values, {}, 0);
  EXPECT_FALSE(waits.is_overtaken());
  // Two others know the same copy and nothing of each other.
  EXPECT_TRUE(other.find());
  EXPECT_TRUE(third.find());
  EXPECT_FALSE(other.is_overtaken());
  other.begin_epoch(0, values, {}, 0);
  other.add({{}, values});
  EXPECT_FALSE(other.is_overtaken());
  EXPECT_TRUE(waits.is_overtaken());
  third.begin_epoch(0, values, {}, 0);
  EXPECT_TRUE(waits.is_overtaken());
  EXPECT_TRUE(other.is_overtaken());
}

// A node that is not there may have a later copy, which is told.
TEST_F(PeerMirrorTest, AMissingNodeIsNamed) {
  const Nanos dies = whole_run() / 2;
  FaultWorld world(cluster_, sim_, faults_of(dies, {0}), nullptr);
  const Life first = live(world, 0, dies);
  const Life next = live(world, first.answered);
  EXPECT_FALSE(next.error) << next.error->what();
  EXPECT_NE(next.told.find("which may keep a later copy of the sequence"),
            std::string::npos)
      << next.told;
}

}  // namespace
}  // namespace shoal
