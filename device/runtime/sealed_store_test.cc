// Stores that are sealed with a key: what is in them is computed with, or
// refused by its stage, chunk and layer.
#include <gtest/gtest.h>

#include "device/runtime/testing/sample_programs.h"
#include "device/runtime/testing/sealed_twin.h"

namespace shoal::test {
namespace {

RunOptions options_of(const Sample& s) {
  RunOptions o;
  o.mapped = o.mixed = s.program.mapped, o.storage_delay = 1;
  o.cipher = &chacha20_poly1305(), o.key = kNodeKey;
  o.frames = 2;
  return o;
}

RunResult run_plain(const Sample& s) {
  RunOptions o = options_of(s);
  o.cipher = nullptr, o.key = nullptr;
  return run_program(ProgramBuilder(s.program).build(), s.inputs, o);
}

TEST(SealedStore, GivesTheSameBytes) {
  for (const Sample& s : stored_samples()) {
    const RunResult right = run_plain(s);
    ASSERT_EQ(right.status, Status::kOk);
    const Bytes image = sealed(ProgramBuilder(s.program).build());
    const RunResult run = run_program(image, s.inputs, options_of(s));
    ASSERT_EQ(run.status, Status::kOk);
    EXPECT_EQ(run.outputs, right.outputs);
    EXPECT_GT(run.counters.checked_bytes, 0u);
    EXPECT_EQ(run.counters.checked_bytes, right.counters.checked_bytes);
    EXPECT_EQ(run.counters.read_bytes, right.counters.read_bytes);
  }
}

TEST(SealedStore, NeedsItsKey) {
  for (const Sample& s : stored_samples()) {
    const Bytes plain = ProgramBuilder(s.program).build();
    const Bytes image = sealed(plain);
    RunOptions o = options_of(s);
    o.cipher = nullptr, o.key = nullptr;
    EXPECT_EQ(run_program(image, s.inputs, o).status, Status::kNoKey);
    o = options_of(s);
    EXPECT_EQ(run_program(plain, s.inputs, o).status, Status::kNotSealed);
    const uint8_t other[kStoreKeyBytes] = {9, 8, 7, 6, 4};
    o.key = other;
    const RunResult run = run_program(image, s.inputs, o);
    EXPECT_EQ(run.status, Status::kBadTag);
    o.key = nullptr;
    EXPECT_EQ(run_program(image, s.inputs, o).status, Status::kBadArgument);
    o = options_of(s);
    o.cipher = &checksum_only();
    EXPECT_EQ(run_program(image, s.inputs, o).status, Status::kBadArgument);
  }
}

TEST(SealedStore, IsOfItsProgram) {
  for (const Sample& s : stored_samples()) {
    const Bytes image = sealed(ProgramBuilder(s.program).build());
    Header h;
    std::memcpy(&h, image.data(), sizeof h);
    RunOptions o = options_of(s);
    o.store_id = h.store_id;
    EXPECT_EQ(run_program(image, s.inputs, o).status, Status::kOk);
    uint8_t other[16] = {};
    o.store_id = other;
    EXPECT_EQ(run_program(image, s.inputs, o).status, Status::kWrongStore);
  }
}

struct Place {
  uint16_t stage, index;
  ChunkRecord chunk;
};

std::vector<Place> stored_chunks(const Bytes& image) {
  std::vector<Place> all;
  const HeadView head = view_head(image.data());
  for (uint16_t s = 0; s < head.header->stages; ++s) {
    const StageView stage = view_stage(image.data() + head.stages[s].offset);
    for (uint16_t c = 0; c < stage.header->chunks; ++c) {
      if (stage.chunks[c].offset < head.header->program_bytes) continue;
      all.push_back({s, c, stage.chunks[c]});
    }
  }
  return all;
}

void expect_refused(const Sample& s, const Bytes& image, const Place& at,
                    int line = __builtin_LINE()) {
  SCOPED_TRACE(line);
  const auto& actors = s.program.stages[at.stage].actors;
  uint16_t last = kNone;
  RunOptions o = options_of(s);
  const FiringObserver observer = [&](const Firing& f) {
    if (f.stage == at.stage) last = f.actor;
  };
  o.observer = observer;
  const RunResult run = run_program(image, s.inputs, o);
  EXPECT_EQ(run.status, Status::kBadTag);
  EXPECT_EQ(run.fault.table, Table::kChunk);
  EXPECT_EQ(run.fault.stage, at.stage);
  EXPECT_EQ(run.fault.index, at.index);
  // In loops parts of a band were made with chunks before it.
  ASSERT_LT(run.fault.layer, actors.size());
  if (actors[run.fault.layer].r.loop == kNone) {
    EXPECT_NE(last, run.fault.layer);
  }
}

void copy_chunk(const Bytes& from, const ChunkRecord& a, Bytes& to,
                const ChunkRecord& b) {
  std::memcpy(to.data() + b.offset, from.data() + a.offset,
              a.bytes + kTagBytes);
}

// A chunk that is flipped, cut, of another place or of another generation is
// refused by its name; with weights that it replaces nothing was computed.
TEST(SealedStore, EveryChunkThatIsNotRightIsRefused) {
  int swapped = 0;
  for (Sample s : stored_samples()) {
    for (StageSpec& stage : s.program.stages) {
      uint16_t layer = 0;
      for (ActorSpec& a : stage.actors) a.r.layer = layer++;
    }
    const Bytes image = sealed(ProgramBuilder(s.program).build());
    ProgramBuilder older = s.program;
    --older.generation;
    const Bytes old = sealed(older.build());
    const std::vector<Place> all = stored_chunks(image);
    for (const Place& p : all) {
      for (uint32_t at : {0u, p.chunk.bytes - 1, p.chunk.bytes + 15}) {
        Bytes flipped = image;
        flipped[p.chunk.offset + at] ^= 0x10;
        expect_refused(s, flipped, p);
      }
      Bytes cut = image;
      std::memset(cut.data() + p.chunk.offset + p.chunk.bytes / 2, 0,
                  p.chunk.bytes + kTagBytes - p.chunk.bytes / 2);
      expect_refused(s, cut, p);
      Bytes replayed = image;
      copy_chunk(old, p.chunk, replayed, p.chunk);
      expect_refused(s, replayed, p);
      for (const Place& q : all) {
        if (q.chunk.offset == p.chunk.offset) continue;
        if (q.chunk.bytes != p.chunk.bytes) continue;
        Bytes moved = image;
        copy_chunk(image, q.chunk, moved, p.chunk);
        expect_refused(s, moved, p);
        ++swapped;
      }
    }
  }
  EXPECT_GT(swapped, 0);
}

// In images that are not mapped, the head and the records have tags that only
// the key gives.
TEST(SealedStore, ForgedRecordsAreRefused) {
  for (const Sample& s : stored_samples()) {
    if (s.program.mapped) continue;
    const Bytes image = sealed(ProgramBuilder(s.program).build());
    Bytes forged = image;
    seal_image(forged.data(), static_cast<uint32_t>(forged.size()));
    EXPECT_EQ(run_program(forged, s.inputs, options_of(s)).status,
              Status::kBadTag);
    const HeadView head = view_head(image.data());
    for (uint16_t i = 0; i < head.header->stages; ++i) {
      const StageEntry& e = head.stages[i];
      Bytes record = image;
      std::memcpy(record.data() + e.offset, forged.data() + e.offset, e.bytes);
      const RunResult run = run_program(record, s.inputs, options_of(s));
      EXPECT_EQ(run.status, Status::kBadTag);
      EXPECT_EQ(run.fault.table, Table::kStage);
      EXPECT_EQ(run.fault.stage, i);
    }
  }
}

TEST(SealedStore, ReadsThatAreWrongOnceAreRepeated) {
  for (const Sample& s : stored_samples()) {
    const Bytes image = sealed(ProgramBuilder(s.program).build());
    const RunResult right = run_program(image, s.inputs, options_of(s));
    for (int n = 0; n < right.reads; ++n) {
      RunOptions o = options_of(s);
      o.flip_at = n;
      const RunResult run = run_program(image, s.inputs, o);
      ASSERT_EQ(run.status, Status::kOk) << n;
      EXPECT_EQ(run.outputs, right.outputs) << n;
    }
  }
}

}  // namespace
}  // namespace shoal::test
