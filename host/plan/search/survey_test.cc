#include "host/plan/search/survey.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "host/plan/draft/spill.h"
#include "host/plan/search/all_candidates.h"
#include "host/plan/testing/shape_net.h"

namespace shoal {
namespace {

std::vector<SpillCut> random_cuts(const Net& net, std::mt19937& random) {
  std::vector<SpillCut> cuts;
  for (int n = static_cast<int>(random() % 4); n > 0; --n) {
    cuts.push_back({static_cast<int>(random() % net.tensors.size()),
                    static_cast<int>(random() % net.layers.size())});
  }
  return cuts;
}

// Records do not depend on which spills were searched before.
TEST(SurveyTest, RecordsAreThoseThatAreFoundWithoutAMemo) {
  const std::vector<uint32_t> limits{256, 1024, 8192};
  const Board& board = find_board("emcraft-sf2");
  size_t shared = 0, apart = 0;
  for (uint32_t seed = 1; seed <= 16; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Net net = random_net(seed);
    if (net.layers.empty()) continue;
    std::mt19937 random(seed);
    SpillNet spills(net, 512);
    RecordMemo memo;
    for (int round = 0; round < 5; ++round) {
      spills.set(random_cuts(net, random));
      RecordMemo own;
      const Survey with(spills.net(), board, limits, memo, spills.spilling());
      const Survey without(spills.net(), board, limits, own, spills.spilling());
      const int n = static_cast<int>(with.ends(1 << 20).size());
      for (int begin = 0; begin < n; ++begin) {
        for (int end = begin + 1; end <= n; ++end) {
          const Segment s{begin, end};
          if (!with.known(s)) continue;
          for (size_t limit = 0; limit < limits.size(); ++limit) {
            EXPECT_EQ(with.record_bytes(s, limit),
                      without.record_bytes(s, limit));
          }
        }
      }
      apart += own.added();
    }
    shared += memo.added();
    if (HasFailure()) return;
  }
  EXPECT_LT(shared * 2, apart);
}

// Results that a search remembers change no other search.
TEST(SurveyTest, PlansWithSpillsAreThoseThatAreFoundWithoutAMemo) {
  const Board& board = find_board("emcraft-sf2");
  const Supply supply{&board, &board.storages.front(), false};
  int compared = 0;
  for (uint32_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Net net = random_net(seed);
    if (net.layers.empty()) continue;
    std::mt19937 random(seed);
    PlanRequest request = one_node(board);
    request.objective = Objective::kRam;
    const std::vector<bool> streams(net.layers.size(), true);
    PackMemo packs;
    NetMemo memo;
    SpillNet spills(net, 512);
    for (int round = 0; round < 3; ++round) {
      spills.set(random_cuts(net, random));
      PackMemo own_packs;
      const NodeTask with{request, 0, supply, streams, packs, &memo};
      const NodeTask without{request, 0, supply, streams, own_packs};
      const auto a =
          AllCandidates(spills.net(), spills.spilling(), with).smallest();
      const auto b =
          AllCandidates(spills.net(), spills.spilling(), without).smallest();
      ASSERT_EQ(a.has_value(), b.has_value());
      if (!a) continue;
      EXPECT_EQ(a->node.arena_bytes, b->node.arena_bytes);
      EXPECT_EQ(a->time_ps, b->time_ps);
      EXPECT_EQ(a->node.stages.size(), b->node.stages.size());
      ++compared;
    }
  }
  EXPECT_GT(compared, 10);
}

}  // namespace
}  // namespace shoal
