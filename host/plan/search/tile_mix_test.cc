// Tests loops of a run in tiles that differ.
#include "host/plan/search/tile_mix.h"

#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "host/board/board.h"
#include "host/plan/draft/tile_net.h"
#include "host/plan/testing/shape_net.h"
#include "host/plan/types/uses.h"

namespace shoal {
namespace {

constexpr int kPorts = 96;

class TileMixTest : public testing::Test {
 protected:
  TileMixTest() {
    for (int end = 1; end <= static_cast<int>(net_.layers.size()); ++end) {
      const int result = tile_result(net_, uses_, 0, end, true);
      if (result < 0 || net_.tensors[result].columns < 12) continue;
      segment_ = {0, end};
      boxes_ =
          tile_boxes(net_, uses_, result, even_tiles(net_, result, 0, end, 6));
    }
  }
  TileMixes mixes() const {
    return {net_,          variants_, all_.survey().tables().back(),
            task_.board(), segment_,  boxes_,
            false};
  }

  const Net net_ = bottleneck_net(96, 9);
  const std::vector<TensorUses> uses_ = find_uses(net_);
  const PlanRequest request_ = one_node(find_board("teensy41"));
  const Supply supply_{.board = &request_.node().board};
  const std::vector<bool> streams_ =
      std::vector<bool>(net_.layers.size(), false);
  PackMemo packs_;
  const NodeTask task_{request_, 0, supply_, streams_, packs_};
  AllCandidates all_{net_, Spilling{}, task_};
  const GroupVariants variants_{net_, uses_, task_, kPorts};
  Segment segment_;
  TileBoxes boxes_;
};

TEST_F(TileMixTest, LessRoomTakesMoreTime) {
  const TileMixes all = mixes();
  const std::optional<TileMix> free = all.fastest(1 << 30);
  ASSERT_TRUE(free);
  EXPECT_EQ(free->time_ps, all.least_ps());
  bool differ = false;
  int steps = 0;
  for (int64_t bytes = free->bytes - 1;; ++steps) {
    const std::optional<TileMix> mix = all.fastest(bytes);
    if (!mix) break;
    ASSERT_LE(mix->bytes, bytes);
    EXPECT_GT(mix->time_ps, all.least_ps());
    std::set<std::pair<int, int>> kinds;  // groups and band
    int end = segment_.begin;
    for (const Group& g : mix->groups) {
      EXPECT_GE(g.begin, end);
      EXPECT_LE(g.end, segment_.end);
      end = g.end;
      kinds.emplace(g.band, g.end - g.begin);
    }
    differ |= kinds.size() > 1;
    bytes = mix->bytes - 1;
  }
  EXPECT_GT(steps, 3);
  EXPECT_TRUE(differ);
}

}  // namespace
}  // namespace shoal
