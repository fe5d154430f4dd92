// A second node is lost while the others recover from the loss of a first one,
// at moments from the first loss until they run again. Meanwhile another
// coordinator wants the nodes that are left.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <random>
#include <span>

#include "host/base/error.h"
#include "host/engine/common/testing/small_model.h"
#include "host/engine/faults/fault_world.h"
#include "host/engine/faults/faulted_run.h"
#include "host/oracle/int8/oracle.h"
#include "host/world/board_port.h"

namespace shoal {
namespace {

constexpr int kRivalNodes = 4, kRivalFrames = 10;

// Asks for two nodes again and again, from a time on, until it has both.
class RivalService final : public Endpoint {
 public:
  RivalService(FaultWorld& world, bool takes_over, Nanos from)
      : world_(world),
        port_(world.world().add(board_link(find_board("teensy41")), {})),
        next_us_(static_cast<uint64_t>(from / kMicrosecond)) {
    config_.transport = &port_.transport();
    config_.insecure = true;
    config_.entropy = [this](std::span<uint8_t> out) {
      for (uint8_t& byte : out) byte = static_cast<uint8_t>(random_());
    };
    config_.name = "rival";
    config_.take_over = takes_over;
    wants_ = {{"n0", Network::address(0), {}}, {"n3", Network::address(3), {}}};
    world.world().attach(port_, *this);
  }
  bool has_nodes() const { return has_nodes_; }
  int refusals() const { return refusals_; }

  bool step() override {
    if (!coordinator_) {
      if (now_us() < next_us_) return false;
      coordinator_ = std::make_unique<Coordinator>(config_);
      coordinator_->connect(wants_);
    }
    try {
      coordinator_->poll();
      has_nodes_ |= coordinator_->connected() && !stops_;
    } catch (const Error&) {
      ++refusals_;
      stops_ = true;
      coordinator_->stop();
    }
    if (stops_ && coordinator_->stopped()) {
      coordinator_.reset();
      stops_ = false;
      next_us_ = now_us() + 5'000;
    }
    return false;
  }
  uint64_t next_timer_us() const override {
    return coordinator_ ? coordinator_->next_timer_us() : next_us_;
  }

 private:
  uint64_t now_us() const {
    return static_cast<uint64_t>(world_.now() / kMicrosecond);
  }

  FaultWorld& world_;
  Port& port_;
  CoordinatorConfig config_;
  std::vector<WorkerAddress> wants_;
  std::unique_ptr<Coordinator> coordinator_;
  std::mt19937 random_{5};
  uint64_t next_us_;
  bool stops_ = false, has_nodes_ = false;
  int refusals_ = 0;
};

struct Rivalry {
  bool takes_over = false;
  Nanos from = 0;  // in the world's time
};

struct SecondLossRun {
  FaultedRun run;
  std::optional<Error> error;
  bool has_nodes = false;
  int refusals = 0;
};

SecondLossRun run_with(const std::vector<NodeFault>& faults,
                       std::optional<Rivalry> rivalry, double loss = 0) {
  Cluster cluster =
      uniform_cluster(kRivalNodes, find_board("teensy41"), std::nullopt);
  for (ClusterNode& n : cluster.nodes) n.flash = 256 << 10;
  const auto input = noise_bytes(kSmallInput, 7);
  const auto exact =
      model_output(small_graph(), run_oracle(small_graph(), input));
  FaultedOptions o;
  o.sim.frames = kRivalFrames;
  o.sim.insecure = true;
  o.sim.timeout_us = 1'000'000;  // as `serve` has
  o.every = 200 * kMillisecond;
  o.sim.network.loss = loss;
  o.sim.input = [&](int) { return input; };
  o.sim.output = [&](int, const std::vector<uint8_t>& output) {
    EXPECT_EQ(output, exact);
  };
  o.faults = faults;
  o.limit = 100 * kSecond;
  std::unique_ptr<RivalService> rival;
  o.beside = [&](FaultWorld& world) {
    if (!rivalry) return;
    rival = std::make_unique<RivalService>(world, rivalry->takes_over,
                                           rivalry->from);
  };
  SecondLossRun r;
  try {
    r.run = run_with_faults(small_graph(), linked_nodes(cluster, "spatial"), o);
  } catch (const Error& e) {
    r.error = e;
  }
  if (rival) r.has_nodes = rival->has_nodes(), r.refusals = rival->refusals();
  return r;
}

Nanos time_of(const FaultedRun& r, const std::string& what) {
  for (const RunEvent& e : r.events) {
    if (e.what == what) return e.at;
  }
  ADD_FAILURE() << "no " << what;
  return 0;
}

NodeFault killed(int node, Nanos at) {
  return {NodeFaultKind::kKill, node, {}, at, {}, {}};
}

// When the loss of one node is seen, and when the others run.
struct Recovery {
  Nanos began = 0;  // the first frame, in the world's time
  Nanos seen = 0, runs = 0;
};

Recovery recovery_of(const std::vector<NodeFault>& first) {
  const FaultedRun r = run_with(first, {}).run;
  return {r.began, time_of(r, "loss"), time_of(r, "switch")};
}

TEST(SecondLoss, NobodyGetsTheOthersWhileTheyAreConnectedAgain) {
  const NodeFault first = killed(1, 100 * kMicrosecond);
  const Recovery one = recovery_of({first});
  ASSERT_GT(one.runs, one.seen);
  constexpr int kMoments = 40;
  int losses = 0;
  for (int i = 0; i <= kMoments; ++i) {
    SCOPED_TRACE(i);
    const Nanos second = one.seen + (one.runs - one.seen) * i / kMoments;
    const SecondLossRun r =
        run_with({first, killed(2, second)}, Rivalry{false, one.began});
    ASSERT_FALSE(r.error) << r.error->what();
    EXPECT_FALSE(r.has_nodes);
    EXPECT_GT(r.refusals, 0);
    EXPECT_EQ(r.run.plans.back().seats, (std::vector<int>{0, 3}));
    losses += static_cast<int>(
        std::ranges::count(r.run.events, "loss", &RunEvent::what));
    // A node that was there a moment ago has a second to answer.
    EXPECT_LE(r.run.frames[0].finished - r.run.frames[0].submitted,
              one.runs + 1'500 * kMillisecond);
  }
  EXPECT_EQ(losses, 2 * (kMoments + 1));
}

// It is told, and no frame is wrong.
TEST(SecondLoss, TheCoordinatorThatTakesTheOthersOverIsNamed) {
  const std::vector<NodeFault> both{killed(1, 100 * kMicrosecond),
                                    killed(2, 100 * kMicrosecond)};
  const Recovery all = recovery_of(both);
  constexpr int kMoments = 40;
  for (int i = 0; i <= kMoments; ++i) {
    SCOPED_TRACE(i);
    const Nanos from = all.seen + (all.runs - all.seen) * i / kMoments;
    const SecondLossRun r = run_with(both, Rivalry{true, all.began + from});
    ASSERT_TRUE(r.error);
    EXPECT_EQ(r.error->code(), Exit::kBusy) << r.error->what();
    EXPECT_NE(std::string(r.error->what()).find("rival"), std::string::npos)
        << r.error->what();
    EXPECT_TRUE(r.has_nodes);
  }
}

}  // namespace
}  // namespace shoal
