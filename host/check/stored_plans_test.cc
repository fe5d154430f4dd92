// Plans that fit only because activations go to storage, by the planner:
// right, and when run, byte for byte what the plainest plan gives.
#include <gtest/gtest.h>

#include <random>

#include "device/program/spill_layout.h"
#include "device/runtime/testing/run_program.h"
#include "host/base/error.h"
#include "host/check/check.h"
#include "host/check/testing/hand_plans.h"
#include "host/check/testing/right_plan.h"
#include "host/plan/planner/planner.h"
#include "host/program/emit/emit.h"

namespace shoal {
namespace {

constexpr int64_t kAny = int64_t{1} << 40;

// Small pages, so that small networks have something to gain.
Board board_of(bool mapped) {
  Board board = find_board(mapped ? "stm32f746" : "emcraft-sf2");
  board.storages.resize(1);
  board.storages[0].erase_bytes = 128;
  board.storages[0].write_bytes = 16;
  return board;
}

// Skip connections over layers that see many rows.
Net skips(unsigned seed) {
  std::mt19937 random(seed);
  const auto pick = [&](int low, int high) {
    return low +
           static_cast<int>(random() % static_cast<unsigned>(high - low + 1));
  };
  HandNet n(seed);
  const int in = n.tensor(pick(16, 30), pick(8, 16), 3);
  int x = n.conv(in, 3, 1, 8);
  std::vector<int> made{x};
  for (int l = pick(3, 8); l > 0; --l) {
    const int other = made[random() % made.size()];
    switch (pick(0, 3)) {
      case 0:
        x = n.depthwise(x, 3 + 2 * pick(0, 2), 1);
        break;
      case 1:
        x = n.conv(n.conv(x, 1, 1, 24), 1 + 2 * pick(0, 2), 1, 8);
        break;
      default:
        if (other != x) x = n.add(other, x);
    }
    made.push_back(x);
  }
  if (x != made[0]) x = n.add(made[0], x);
  n.input(in), n.output(x);
  return n.finish();
}

class Judge {
 public:
  Judge(const Net& net, unsigned seed) : net_(net) {
    std::mt19937 random(seed);
    for (const NetIo& io : net.inputs) {
      test::Bytes bytes(size_t(io.place.view.box.elements()) * 2);
      for (uint8_t& b : bytes) b = static_cast<uint8_t>(random());
      inputs_.push_back(bytes);
    }
    right_ = run(plain_plan(net)).outputs;
  }

  void expect_right(const Plan& plan) const {
    EXPECT_EQ(joined(check(net_, plan)), "");
    const test::RunResult got = run(plan);
    EXPECT_EQ(got.status, Status::kOk) << int(got.fault.table);
    EXPECT_FALSE(got.spilled);
    EXPECT_EQ(got.outputs, right_);
  }

 private:
  test::RunResult run(const Plan& plan) const {
    const PlanNode& node = plan.nodes[0];
    test::RunOptions two;
    two.frames = 2;
    two.mapped = node.layout.head_bytes == 0;
    if (!two.mapped || !node.storage.empty()) two.storage_delay = 2;
    two.mixed = two.mapped && !node.storage.empty();
    const auto pages = static_cast<uint32_t>(node.spill_pages);
    if (pages) two.spill_blocks = kLedgerBlocks + pages + 1;
    return test::run_program(emit(net_, plan, 0), inputs_, two);
  }

  const Net& net_;
  std::vector<test::Bytes> inputs_;
  std::vector<test::Bytes> right_;
};

void expect_spills_run(bool mapped, unsigned nets, int at_least) {
  const Board board = board_of(mapped);
  int spilled = 0;
  for (unsigned seed = 1; seed <= nets; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Net net = skips(seed);
    const Judge judge(net, seed);
    PlanRequest request = one_node(board);
    request.objective = Objective::kRam;
    const int64_t whole = make_plan(net, request).nodes[0].arena_bytes;
    request.objective = Objective::kLatency;
    request.max_writes = kAny;
    for (const int percent : {95, 85, 75, 60}) {
      request.node().ram = whole * percent / 100;
      try {
        const Plan plan = make_plan(net, request);
        EXPECT_GT(plan.nodes[0].spill_pages, 0);
        EXPECT_LE(plan.nodes[0].arena_bytes, *request.node().ram);
        judge.expect_right(plan);
        ++spilled;
      } catch (const Error& e) {
        EXPECT_EQ(e.code(), Exit::kDoesNotFit) << e.what();
        break;
      }
    }
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GE(spilled, at_least);
}

TEST(StoredPlansTest, SpillsOfMappedProgramsGiveTheSameBytes) {
  expect_spills_run(true, 12, 8);
}

TEST(StoredPlansTest, SpillsBesideATapeGiveTheSameBytes) {
  expect_spills_run(false, 2, 1);
}

}  // namespace
}  // namespace shoal
