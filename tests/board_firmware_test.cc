// The firmware of all boards, on this computer: random networks from storage
// to console, every read that fails, every bit of the storage that flips.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "boards/firmware/firmware.h"
#include "device/program/record.h"
#include "host/base/error.h"
#include "host/board/board.h"
#include "host/engine/board/emulate.h"
#include "host/engine/board/storage_image.h"
#include "host/engine/common/frame.h"
#include "host/engine/common/prepare.h"
#include "host/engine/common/trace_collector.h"
#include "host/model/import/import.h"
#include "host/oracle/int8/oracle.h"
#include "tests/played_board.h"
#include "tests/random_net.h"

namespace shoal {
namespace {

const Board& board() { return find_board("emcraft-sf2"); }

// A random network, planned for the board, with frames and what they give.
struct Job {
  Prepared p;
  std::vector<std::vector<uint8_t>> inputs;
  std::vector<uint8_t> storage;
  uint32_t arena() const { return p.plan.nodes[0].arena_bytes; }
};

Job make_job(NetRecipe recipe, Objective objective, int frames) {
  Job job;
  Graph graph = import_tflite(random_model(recipe), "random");
  std::mt19937 random(recipe.seed);
  for (int f = 0; f < frames; ++f) {
    job.inputs.push_back(random_input(graph, random));
  }
  PlanRequest request = one_node(board());
  request.objective = objective;
  job.p = prepare(std::move(graph), request);
  std::vector<std::vector<uint8_t>> rows;
  for (const auto& input : job.inputs) {
    rows.push_back(frame_rows(job.p.graph, job.p.net, input));
  }
  job.storage =
      storage_image(board().name, job.p.images[0], rows, int64_t{1} << 24);
  return job;
}

std::vector<uint8_t> output_of(const Job& job, const Listener& said,
                               size_t frame) {
  return file_outputs(job.p.graph, job.p.net, said.result().outputs.at(frame));
}

TEST(BoardFirmware, RandomNetworksGiveTheOraclesOutputs) {
  for (uint32_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const auto objective = seed % 2 ? Objective::kRam : Objective::kLatency;
    const Job job = make_job(random_recipe(seed), objective, 2);
    TraceCollector trace(job.p.graph, job.p.net, job.p.plan);
    PlayedBoard played(board(), job.storage, job.arena(), trace.observer());
    ASSERT_EQ(played.run("layers trace"), kExitDone)
        << (played.said().failure() ? played.said().failure()->what() : "");
    EXPECT_TRUE(played.said().done());
    EXPECT_TRUE(played.arena_intact());
    EXPECT_EQ(played.said().result().end.arena_bytes, job.arena());
    for (size_t f = 0; f < job.inputs.size(); ++f) {
      const Values oracle = run_oracle(job.p.graph, job.inputs[f]);
      EXPECT_EQ(output_of(job, played.said(), f),
                model_output(job.p.graph, oracle));
    }
  }
}

TEST(BoardFirmware, CountersAddUp) {
  const Job job = make_job({3, 6}, Objective::kLatency, 3);
  PlayedBoard played(board(), job.storage, job.arena());
  ASSERT_EQ(played.run("layers"), kExitDone)
      << (played.said().failure() ? played.said().failure()->what() : "");
  const Emulated& e = played.said().result();
  int64_t sum = 0;
  for (const auto& [layer, count] : e.layers) {
    EXPECT_LT(layer, static_cast<int>(job.p.net.layers.size()));
    sum += count.instructions;
  }
  EXPECT_EQ(sum, e.frame_instructions);
  EXPECT_EQ(e.end.frames, 3u);
  const auto rows = frame_rows(job.p.graph, job.p.net, job.inputs[0]);
  EXPECT_EQ(e.end.input_read_bytes, 3 * rows.size() + sizeof(Directory));
  EXPECT_LE(e.end.arena_touched, job.arena());
}

TEST(BoardFirmware, AByteOfArenaTooFewIsRefused) {
  const Job job = make_job({5, 4}, Objective::kRam, 1);
  PlayedBoard played(board(), job.storage, job.arena() - 1);
  EXPECT_EQ(played.run(), kExitRefused);
  ASSERT_TRUE(played.said().failure());
  EXPECT_EQ(played.said().failure()->code(), Exit::kDoesNotFit);
}

TEST(BoardFirmware, EveryReadThatFailsIsReported) {
  const Job job = make_job({2, 3}, Objective::kRam, 1);
  PlayedBoard good(board(), job.storage, job.arena());
  ASSERT_EQ(good.run(), kExitDone);
  for (int n = 0; n < good.reads(); ++n) {
    PlayedBoard played(board(), job.storage, job.arena());
    played.fail_read(n);
    EXPECT_EQ(played.run(), kExitRefused) << "read " << n;
    ASSERT_TRUE(played.said().failure()) << "read " << n;
    EXPECT_NE(std::string(played.said().failure()->what()).find("storage"),
              std::string::npos);
  }
}

// By byte of an image: whether no table, record or chunk takes it.
std::vector<bool> padding_of(const std::vector<uint8_t>& image) {
  std::vector<bool> padding(image.size(), true);
  const auto take = [&](uint32_t offset, uint32_t bytes) {
    std::fill_n(padding.begin() + offset, bytes, false);
  };
  const HeadView head = view_head(image.data());
  take(0, head.header->head_bytes);
  for (uint16_t s = 0; s < head.header->stages; ++s) {
    const StageEntry& entry = head.stages[s];
    take(entry.offset, entry.bytes);
    const StageView stage = view_stage(image.data() + entry.offset);
    for (uint16_t c = 0; c < stage.header->chunks; ++c) {
      take(stage.chunks[c].offset, stage.chunks[c].bytes + kTagBytes);
    }
  }
  return padding;
}

// One bit of every byte of directory and program: refused, or it was padding
// and the output is the same.
TEST(BoardFirmware, EveryFlippedByteIsRefusedOrPadding) {
  const Job job = make_job({2, 3}, Objective::kRam, 1);
  PlayedBoard good(board(), job.storage, job.arena());
  ASSERT_EQ(good.run(), kExitDone);
  const std::vector<uint8_t> expected = output_of(job, good.said(), 0);
  const Directory d = directory_of(job.storage);
  const std::vector<bool> padding = padding_of(job.p.images[0]);
  ASSERT_EQ(padding.size(), d.image_bytes);
  for (uint32_t at = 0; at < d.program + d.image_bytes; ++at) {
    std::vector<uint8_t> bad = job.storage;
    bad[at] = static_cast<uint8_t>(bad[at] ^ (1u << at % 8));
    PlayedBoard played(board(), bad, job.arena());
    const int code = played.run();
    if (code == kExitRefused) {
      ASSERT_TRUE(played.said().failure()) << at;
      EXPECT_EQ(played.said().failure()->code(), Exit::kCorrupt) << at;
      continue;
    }
    ASSERT_EQ(code, kExitDone) << at;
    EXPECT_EQ(output_of(job, played.said(), 0), expected) << at;
    ASSERT_GE(at, d.program) << "of the directory";
    EXPECT_TRUE(padding[at - d.program]) << at;
  }
}

TEST(BoardFirmware, StorageOfAnotherInputIsRefused) {
  Job job = make_job({2, 3}, Objective::kRam, 1);
  const auto rows = frame_rows(job.p.graph, job.p.net, job.inputs[0]);
  const std::vector<std::vector<uint8_t>> cut{{rows.begin(), rows.end() - 1}};
  job.storage =
      storage_image(board().name, job.p.images[0], cut, int64_t{1} << 24);
  PlayedBoard played(board(), job.storage, job.arena());
  EXPECT_EQ(played.run(), kExitRefused);
  EXPECT_NE(std::string(played.said().failure()->what()).find("another size"),
            std::string::npos);
}

}  // namespace
}  // namespace shoal
