// Plans that fit only because activations go to storage.
#include "host/plan/spill.h"

#include <gtest/gtest.h>

#include <random>

#include "host/base/error.h"
#include "host/check/check.h"
#include "host/plan/planner.h"
#include "host/plan/simulate.h"
#include "host/plan/testing/shape_net.h"

namespace shoal {
namespace {

PlanOptions options_for(const std::string& board, std::optional<int64_t> ram,
                        int64_t max_writes) {
  PlanOptions options;
  options.board = &find_board(board);
  options.ram = ram;
  options.max_writes = max_writes;
  if (!ram) options.objective = Objective::kRam;
  return options;
}

std::string join(const std::vector<std::string>& lines) {
  std::string all;
  for (const std::string& line : lines) all += line + "\n";
  return all;
}

void expect_sound(const Net& net, const Plan& plan) {
  EXPECT_EQ(join(check(net, plan)), "");
  for (const FiringOrder order :
       {FiringOrder::kDeepest, FiringOrder::kShallowest,
        FiringOrder::kRandom}) {
    const Simulation run = simulate(net, plan, {order, 1, 2});
    EXPECT_TRUE(run.completed) << join(run.blocked);
  }
}

constexpr int64_t kAny = int64_t{1} << 40;

// A picture that is seen whole, by a mean, before each of its rows is used.
Net squeezed(int size, int channels) {
  ShapeNet n("squeezed");
  const int x = n.conv(n.input(size, size, 4), 3, 1, channels);
  n.output(n.conv(n.mul(x, n.mean(x)), 1, 1, 4));
  return n.finish();
}

TEST(SpillTest, ATensorThatMustBeSeenWholeGoesThroughStorage) {
  const Net net = squeezed(32, 16);
  const int64_t whole =
      make_plan(net, options_for("stm32f746", {}, 0)).nodes[0].arena_bytes;
  EXPECT_GT(whole, 32 * 32 * 16);
  const Plan plan = make_plan(net, options_for("stm32f746", whole / 2, kAny));
  expect_sound(net, plan);
  const PlanNode& node = plan.nodes[0];
  EXPECT_LE(node.arena_bytes, whole / 2);
  EXPECT_EQ(node.spill_page_bytes, 4096u);
  EXPECT_EQ(node.spill_pages, 5);  // 16 KB in payloads of 4,080
  EXPECT_EQ(node.storage_written_bytes, 5 * 4096);
  EXPECT_FALSE(node.storage.empty());
}

}  // namespace
}  // namespace shoal
