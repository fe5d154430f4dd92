// A runtime that is linked with a table of its own: what it names runs, what
// it does not name is refused, neither is a fault.
#include <gtest/gtest.h>

#include "device/runtime/modules.h"
#include "device/runtime/testing/linked_samples.h"
#include "device/runtime/testing/sample_programs.h"

const shoal::Modules shoal::modules =
    shoal::modules_for<shoal::OpCode::kConv, shoal::OpCode::kDepthwise,
                       shoal::OpCode::kAdd, shoal::OpCode::kLut,
                       shoal::OpCode::kReduceSum, shoal::OpCode::kSoftmax>();

namespace shoal::test {
namespace {

RunResult run(Sample sample, bool mapped = true) {
  RunOptions options;
  options.mapped = mapped;
  options.storage_delay = 0;
  return run_program(sample.program.build(), sample.inputs, options);
}

TEST(OwnModules, WhatTheTableNamesRuns) {
  const Sample sample = two_stage_sample();
  const RunResult result = run(sample);
  EXPECT_EQ(result.status, Status::kOk) << result.fault.check;
  ASSERT_EQ(result.outputs.size(), 1u);
  EXPECT_EQ(result.outputs[0].size(), 4u);
}

TEST(OwnModules, AnActorOfAnotherKindIsRefusedByName) {
  const Sample sample = move_sample();
  const RunResult result = run(sample);
  EXPECT_EQ(result.status, Status::kBadArithmetic);
  EXPECT_EQ(result.fault.table, Table::kActor);
  const StageSpec& stage = sample.program.stages.at(result.fault.stage);
  const OpCode op = stage.actors.at(result.fault.index).r.op;
  EXPECT_NE(kFires[static_cast<int>(op) - 1], nullptr);
  EXPECT_EQ(modules.fires[static_cast<int>(op) - 1], nullptr);
}

TEST(OwnModules, WeightsThatPassThroughSramNeedStorage) {
  const Sample plain = two_stage_sample();
  Sample kept{in_sram(plain.program, true, true), plain.inputs};
  kept.program.copied = true;
  const RunResult result = run(kept);
  EXPECT_EQ(result.status, Status::kStorage);
  EXPECT_EQ(result.fault.table, Table::kWeights);
  const Sample tape{on_tape(plain.program, plain.inputs, true), plain.inputs};
  EXPECT_EQ(run(tape).status, Status::kStorage);
}

TEST(OwnModules, AnImageThatIsNotMappedNeedsStorage) {
  const Sample plain = two_stage_sample();
  const Sample read{on_tape(plain.program, plain.inputs, false), plain.inputs};
  EXPECT_EQ(run(read, false).status, Status::kBadArgument);
}

TEST(OwnModules, PeersNeedALink) {
  LinkedPrograms programs = halo_sample().programs;
  link_programs(programs);
  const Bytes image = programs.nodes.at(0).build();
  DeafLink deaf;
  RunOptions options;
  options.link = &deaf.link;
  EXPECT_EQ(run_program(image, {}, options).status, Status::kBadArgument);
}

}  // namespace
}  // namespace shoal::test
