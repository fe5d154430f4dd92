// A runtime whose programs are part of the firmware: it compares their hash
// and does without the checks of their records.
#include <gtest/gtest.h>

#include "device/runtime/modules.h"
#include "device/runtime/testing/linked_samples.h"
#include "device/runtime/testing/sample_programs.h"

namespace shoal {
namespace {

constexpr Modules kChecked =
    modules_for<OpCode::kConv, OpCode::kDepthwise, OpCode::kAdd, OpCode::kLut,
                OpCode::kReduceSum, OpCode::kSoftmax>();

}  // namespace

const Modules modules = built_in(kChecked);

}  // namespace shoal

namespace shoal::test {
namespace {

RunResult run(const Bytes& image, const Sample& sample) {
  RunOptions options;
  options.storage_delay = 0;
  return run_program(image, sample.inputs, options);
}

Status status_of(const Sample& sample) {
  ProgramBuilder program = sample.program;
  return run(program.build(), sample).status;
}

TEST(BuiltIn, TheTableHasNoChecks) {
  EXPECT_NE(kChecked.checks.head, nullptr);
  EXPECT_NE(kChecked.checks.record, nullptr);
  EXPECT_EQ(modules.checks.head, nullptr);
  EXPECT_EQ(modules.checks.record, nullptr);
  for (const KindCheck check : modules.checks.kinds) {
    EXPECT_EQ(check, nullptr);
  }
}

LinkModule* make_link(void*, NodeState&) { return nullptr; }
StorageModule* make_storage(void*, NodeState&, const shoal_storage*) {
  return nullptr;
}

TEST(BuiltIn, StorageAndPeersBringProgramsThatAreChecked) {
  constexpr Modules linked = built_in(modules_with<OpCode::kAdd>(make_link));
  EXPECT_EQ(linked.checks.record, check_stage);
  EXPECT_EQ(linked.checks.streams, check_streams);
  constexpr Modules stored =
      built_in(modules_with<OpCode::kAdd>(make_storage, nullptr));
  EXPECT_EQ(stored.checks.head, check_head);
  EXPECT_EQ(stored.checks.kinds[static_cast<int>(OpCode::kAdd) - 1], check_add);
}

TEST(BuiltIn, AProgramRuns) {
  Sample sample = two_stage_sample();
  const RunResult result = run(sample.program.build(), sample);
  EXPECT_EQ(result.status, Status::kOk);
  ASSERT_EQ(result.outputs.size(), 1u);
  EXPECT_EQ(result.outputs[0].size(), 4u);
}

TEST(BuiltIn, OneFlippedBitAnywhereIsRefused) {
  Sample sample = two_stage_sample();
  const Bytes image = sample.program.build();
  for (size_t n = 0; n < image.size(); ++n) {
    Bytes flipped = image;
    flipped[n] ^= static_cast<uint8_t>(1 << n % 8);
    ASSERT_TRUE(failed(run(flipped, sample).status)) << n;
  }
}

TEST(BuiltIn, CutAtEveryByteIsRefused) {
  Sample sample = two_stage_sample();
  const Bytes image = sample.program.build();
  for (size_t n = 0; n < image.size(); ++n) {
    const Bytes cut(image.begin(), image.begin() + static_cast<long>(n));
    ASSERT_TRUE(failed(run(cut, sample).status)) << n;
  }
}

// Its hash is that of all of its bytes, tags and weights included.
TEST(BuiltIn, AWrongHashIsRefusedWithItsName) {
  Sample sample = two_stage_sample();
  Bytes image = sample.program.build();
  image.back() ^= 1;
  EXPECT_EQ(run(image, sample).status, Status::kBadHash);
}

TEST(BuiltIn, WhatTheTableDoesNotNameIsRefused) {
  EXPECT_EQ(status_of(move_sample()), Status::kBadArithmetic);
}

TEST(BuiltIn, AnArenaThatIsTooSmallIsRefused) {
  Sample sample = two_stage_sample();
  RunOptions options;
  options.storage_delay = 0;
  options.arena_less = 1;
  const Bytes image = sample.program.build();
  EXPECT_EQ(run_program(image, sample.inputs, options).status,
            Status::kArenaTooSmall);
}

TEST(BuiltIn, WeightsThatPassThroughSramNeedStorage) {
  const Sample plain = two_stage_sample();
  Sample kept{in_sram(plain.program, true, true), plain.inputs};
  kept.program.copied = true;
  EXPECT_EQ(status_of(kept), Status::kStorage);
  const Sample tape{on_tape(plain.program, plain.inputs, true), plain.inputs};
  EXPECT_EQ(status_of(tape), Status::kStorage);
}

TEST(BuiltIn, PeersNeedALink) {
  LinkedPrograms programs = halo_sample().programs;
  link_programs(programs);
  DeafLink deaf;
  RunOptions options;
  options.link = &deaf.link;
  EXPECT_EQ(run_program(programs.nodes.at(0).build(), {}, options).status,
            Status::kBadArgument);
}

}  // namespace
}  // namespace shoal::test
