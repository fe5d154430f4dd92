// Programs with weights of four bits: they compute what their twins with eight
// bits do, wherever the weights lie, and wrong ones are refused.
#include <gtest/gtest.h>

#include "device/runtime/testing/int4_twin.h"
#include "device/runtime/testing/sample_programs.h"
#include "device/runtime/testing/tape_twin.h"

namespace shoal::test {
namespace {

RunResult run(Sample s) {
  RunOptions options;
  options.mapped = s.program.mapped;
  options.storage_delay = 0;
  return run_program(s.program.build(), s.inputs, options);
}

size_t packed_bytes(const ProgramBuilder& p) {
  size_t bytes = 0;
  for (const StageSpec& s : p.stages) {
    for (const ActorSpec& a : s.actors) {
      for (const ChunkSpec& c : a.chunks) bytes += c.bytes.size();
    }
  }
  return bytes;
}

TEST(Int4Programs, ComputeWhatTheirTwinsDo) {
  for (const Sample& s : {two_stage_sample(), loop_sample()}) {
    const RunResult wanted = run({with_low_bits(s.program), s.inputs});
    ASSERT_EQ(wanted.status, Status::kOk);
    for (const uint32_t room : {128u, 512u, 4096u}) {
      const ProgramBuilder packed = in_int4(s.program, room);
      const RunResult mapped = run({packed, s.inputs});
      EXPECT_EQ(mapped.status, Status::kOk) << mapped.fault.check;
      EXPECT_EQ(mapped.outputs, wanted.outputs);
      ProgramBuilder copied = in_sram(packed, true, true);
      copied.copied = true;
      EXPECT_EQ(run({copied, s.inputs}).outputs, wanted.outputs);
      EXPECT_LT(packed_bytes(packed), packed_bytes(s.program));
    }
  }
}

TEST(Int4Programs, ReadTheirWeightsFromATape) {
  const Sample s = two_stage_sample();
  const RunResult wanted = run({with_low_bits(s.program), s.inputs});
  for (const bool mapped : {true, false}) {
    const ProgramBuilder packed = in_int4(s.program, 128);
    const Sample tape{on_tape(packed, s.inputs, mapped), s.inputs};
    const RunResult result = run(tape);
    EXPECT_EQ(result.status, Status::kOk) << result.fault.check;
    EXPECT_EQ(result.outputs, wanted.outputs);
  }
}

}  // namespace
}  // namespace shoal::test
