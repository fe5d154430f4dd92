// Rows that leave for storage and come back in later stages.
#include <gtest/gtest.h>

#include "device/runtime/testing/expect_program.h"
#include "device/runtime/testing/sample_programs.h"
#include "device/runtime/testing/sealed_twin.h"

namespace shoal::test {
namespace {

// The program without a storage: tensors stay in the arena.
Sample held_sample() {
  Sample s = spill_sample();
  StageSpec& first = s.program.stages[0];
  StageSpec& second = s.program.stages[1];
  StageSpec& third = s.program.stages[2];
  const auto hold = [](StageSpec& stage, int buffer, int64_t at, bool made) {
    BufferSpec& b = stage.buffers[size_t(buffer)];
    b.slots = b.rows, b.at = at;
    if (!made) b.flags = kBufferComplete;
  };
  hold(first, 1, 4096, true), hold(second, 0, 4096, false);
  hold(second, 1, 8192, true), hold(third, 0, 4096, false);
  hold(third, 1, 8192, false);
  for (StageSpec* stage : {&first, &second, &third}) {
    // Nobody refers to the ports of spills.
    std::vector<uint16_t> number;
    std::vector<StageSpec::Port> left;
    for (const StageSpec::Port& p : stage->ports) {
      number.push_back(uint16_t(left.size()));
      if (p.owner != PortOwner::kSpill) left.push_back(p);
    }
    for (ActorSpec& a : stage->actors) {
      for (uint16_t* p : {&a.r.in[0], &a.r.in[1], &a.r.out}) {
        if (*p != kNone) *p = number[*p];
      }
    }
    stage->ports = left;
    stage->spills.clear();
  }
  return s;
}

Bytes right_output() {
  Sample s = held_sample();
  const RunResult run = run_program(s.program.build(), s.inputs, {});
  EXPECT_EQ(run.status, Status::kOk);
  return run.outputs.at(0);
}

TEST(SpillPorts, GiveTheSameBytes) {
  const Bytes right = right_output();
  for (bool mapped : {true, false}) {
    for (uint32_t page : {128u, 144u, 256u, 512u}) {
      for (bool with_key : {false, true}) {
        for (int delay = 0; delay <= 3; delay += 3) {
          SCOPED_TRACE(testing::Message() << mapped << " " << page << " "
                                          << with_key << " " << delay);
          Sample s = spill_sample();
          s.program.page_bytes = page;
          if (!mapped) s.program = in_sram(s.program, false, false);
          RunOptions o;
          o.mapped = mapped, o.storage_delay = delay, o.frames = 3;
          o.spill_blocks = 40;
          Bytes image = s.program.build();
          if (with_key) {
            image = sealed(image);
            o.cipher = &chacha20_poly1305(), o.key = kNodeKey;
          }
          expect_run(image, s.inputs, {right}, o);
        }
      }
    }
  }
}

// Weights come from a tape in between.
TEST(SpillPorts, BesideATape) {
  const Bytes right = right_output();
  const Sample held = held_sample();
  Order order;
  RunOptions observed;
  ProgramBuilder p = held.program;
  observed.observer = [&](const Firing& f) { record_firing(p, f, order); };
  run_program(ProgramBuilder(p).build(), held.inputs, observed);
  for (bool mapped : {true, false}) {
    for (int delay = 0; delay <= 5; ++delay) {
      const Sample s = spill_sample();
      RunOptions o;
      o.mapped = o.mixed = mapped, o.storage_delay = delay, o.frames = 2;
      o.spill_blocks = 24;
      expect_run(on_tape(s.program, order, mapped).build(), s.inputs, {right},
                 o);
    }
  }
}

TEST(SpillPorts, CountWhatIsWritten) {
  const Sample s = spill_sample();
  RunOptions o;
  o.storage_delay = 0, o.spill_blocks = 200, o.frames = 2;
  const RunResult run =
      run_program(ProgramBuilder(s.program).build(), s.inputs, o);
  ASSERT_EQ(run.status, Status::kOk);
  // 2 tensors of 240 bytes in pages of 112, besides the ledger.
  EXPECT_GE(run.counters.written_bytes, 2u * 2 * 3 * 128);
  EXPECT_GE(run.counters.erases, 2u * 2 * 3);
}

TEST(SpillPorts, NeedAnAreaThatFits) {
  const Sample s = spill_sample();
  const Bytes image = ProgramBuilder(s.program).build();
  RunOptions o;
  o.storage_delay = 0;
  EXPECT_EQ(run_program(image, s.inputs, o).status, Status::kWrongStore);
  o.spill_blocks = 6;
  EXPECT_EQ(run_program(image, s.inputs, o).status, Status::kSpillFull);
  o.storage_delay = -1;
  EXPECT_EQ(run_program(image, s.inputs, o).status, Status::kStorage);
}

// Reads that fail or are wrong once are repeated; for good, the spill is named.
TEST(SpillPorts, StorageThatFails) {
  const Bytes right = right_output();
  const Sample s = spill_sample();
  const Bytes image = ProgramBuilder(s.program).build();
  RunOptions still;
  still.storage_delay = 0, still.spill_blocks = 40;
  const RunResult run = run_program(image, s.inputs, still);
  ASSERT_EQ(run.status, Status::kOk);
  for (int n = 0; n < run.reads; ++n) {
    RunOptions o = still;
    o.fail_at = n;
    const RunResult repaired = run_program(image, s.inputs, o);
    EXPECT_EQ(repaired.status, Status::kOk) << n;
    EXPECT_EQ(repaired.outputs.at(0), right) << n;
    o = still;
    o.flip_at = n, o.flip_times = 1 << 20;
    const RunResult wrong = run_program(image, s.inputs, o);
    EXPECT_TRUE(failed(wrong.status) || wrong.outputs.at(0) == right) << n;
    if (failed(wrong.status)) {
      EXPECT_EQ(wrong.fault.table, Table::kSpill) << n;
    }
  }
}

}  // namespace
}  // namespace shoal::test
