// Weights in SRAM: what is read when, and who waits for what.
#include <gtest/gtest.h>

#include "device/runtime/testing/expect_program.h"
#include "device/runtime/testing/sample_programs.h"

namespace shoal::test {
namespace {

// Three convolutions, one behind the other, in rings.
Sample chain() {
  Random r(4);
  const Tensor x = random_tensor(r, 8, 4, 6);
  StageSpec s;
  int at = s.buffer(x.buffer(2));
  s.input(at, 0);
  for (int i = 0; i < 3; ++i) {
    const Filter f = random_filter(r, OpCode::kConv, 6, 6, 1, 1, 1);
    const int out = s.buffer(BufferSpec{8, 4, 6, 1});
    s.actors.push_back(actor_of(f, s.read(at), s.write(out)));
    s.actors.back().r.layer = uint16_t(i);
    at = out;
  }
  s.output(at, 0);
  Sample sample;
  sample.program.stages = {s};
  sample.inputs = {x.bytes()};
  return sample;
}

uint64_t bytes_read(const Sample& s, bool keep, bool mapped, int frames) {
  RunOptions o;
  o.mapped = o.mixed = mapped, o.storage_delay = 0, o.frames = frames;
  const RunResult run =
      run_program(in_sram(s.program, keep, mapped).build(), s.inputs, o);
  EXPECT_EQ(run.status, Status::kOk);
  EXPECT_EQ(run.counters.retries, 0u);
  EXPECT_EQ(run.counters.writes + run.counters.erases, 0u);
  return run.counters.read_bytes;
}

TEST(StoredWeights, SetsAreReadOnceAStageOrOnce) {
  for (bool mapped : {true, false}) {
    for (const Sample& s : {chain(), two_stage_sample(), loop_sample()}) {
      Bytes image = in_sram(s.program, true, mapped).build();
      uint64_t all = 0;
      const HeadView head = view_head(image.data());
      uint64_t records = 0;
      for (uint32_t i = 0; i < head.header->stages; ++i) {
        const StageEntry& e = head.stages[i];
        const StageView stage = view_stage(image.data() + e.offset);
        records += e.bytes;
        for (uint32_t c = 0; c < stage.header->chunks; ++c) {
          all += stage.chunks[c].bytes + kTagBytes;
        }
      }
      // The record of the only stage is read once.
      if (mapped || head.header->stages == 1) records = 0;
      const uint64_t one = bytes_read(s, true, mapped, 1);
      EXPECT_EQ(bytes_read(s, true, mapped, 3), one + 2 * records);
      const uint64_t each = bytes_read(s, false, mapped, 1);
      const uint64_t three = bytes_read(s, false, mapped, 3);
      // The stage behind the last frame has begun, too.
      EXPECT_GE(three, each + 2 * (all + records));
      EXPECT_LE(three, each + 3 * (all + records));
    }
  }
}

TEST(StoredWeights, AreAllThereOrRefused) {
  for (bool keep : {false, true}) {
    const Bytes image = in_sram(chain().program, keep, true).build();
    AlignedBytes memory(image);
    const auto* head = reinterpret_cast<const Header*>(image.data());
    Arena arena(head->arena_bytes);
    const auto opened = [&](uint32_t mapped, uint32_t stored, bool with) {
      SlowStorage slow(image, 0);
      const shoal_storage storage = slow.interface();
      shoal_config config{};
      config.image = memory.data(), config.image_bytes = mapped;
      config.storage = with ? &storage : nullptr;
      config.storage_bytes = stored;
      shoal_node node;
      return Status(
          shoal_open(&node, &config, arena.data(), head->arena_bytes));
    };
    const uint32_t program = head->program_bytes, all = head->image_bytes;
    EXPECT_FALSE(failed(opened(program, all, true)));
    EXPECT_FALSE(failed(opened(all, all + 1, true)));
    EXPECT_EQ(opened(program - 1, all, true), Status::kTooShort);
    EXPECT_EQ(opened(program, all - 1, true), Status::kTooShort);
    EXPECT_EQ(opened(program, 0, true), Status::kTooShort);
    EXPECT_EQ(opened(program, all, false), Status::kStorage);
  }
}

// The first layer fires as soon as its own weights are there.
TEST(StoredWeights, AnActorWaitsForItsOwnSetAlone) {
  const Sample s = chain();
  const Bytes image = in_sram(s.program, false, true).build();
  AlignedBytes memory(image);
  const auto* head = reinterpret_cast<const Header*>(image.data());
  SlowStorage slow(image, 200);
  const shoal_storage storage = slow.interface();
  Arena arena(head->arena_bytes);
  shoal_config config{};
  config.image = memory.data();
  config.image_bytes = head->program_bytes;
  config.storage = &storage;
  config.storage_bytes = uint32_t(image.size());
  auto node = std::make_unique<shoal_node>();
  ASSERT_EQ(shoal_open(node.get(), &config, arena.data(), head->arena_bytes),
            SHOAL_OK);
  uint32_t pushed = 0;
  std::vector<uint64_t> reads;  // when a layer fired first
  const uint32_t row = 4 * 6;
  while (reads.size() < 3) {
    if (pushed < 8) {
      pushed += shoal_push_rows(node.get(), 0,
                                s.inputs[0].data() + pushed * row, 8 - pushed);
    }
    ASSERT_GE(shoal_step(node.get()), SHOAL_OK);
    if (shoal_last_layer(node.get()) == reads.size()) {
      reads.push_back(shoal_read_counters(node.get()).storage.reads);
    }
  }
  // One is read while the one before it is used.
  EXPECT_EQ(reads, (std::vector<uint64_t>{2, 3, 3}));
  EXPECT_GT(shoal_read_counters(node.get()).storage.waits, 0u);
}

}  // namespace
}  // namespace shoal::test
