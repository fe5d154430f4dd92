#include "host/plan/cost/stage_memo.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "host/plan/cost/plan_time.h"
#include "host/plan/cost/tape.h"
#include "host/plan/testing/shape_net.h"
#include "host/plan/tokens/rings.h"
#include "host/plan/types/stage_maker.h"

namespace shoal {
namespace {

PlanStage stage_of(const Net& net, int passes) {
  const std::vector<TensorUses> uses = find_uses(net);
  const Work work = uniform_work(net, passes);
  PlanStage stage =
      make_stage(net, uses, whole_net(net), work, ring_slots(net, uses, work));
  for (PlanActor& a : stage.actors) {
    if (!a.weights.chunks.empty()) a.weights.place = WeightPlace::kTape;
  }
  return stage;
}

bool is_same(const PlanWeights& a, const PlanWeights& b) {
  return a.place == b.place && a.parts == b.parts && a.groups == b.groups &&
         std::ranges::equal(a.chunks, b.chunks,
                            [](const PlanChunk& x, const PlanChunk& y) {
                              return x.out0 == y.out0 && x.out_n == y.out_n &&
                                     x.in0 == y.in0 && x.in_n == y.in_n;
                            });
}

// Asks three times about each of some stages that differ in one thing.
TEST(StageMemoTest, KnowsWhatIsFoundWithoutIt) {
  const Board& board = find_board("emcraft-sf2");
  const Supply supply{&board, &board.storages.front(), true};
  size_t compared = 0;
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Net net = random_net(seed);
    if (net.layers.empty()) continue;
    StageMemo memo;
    size_t first = 0;
    for (int round = 0; round < 3; ++round) {
      for (const int passes : {2, 1 << 14}) {
        for (const uint32_t limit : {256u, 2048u}) {
          PlanStage known = stage_of(net, passes), found = known;
          memo.put_on_tape(net, known, -1, limit);
          put_on_tape(net, found, -1, limit);
          ASSERT_EQ(known.order.size(), found.order.size());
          for (size_t i = 0; i < known.order.size(); ++i) {
            EXPECT_EQ(known.order[i].actor, found.order[i].actor);
            EXPECT_EQ(known.order[i].firings, found.order[i].firings);
          }
          for (size_t i = 0; i < known.actors.size(); ++i) {
            EXPECT_TRUE(
                is_same(known.actors[i].weights, found.actors[i].weights));
          }
          for (const uint32_t slots : {2u, 4u}) {
            found.slot_count = slots;
            for (const int64_t record : {0, 640}) {
              EXPECT_EQ(memo.total_ps(net, found, supply, record),
                        feed_time(net, found, supply, record).total_ps);
              ++compared;
            }
          }
          for (PlanActor& a : found.actors) {
            if (a.weights.chunks.empty()) continue;
            cut_for_sram(net, found, a);
            EXPECT_EQ(memo.total_ps(net, found, supply, 0),
                      feed_time(net, found, supply, 0).total_ps);
            a.weights.keep = true;
            EXPECT_EQ(memo.total_ps(net, found, supply, 0),
                      feed_time(net, found, supply, 0).total_ps);
            break;
          }
        }
      }
      if (round == 0) first = memo.worked_out();
      EXPECT_EQ(memo.worked_out(), first);
    }
  }
  EXPECT_GT(compared, 500u);
}

}  // namespace
}  // namespace shoal
