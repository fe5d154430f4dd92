// The Emcraft SmartFusion2 in QEMU: small networks, what its storage can hold
// instead of them, and the faults that end it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "device/program/record.h"
#include "host/base/error.h"
#include "host/engine/board/storage_image.h"
#include "host/engine/common/frame.h"
#include "host/engine/common/prepare.h"
#include "host/engine/common/trace_collector.h"
#include "host/model/import/import.h"
#include "host/oracle/int8/oracle.h"
#include "tests/board_emulated.h"
#include "tests/random_net.h"
#include "tests/signal_model.h"

namespace shoal {
namespace {

struct Job {
  Prepared p;
  std::vector<uint8_t> input, storage;
};

Job make_job(const std::vector<uint8_t>& file, uint32_t seed,
             const char* board = "emcraft-sf2") {
  Job job;
  Graph graph = import_tflite(file, "random");
  std::mt19937 random(seed);
  job.input = random_input(graph, random);
  PlanRequest request = one_node(find_board(board));
  request.objective = Objective::kRam;
  job.p = prepare(std::move(graph), request);
  job.storage = storage_image(board, job.p.images[0],
                              {frame_rows(job.p.graph, job.p.net, job.input)},
                              int64_t{1} << 24);
  return job;
}

Job make_job(const NetRecipe& recipe) {
  return make_job(random_model(recipe), recipe.seed);
}

// Runs it and returns what goes wrong, "" if nothing does.
std::string complaint(const EmulateOptions& options,
                      const std::vector<uint8_t>& storage, Exit code) {
  try {
    emulate(options, storage);
    return "";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), code) << e.what();
    return e.what();
  }
}

void expect_in(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos)
      << "'" << part << "' is not in: " << text;
}

TEST(BoardBoot, RandomNetworksAreExactAtEveryLayer) {
  for (uint32_t seed = 101; seed <= 112; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Job job = make_job(random_recipe(seed));
    TraceCollector trace(job.p.graph, job.p.net, job.p.plan);
    const Emulated e = emulate(emulated_board(trace.observer()), job.storage);
    const Values oracle = run_oracle(job.p.graph, job.input);
    EXPECT_EQ(file_outputs(job.p.graph, job.p.net, e.outputs.at(0)),
              model_output(job.p.graph, oracle));
    const Values traced = trace.values(job.input);
    for (const Op& op : job.p.graph.ops) {
      for (const int t : op.outputs) {
        EXPECT_EQ(traced[static_cast<size_t>(t)],
                  oracle[static_cast<size_t>(t)])
            << "tensor " << t;
      }
    }
    EXPECT_EQ(e.end.arena_bytes, job.p.plan.nodes[0].arena_bytes);
  }
}

// The signal has more rows than 16 bits count, and a stride and a dilation
// beyond 8 bits.
TEST(BoardBoot, LongSignalsAreExact) {
  const Signal signal{
      .samples = 70001, .stride = 256, .dilation = 300, .pool = 4};
  const Job job = make_job(SignalModel(signal).file(), 49);
  const Emulated e = emulate(emulated_board(), job.storage);
  EXPECT_EQ(file_outputs(job.p.graph, job.p.net, e.outputs.at(0)),
            model_output(job.p.graph, run_oracle(job.p.graph, job.input)));
}

// The clock counts instructions: the same in every run except for the moments
// in which the console is waited for, a tick at a time.
TEST(BoardBoot, InstructionsAreTheSameInEveryRun) {
  const Job job = make_job({103, 5});
  const Emulated a = emulate(emulated_board(), job.storage);
  const Emulated b = emulate(emulated_board(), job.storage);
  EXPECT_GT(a.frame_instructions, 1000);
  const auto close = [](int64_t x, int64_t y) {
    return std::abs(x - y) <= 64 + x / 10000;
  };
  EXPECT_TRUE(close(a.load_instructions, b.load_instructions))
      << a.load_instructions << " and " << b.load_instructions;
  EXPECT_TRUE(close(a.frame_instructions, b.frame_instructions))
      << a.frame_instructions << " and " << b.frame_instructions;
  int64_t sum = 0;
  for (const auto& [layer, count] : a.layers) sum += count.instructions;
  EXPECT_TRUE(close(a.frame_instructions, sum)) << sum;
}

