// Emitted programs run: in exactly the bytes that the plan states, with the
// bytes of the plainest plan of the same network.
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "device/runtime/testing/run_program.h"
#include "host/check/testing/hand_plans.h"
#include "host/program/emit/emit.h"

namespace shoal {
namespace {

std::vector<test::Bytes> random_inputs(const Net& net, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<test::Bytes> inputs;
  for (const NetIo& io : net.inputs) {
    test::Bytes bytes(static_cast<size_t>(io.place.view.box.elements()) * 2);
    for (uint8_t& b : bytes) b = static_cast<uint8_t>(random());
    inputs.push_back(bytes);
  }
  return inputs;
}

test::RunOptions options_for(const Plan& plan) {
  test::RunOptions options;
  options.frames = 2;
  options.mapped = plan.nodes[0].layout.head_bytes == 0;
  if (!plan.nodes[0].storage.empty()) options.storage_delay = 2;
  options.mixed = options.mapped && options.storage_delay > 0;
  if (plan.nodes[0].spill_pages) {
    options.spill_blocks = static_cast<uint32_t>(plan.nodes[0].spill_pages) + 4;
  }
  return options;
}

std::vector<HandCase> all_cases() {
  std::vector<HandCase> all = hand_cases();
  for (HandCase& c : stored_cases()) all.push_back(std::move(c));
  return all;
}

TEST(EmitRunTest, EveryPlanGivesTheSameBytes) {
  for (const HandCase& c : all_cases()) {
    const auto inputs = random_inputs(c.net, 1);
    const Plan simple = plain_plan(c.net);
    const auto plain =
        test::run_program(emit(c.net, simple, 0), inputs, options_for(simple));
    ASSERT_EQ(plain.status, Status::kOk) << c.name;
    const auto got =
        test::run_program(emit(c.net, c.plan, 0), inputs, options_for(c.plan));
    ASSERT_EQ(got.status, Status::kOk)
        << c.name << ": table " << int(got.fault.table) << " index "
        << got.fault.index << " check " << got.fault.check;
    EXPECT_FALSE(got.spilled) << c.name;
    EXPECT_EQ(got.outputs, plain.outputs) << c.name;
    EXPECT_GT(
        std::set<uint8_t>(got.outputs[0].begin(), got.outputs[0].end()).size(),
        8u)
        << c.name << ": nearly constant output proves nothing";
  }
}

TEST(EmitRunTest, OneByteLessIsRefused) {
  for (const HandCase& c : all_cases()) {
    test::RunOptions less = options_for(c.plan);
    less.arena_less = 1;
    const auto got = test::run_program(emit(c.net, c.plan, 0),
                                       random_inputs(c.net, 1), less);
    EXPECT_EQ(got.status, Status::kArenaTooSmall) << c.name;
  }
}

}  // namespace
}  // namespace shoal
