// Plans of a node alone that makes layers' columns one after the other.
#include <gtest/gtest.h>

#include "host/check/check.h"
#include "host/check/testing/right_plan.h"
#include "host/plan/draft/tile_net.h"
#include "host/plan/planner/planner.h"
#include "host/plan/testing/shape_net.h"
#include "host/plan/types/plan_segments.h"

namespace shoal {
namespace {

Plan smallest_plan(const Net& net, bool replay) {
  PlanRequest request = one_node(find_board("host"));
  request.objective = Objective::kRam;
  request.replay = replay;
  return make_plan(net, request);
}

int pieces_of(const Plan& plan) {
  int pieces = 0;
  for (const PlanStage& stage : plan.nodes[0].stages) {
    for (const PlanPort& p : stage.ports) pieces += p.owner == Owner::kInput;
  }
  return pieces;
}

TEST(TilePlanTest, TakesThePictureAgain) {
  const Net net = bottleneck_net(96, 9);
  const Plan once = smallest_plan(net, false), again = smallest_plan(net, true);
  expect_right(net, once);
  expect_right(net, again);
  EXPECT_EQ(pieces_of(once), 1);
  EXPECT_EQ(replay_bytes(net, once.nodes[0]), 0);
  EXPECT_GT(pieces_of(again), 1);
  EXPECT_GT(replay_bytes(net, again.nodes[0]), 0);
  EXPECT_LT(again.nodes[0].arena_bytes, once.nodes[0].arena_bytes * 4 / 5);
  EXPECT_GT(again.macs, net.model_macs);
}

TEST(TilePlanTest, OnlyWhereNothingElseFits) {
  const Net net = bottleneck_net(96, 9);
  const int64_t least = smallest_plan(net, true).nodes[0].arena_bytes;
  int64_t macs = 0;
  for (int64_t ram = least; ram < 4 * least; ram += least / 4) {
    PlanRequest request = one_node(find_board("host"), ram);
    request.replay = true;
    const Plan plan = make_plan(net, request);
    expect_right(net, plan);
    EXPECT_LE(plan.nodes[0].arena_bytes, ram);
    if (macs == net.model_macs) {
      EXPECT_EQ(plan.macs, macs) << ram;
    }
    macs = plan.macs;
  }
  EXPECT_EQ(macs, net.model_macs);
}

TEST(TilePlanTest, TilesCoverTheirTensors) {
  for (uint32_t seed = 1; seed <= 40; ++seed) {
    const Net net = random_net(seed);
    const std::vector<TensorUses> uses = find_uses(net);
    const auto layers = static_cast<int>(net.layers.size());
    for (int begin = 0; begin < layers; ++begin) {
      for (int end = begin + 1; end <= layers; ++end) {
        const int result = tile_result(net, uses, begin, end, true);
        if (result < 0 || net.tensors[result].columns < 3) continue;
        const TileRun run = even_tiles(net, result, begin, end, 3);
        const TileBoxes boxes = tile_boxes(net, uses, result, run);
        for (int l = begin; l < end; ++l) {
          int next = 0;
          for (const auto& tile : boxes.made) {
            const Box& box = tile[size_t(l - begin)];
            EXPECT_LE(box.x0, next) << "seed " << seed << ", layer " << l;
            next = box.x1;
          }
          EXPECT_EQ(next, net.layers[l].out.box.x1);
        }
      }
    }
  }
}

// A piece that is not pushed or is not all that is read, a result's columns
// that two tiles make or none.
TEST(TilePlanTest, TheCheckerSeesWhatIsWrong) {
  const Net net = bottleneck_net(96, 9);
  const Plan right = smallest_plan(net, true);
  int spoiled = 0;
  const auto refuse = [&](const auto& change) {
    for (size_t s = 0; s < right.nodes[0].stages.size(); ++s) {
      Plan plan = right;
      if (!change(plan.nodes[0].stages[s])) continue;
      ++spoiled;
      EXPECT_NE(joined(check(net, plan)), "") << "stage " << s;
    }
  };
  const auto each_port = [&](const auto& change) {
    refuse([&](PlanStage& stage) {
      bool any = false;
      for (PlanPort& p : stage.ports) any |= change(stage, p);
      return any;
    });
  };
  each_port([](const PlanStage&, PlanPort& p) {
    if (p.owner != Owner::kInput) return false;
    --p.box.x1;
    return true;
  });
  each_port([](const PlanStage&, PlanPort& p) {
    if (p.owner != Owner::kInput) return false;
    ++p.box.x0;
    return true;
  });
  each_port([](const PlanStage&, PlanPort& p) {
    if (p.owner != Owner::kInput) return false;
    --p.box.y1;
    return true;
  });
  each_port([](const PlanStage& stage, PlanPort& p) {
    const PlanBuffer& b = stage.buffers[p.buffer];
    if (p.is_read || p.owner != Owner::kActor || p.box.x1 == b.box.x1) {
      return false;
    }
    ++p.box.x1;
    return true;
  });
  EXPECT_GT(spoiled, 4);
}

}  // namespace
}  // namespace shoal