TEST(BoardBoot, ASecondCoreThatDoesNotStartIsReported) {
  const NetRecipe recipe = random_recipe(101);
  const Job job = make_job(random_model(recipe), recipe.seed, "mps2-an521");
  EmulateOptions options = emulated_board({}, "mps2-an521");
  const Emulated both = emulate(options, job.storage);
  EXPECT_TRUE(both.said.empty());
  options.command = "test=core";
  const Emulated one = emulate(options, job.storage);
  EXPECT_EQ(one.said, std::vector<std::string>{
                          "one core: the second core does not answer"});
  EXPECT_EQ(one.outputs, both.outputs);
}

TEST(BoardBoot, StorageThatHoldsNothing) {
  for (const uint8_t byte : {0x00, 0xFF}) {
    const std::vector<uint8_t> empty(4096, byte);
    expect_in(complaint(emulated_board(), empty, Exit::kCorrupt),
              "emcraft-sf2: the storage holds nothing");
  }
}

TEST(BoardBoot, StorageOfAnotherBoard) {
  const Job job = make_job({104, 3});
  const auto storage =
      storage_image("lm3s6965evb", job.p.images[0], {}, int64_t{1} << 24);
  expect_in(complaint(emulated_board(), storage, Exit::kCorrupt),
            "made for board lm3s6965evb, not for emcraft-sf2");
}

TEST(BoardBoot, FlippedBitsAreReportedByName) {
  const Job job = make_job({103, 5});
  const Directory d = directory_of(job.storage);
  const HeadView head = view_head(job.p.images[0].data());
  const StageEntry record = head.stages[0];
  const StageView stage = view_stage(job.p.images[0].data() + record.offset);
  ASSERT_GT(stage.header->chunks, 0);
  const struct {
    uint32_t offset;
    const char* says;
  } flips[] = {
      {24, "the tag of the storage's directory does not match"},
      {d.program, "the program is not a shoal program"},
      {d.program + 28, "the header was changed in storage"},
      {d.program + record.offset + 40,
       "stage 0, the record was changed in storage"},
      {d.program + stage.chunks[0].offset + 5,
       "stage 0, chunk 0 was changed in storage"},
  };
  for (const auto& flip : flips) {
    std::vector<uint8_t> bad = job.storage;
    bad[flip.offset] = static_cast<uint8_t>(bad[flip.offset] ^ 2);
    expect_in(complaint(emulated_board(), bad, Exit::kCorrupt), flip.says);
  }
}

TEST(BoardBoot, StorageIsErasedAndWritten) {
  EmulateOptions options = emulated_board();
  options.command = "test=storage sizes";
  EXPECT_EQ(emulate(options, std::vector<uint8_t>(64)).end.frames, 0u);
}

TEST(BoardBoot, StackOverflowHitsTheGuard) {
  EmulateOptions options = emulated_board();
  options.command = "test=stack";
  const std::string text =
      complaint(options, std::vector<uint8_t>(64), Exit::kNode);
  expect_in(text, "emcraft-sf2: stack overflow");
  // The guard, which is the KB below SRAM, and not the bus.
  expect_in(text, "address 0x1fff");
  expect_in(text, "CFSR 0x0000009");
}

TEST(BoardBoot, MemoryBehindTheEndFaults) {
  EmulateOptions options = emulated_board();
  options.command = "test=memory";
  const std::string text =
      complaint(options, std::vector<uint8_t>(64), Exit::kNode);
  expect_in(text, "a memory fault at pc 0x0000");  // the MPU is first
  expect_in(text, "address 0x20010000");
}

TEST(BoardBoot, ABoardThatHangsIsEnded) {
  EmulateOptions options = emulated_board();
  options.command = "test=hang";
  options.seconds = 1;
  expect_in(complaint(options, std::vector<uint8_t>(64), Exit::kNode),
            "emcraft-sf2 did not end within 1 s");
}

TEST(BoardBoot, WithoutFirmwareTheWayToItIsNamed) {
  EmulateOptions options = emulated_board();
  options.firmware = options.firmware / "nowhere";
  try {
    emulate(options, std::vector<uint8_t>(64));
    FAIL() << "it ran";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kInternal);
    expect_in(e.fix(), "tools/setup.sh tests");
  }
}

}  // namespace
}  // namespace shoal
