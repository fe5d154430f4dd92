// One node with its storage in virtual time: the right bytes, and the time
// that the planner's model of two queues says.
#include "host/engine/virtual/testing/one_node.h"

#include <gtest/gtest.h>

#include "device/program/record.h"
#include "host/base/error.h"
#include "host/engine/common/testing/small_model.h"
#include "host/oracle/int8/oracle.h"
#include "host/plan/cost/feed.h"

namespace shoal {
namespace {

Prepared streamed(const Board& board, Objective objective,
                  std::optional<int64_t> ram = {}) {
  PlanRequest request = one_node(board);
  request.objective = objective;
  request.node().ram = ram;
  request.node().flash_weights = 0;
  return prepare(small_graph(), request);
}

double planned_s(const Prepared& p) { return p.plan.nodes[0].seconds; }

TEST(OneNode, AStreamedFrameIsExactAndTakesThePlannedTime) {
  for (const char* const id : {"emcraft-sf2", "teensy41", "stm32f746"}) {
    SCOPED_TRACE(id);
    const Board& board = find_board(id);
    for (const Objective o : {Objective::kRam, Objective::kLatency}) {
      const Prepared p = streamed(board, o);
      OneNode node(p, board);
      for (const unsigned seed : {1u, 2u, 3u}) {
        const std::vector<uint8_t> input = noise_bytes(kSmallInput, seed);
        EXPECT_EQ(node.run(input),
                  model_output(p.graph, run_oracle(p.graph, input)));
        EXPECT_NEAR(node.seconds(), planned_s(p), 0.005 * planned_s(p));
        const StorageCounters did = node.counts().storage;
        EXPECT_EQ(did.read_bytes, p.plan.nodes[0].storage_read_bytes);
        EXPECT_EQ(did.written_bytes, 0);
      }
    }
  }
}

TEST(OneNode, AReadThatFailsOnceIsRepeated) {
  const Board& board = find_board("emcraft-sf2");
  const Prepared p = streamed(board, Objective::kRam);
  const std::vector<uint8_t> input = noise_bytes(kSmallInput, 4);
  const std::vector<uint8_t> expected =
      model_output(p.graph, run_oracle(p.graph, input));
  OneNode clean(p, board);
  clean.run(input);
  const uint64_t reads = clean.storage().counters().reads;
  using Kind = StorageFault::Kind;
  for (const Kind kind :
       {Kind::kRefused, Kind::kFailed, Kind::kShort, Kind::kSlow}) {
    for (uint64_t n = 0; n < reads; ++n) {
      SCOPED_TRACE("request " + std::to_string(n));
      SimOptions options;
      options.fault = {.kind = kind, .request = n, .late = kSecond};
      OneNode node(p, board, options);
      EXPECT_EQ(node.run(input), expected);
    }
  }
}

TEST(OneNode, AReadThatNeverSucceedsEndsTheFrame) {
  const Board& board = find_board("emcraft-sf2");
  const Prepared p = streamed(board, Objective::kRam);
  OneNode clean(p, board);
  clean.run(noise_bytes(kSmallInput, 4));
  // The last one is the next frame's.
  const uint64_t reads = clean.storage().counters().reads - 1;
  for (uint64_t n = 0; n < reads; ++n) {
    SCOPED_TRACE("request " + std::to_string(n));
    const auto run = [&] {
      SimOptions options;
      options.fault = {.request = n, .count = 1u << 30};
      OneNode node(p, board, options);
      node.run(noise_bytes(kSmallInput, 4));
    };
    EXPECT_THROW(run(), Error);
  }
}

}  // namespace
}  // namespace shoal
