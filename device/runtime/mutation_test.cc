// Programs that are not what they were: cut, flipped, or changed in one field
// and sealed again so that only the structural checks stand in the way.
#include <gtest/gtest.h>

#include <cstdio>

#include "device/program/testing/seal_image.h"
#include "device/runtime/testing/cluster.h"
#include "device/runtime/testing/hostile_session.h"
#include "device/runtime/testing/linked_samples.h"
#include "device/runtime/testing/sample_programs.h"

namespace shoal::test {
namespace {

TEST(Mutation, TheSamplesRun) {
  for (const Sample& s : sample_programs()) {
    RunOptions o;
    o.mapped = s.program.mapped;
    o.storage_delay = 1;
    o.frames = 2;
    ProgramBuilder p = s.program;
    const RunResult run = run_program(p.build(), s.inputs, o);
    EXPECT_EQ(run.status, Status::kOk)
        << int(run.fault.table) << " " << run.fault.index << " "
        << run.fault.check;
  }
}

TEST(Mutation, CutAtEveryByteIsRefused) {
  for (const Sample& s : sample_programs()) {
    ProgramBuilder p = s.program;
    const Bytes image = p.build();
    for (size_t n = 0; n < image.size(); ++n) {
      const Bytes cut(image.begin(), image.begin() + long(n));
      const Status status = try_image(cut, p.mapped).status;
      ASSERT_TRUE(failed(status)) << n << " of " << image.size();
    }
  }
}

TEST(Mutation, OneFlippedBitAnywhereIsRefused) {
  for (const Sample& s : sample_programs()) {
    ProgramBuilder p = s.program;
    const Bytes image = p.build();
    RunOptions o;
    o.mapped = p.mapped, o.storage_delay = 1;
    const RunResult right = run_program(image, s.inputs, o);
    for (size_t n = 0; n < image.size(); ++n) {
      Bytes flipped = image;
      flipped[n] ^= uint8_t(1 << n % 8);
      if (p.mapped) {
        const Status status = try_image(flipped, true).status;
        ASSERT_TRUE(failed(status)) << n;
        continue;
      }
      // Without the whole image there is no hash; tags cover all but the
      // padding between chunks, which is never looked at.
      const RunResult run = run_program(flipped, s.inputs, o);
      ASSERT_NE(run.status, Status::kWait) << n;
      if (run.status == Status::kOk) {
        ASSERT_EQ(run.outputs, right.outputs) << n;
      }
    }
  }
}

// A number that a field may be confused by.
uint32_t odd_value(Random& r, uint32_t old) {
  switch (uniform(r, 0, 7)) {
    case 0:
      return 0;
    case 1:
      return 0xFFFFFFFF;
    case 2:
      return old + 1;
    case 3:
      return old - 1;
    case 4:
      return old ^ (1u << uniform(r, 0, 31));
    case 5:
      return uint32_t(uniform(r, 0, 40));
    case 6:
      return old * 2;
    default:
      return r();
  }
}

// Changes up to three fields of the head (not its magic) or of the records.
Bytes mutate(const Bytes& image, Random& r) {
  Bytes m = image;
  const HeadView head = view_head(m.data());
  const int count = uniform(r, 1, 3);
  const uint32_t stages = head.header->stages;
  for (int i = 0; i < count; ++i) {
    uint32_t lo = 8, hi = head.header->head_bytes - kTagBytes;
    const int where = uniform(r, 0, 9);
    if (where > 0) {
      const HeadView old = view_head(image.data());
      const StageEntry e = old.stages[r() % stages];
      lo = e.offset, hi = e.offset + e.bytes - kTagBytes;
    } else {
      hi = std::min<uint32_t>(hi, uint32_t(m.size()));
    }
    const uint32_t bytes = 1u << uniform(r, 0, 2);
    const uint32_t at = (lo + r() % (hi - lo)) / bytes * bytes;
    uint32_t v = 0;
    std::memcpy(&v, m.data() + at, bytes);
    v = odd_value(r, v);
    std::memcpy(m.data() + at, &v, bytes);
  }
  return m;
}

TEST(Mutation, ChangedFieldsAreRefusedOrStayInsideTheArena) {
  const unsigned seed = 2101;
  std::printf("seed %u\n", seed);
  Random r(seed);
  int refused = 0, ran = 0, waited = 0, sealed = 0;
  for (const Sample& s : all_samples()) {
    ProgramBuilder p = s.program;
    const Bytes image = p.build();
    for (int i = 0; i < 900; ++i) {
      AlignedBytes m(mutate(image, r));
      seal_image(m.data(), m.size());
      const RunResult run = try_image(m.bytes(), p.mapped);
      ++(run.status == Status::kOk     ? ran
         : run.status == Status::kWait ? waited
                                       : refused);
      sealed += run.status != Status::kBadHash && run.status != Status::kBadTag;
    }
  }
  std::printf("refused %d, ran to the end %d, waited %d\n", refused, ran,
              waited);
  // Tags that lie on one another cannot all be right.
  EXPECT_GT(sealed, 16000);
  EXPECT_GT(refused, 3000);
  EXPECT_GT(ran, 500);
}

std::vector<uint32_t> output_bytes(const LinkedSample& s) {
  std::vector<uint32_t> bytes;
  for (const auto& frames : s.wanted) {
    bytes.push_back(uint32_t(frames[0].size()));
  }
  return bytes;
}

// One node of several is not what the others think.
TEST(Mutation, ChangedFieldsOfLinkedProgramsStayInsideTheArena) {
  const unsigned seed = 2102;
  std::printf("seed %u\n", seed);
  Random r(seed);
  int refused = 0, ran = 0, waited = 0;
  for (const LinkedSample& s : linked_samples()) {
    for (int i = 0; i < 800; ++i) {
      ClusterOptions o;
      o.seed = unsigned(i), o.frames = 2, o.max_steps = 3000;
      o.max_payload = i % 2 ? 96 : 1472;
      const int victim = uniform(r, 0, int(s.programs.nodes.size()) - 1);
      o.change = [&](uint16_t node, AlignedBytes& image) {
        if (node != victim) return;
        const Bytes m = mutate(image.bytes(), r);
        std::memcpy(image.data(), m.data(), m.size());
        seal_image(image.data(), image.size());
      };
      const ClusterResult run =
          run_cluster(s.programs, s.inputs, output_bytes(s), o);
      ASSERT_FALSE(run.spilled) << s.name << " " << i;
      ++(run.status == Status::kOk     ? ran
         : run.status == Status::kWait ? waited
                                       : refused);
    }
  }
  std::printf("refused %d, ran to the end %d, waited %d\n", refused, ran,
              waited);
  EXPECT_GT(refused, 1500);
  EXPECT_GT(ran, 100);
  EXPECT_GT(waited, 20);
}

TEST(Mutation, OneFlippedBitOfALinkedProgramIsRefused) {
  for (const LinkedSample& s : linked_samples()) {
    LinkedPrograms programs = s.programs;
    link_programs(programs);
    const Bytes image = programs.nodes[0].build();
    for (size_t n = 0; n < image.size(); ++n) {
      Bytes flipped = image;
      flipped[n] ^= uint8_t(1 << n % 8);
      const Status status = try_image(flipped, true).status;
      ASSERT_TRUE(failed(status)) << n;
    }
  }
}

TEST(Mutation, PeersThatSendAnythingHurtNobody) {
  const unsigned seed = 2103;
  std::printf("seed %u\n", seed);
  Random r(seed);
  uint64_t received = 0, malformed = 0, placed = 0, rows = 0;
  for (int i = 0; i < 3000; ++i) {
    Bytes session = random_session(r);
    for (int k = i % 5; k > 0; --k)
      session[r() % session.size()] ^= 1 << r() % 8;
    const shoal_link_counters c = try_session(session);
    received += c.received, malformed += c.malformed;
    placed += c.placed_bytes, rows += c.row_bytes;
  }
  std::printf(
      "%d datagrams received, %d malformed; rows placed %d B, sent %d B\n",
      int(received), int(malformed), int(placed), int(rows));
  EXPECT_GT(received, 20000u);
  EXPECT_GT(malformed, 1000u);
  EXPECT_GT(placed, 50000u);
  EXPECT_GT(rows, 3000u);
}

// A read that fails or is wrong once is repeated, and nothing shows; one that
// stays so is an error.
TEST(Mutation, StorageThatFailsOrLies) {
  for (const Sample& s : stored_samples()) {
    ProgramBuilder p = s.program;
    const Bytes image = p.build();
    RunOptions still;
    still.mapped = still.mixed = p.mapped, still.storage_delay = 2;
    const RunResult right = run_program(image, s.inputs, still);
    ASSERT_EQ(right.status, Status::kOk);
    ASSERT_GE(right.reads, 2);
    int chunks = 0;
    for (int n = 0; n < right.reads; ++n) {
      for (int times : {1, 1 << 20}) {
        RunOptions o = still;
        o.fail_at = n, o.fail_times = times;
        const RunResult failed = run_program(image, s.inputs, o);
        o.fail_at = -1, o.flip_at = n, o.flip_times = times;
        const RunResult flipped = run_program(image, s.inputs, o);
        if (times == 1) {
          EXPECT_EQ(failed.status, Status::kOk) << n;
          EXPECT_EQ(failed.outputs, right.outputs) << n;
          EXPECT_EQ(failed.counters.retries, 1u) << n;
          EXPECT_EQ(flipped.status, Status::kOk) << n;
          EXPECT_EQ(flipped.outputs, right.outputs) << n;
        } else {
          EXPECT_EQ(failed.status, Status::kStorage) << n;
          const bool chunk = failed.fault.table == Table::kChunk;
          EXPECT_EQ(failed.fault.layer != kNone, chunk) << n;
          chunks += chunk;
          EXPECT_TRUE(shoal::failed(flipped.status)) << n;
        }
      }
      RunOptions o = still;
      o.refuse_at = n;
      EXPECT_EQ(run_program(image, s.inputs, o).status, Status::kStorage) << n;
    }
    EXPECT_GT(chunks, 0);
  }
}

}  // namespace
}  // namespace shoal::test
