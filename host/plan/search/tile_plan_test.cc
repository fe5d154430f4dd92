// Plans of a single node that makes layers in column tiles, or channels between
// layers in groups.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "host/check/check.h"
#include "host/check/testing/right_plan.h"
#include "host/plan/cost/time.h"
#include "host/plan/draft/group_net.h"
#include "host/plan/draft/tile_net.h"
#include "host/plan/planner/planner.h"
#include "host/plan/testing/shape_net.h"
#include "host/plan/tokens/overlay.h"
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

TEST(TilePlanLong, OnlyWhereNothingElseFits) {
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

// Calls `use` for each run of layers of random nets that three tiles can make,
// keeping all columns or none.
void for_runs(
    bool keeping,
    const std::function<void(const Net&, const std::vector<TensorUses>&,
                             const TileRun&, const TileBoxes&)>& see) {
  for (uint32_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    const Net net = random_net(seed);
    const std::vector<TensorUses> uses = find_uses(net);
    const auto layers = static_cast<int>(net.layers.size());
    for (int begin = 0; begin < layers; ++begin) {
      for (int end = begin + 1; end <= layers; ++end) {
        const int result = tile_result(net, uses, begin, end, true);
        if (result < 0 || net.tensors[result].columns < 3) continue;
        TileRun run = even_tiles(net, result, begin, end, 3);
        if (keeping) run.kept = keepable(net, uses, begin, end);
        see(net, uses, run, tile_boxes(net, uses, result, run));
      }
    }
  }
}

TEST(TilePlanTest, TilesCoverTheirTensors) {
  for_runs(false, [](const Net& net, const std::vector<TensorUses>&,
                     const TileRun& run, const TileBoxes& boxes) {
    for (int l = run.begin; l < run.end; ++l) {
      int next = 0;
      for (const auto& tile : boxes.made) {
        const Box& box = tile[size_t(l - run.begin)];
        EXPECT_LE(box.x0, next) << "layer " << l;
        next = box.x1;
      }
      EXPECT_EQ(next, net.layers[l].out.box.x1);
    }
  });
}

// A tile holds what it makes and the columns that it takes from the previous
// tile, so no column is made twice.
TEST(TilePlanTest, KeptColumnsAreMadeOnce) {
  int taken = 0;
  int64_t saved = 0;
  for_runs(true, [&](const Net& net, const std::vector<TensorUses>& uses,
                     TileRun run, const TileBoxes& boxes) {
    const auto held = [&](size_t tile, int tensor) {
      for (const TileBoxes::Held& h : boxes.held[tile]) {
        if (h.tensor == tensor) return h.box;
      }
      return Box{};
    };
    for (size_t t = 0; t < boxes.taken.size(); ++t) {
      for (const TileBoxes::Held& h : boxes.taken[t]) {
        ++taken;
        ASSERT_GT(t, 0U);
        EXPECT_TRUE(contains(held(t - 1, h.tensor), h.box));
        const auto at = size_t(uses[h.tensor].writers[0].position - run.begin);
        const Box& made = boxes.made[t][at];
        EXPECT_EQ(made.x0, boxes.made[t - 1][at].x1);
        EXPECT_EQ(made.x0, h.box.x1);
        EXPECT_EQ(held(t, h.tensor).x0, h.box.x0);
        EXPECT_EQ(held(t, h.tensor).x1, made.x1);
      }
    }
    const TileNet tiles(net, uses, {run});
    run.kept.clear();
    const TileNet others(net, uses, {run});
    int64_t macs = 0;
    for (const Layer& l : tiles.net().layers) macs += l.macs;
    for (const Layer& l : others.net().layers) macs -= l.macs;
    EXPECT_LE(macs, 0);
    saved -= macs;
  });
  EXPECT_GT(taken, 100);
  EXPECT_GT(saved, 0);
}

// The columns that one tile kept and those that the next one keeps are a pair
// for each tensor, unless they must lie apart.
TEST(TilePlanTest, KeptColumnsArePairs) {
  size_t most = 0;
  for_runs(true, [&](const Net& net, const std::vector<TensorUses>& uses,
                     const TileRun& run, const TileBoxes& boxes) {
    size_t pairs = 0;
    for (const TileBoxes::Held& h : boxes.taken[2]) {
      pairs += static_cast<size_t>(std::ranges::count(
          boxes.taken[1], h.tensor, &TileBoxes::Held::tensor));
    }
    const auto found = [&](bool once) {
      const TileNet tiles(net, uses, {run}, once);
      const Segment tile{tiles.stops()[0], tiles.stops()[1]};
      return kept_overlays(tiles.net(), find_uses(tiles.net()), tile);
    };
    EXPECT_EQ(found(true).size(), pairs);
    EXPECT_TRUE(found(false).empty());
    most = std::max(most, pairs);
  });
  EXPECT_GT(most, 1U);
}

// The errors are a piece of the input that is missing or too small, and columns
// of the result that two tiles make or none.
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

int copies_of(const PlanStage& stage) {
  return static_cast<int>(
      std::ranges::count(stage.actors, true, &PlanActor::copy));
}

// Returns the fastest plan that keeps columns, over some budgets.
Plan keeping_plan(const Net& net) {
  const int64_t least = smallest_plan(net, true).nodes[0].arena_bytes;
  for (int64_t ram = least; ram < 2 * least; ram += least / 16) {
    PlanRequest request = one_node(find_board("host"), ram);
    request.replay = true;
    Plan plan = make_plan(net, request);
    for (const PlanStage& stage : plan.nodes[0].stages) {
      if (copies_of(stage) > 0) return plan;
    }
  }
  return {};
}

// Columns lie over those that the previous tile kept, and each row waits until
// its place is free.
TEST(TilePlanTest, PlansKeepColumnsOnce) {
  const Net net = bottleneck_net(96, 9);
  const Plan right = keeping_plan(net);
  ASSERT_FALSE(right.nodes.empty());
  int pairs = 0;
  for (size_t s = 0; s < right.nodes[0].stages.size(); ++s) {
    const std::vector<PlanBuffer>& buffers = right.nodes[0].stages[s].buffers;
    for (size_t b = 0; b < buffers.size(); ++b) {
      const int under = buffers[b].overlay;
      if (under < 0 || buffers[under].tensor != buffers[b].tensor) continue;
      ++pairs;
      EXPECT_LE(buffers[b].offset, buffers[under].offset);
      Plan plan = right;
      plan.nodes[0].stages[s].buffers[b].overlay = -1;
      EXPECT_NE(joined(check(net, plan)), "") << "stage " << s;
    }
  }
  EXPECT_GT(pairs, 0);
}

// The errors are kept columns that are not the ones that are read, and rows of
// another tile.
TEST(TilePlanTest, TheCheckerSeesWrongCopies) {
  const Net net = bottleneck_net(96, 9);
  const Plan right = keeping_plan(net);
  ASSERT_FALSE(right.nodes.empty());
  expect_right(net, right);
  int copies = 0;
  const auto refuse = [&](const char* what, const auto& change) {
    for (size_t s = 0; s < right.nodes[0].stages.size(); ++s) {
      for (size_t a = 0; a < right.nodes[0].stages[s].actors.size(); ++a) {
        if (!right.nodes[0].stages[s].actors[a].copy) continue;
        Plan plan = right;
        ++copies;
        change(plan.nodes[0].stages[s], plan.nodes[0].stages[s].actors[a]);
        EXPECT_NE(joined(check(net, plan)), "")
            << what << ", stage " << s << ", actor " << a;
      }
    }
  };
  const auto move = [](PlanStage& stage, const PlanActor& a, int first,
                       int last) {
    for (const int port : {a.in[0], a.out}) {
      stage.ports[port].box.x0 += first, stage.ports[port].box.x1 += last;
    }
  };
  refuse("columns to the right",
         [&](PlanStage& stage, const PlanActor& a) { move(stage, a, 1, 1); });
  refuse("columns to the left",
         [&](PlanStage& stage, const PlanActor& a) { move(stage, a, -1, -1); });
  refuse("a column less",
         [&](PlanStage& stage, const PlanActor& a) { move(stage, a, 1, 0); });
  refuse("a row less", [&](PlanStage& stage, const PlanActor& a) {
    for (const int port : {a.in[0], a.out}) --stage.ports[port].box.y1;
  });
  refuse("other columns", [](PlanStage& stage, const PlanActor& a) {
    --stage.ports[a.in[0]].box.x0, --stage.ports[a.in[0]].box.x1;
  });
  refuse("no copy", [](PlanStage&, PlanActor& a) { a.copy = false; });
  refuse("the place of another", [](PlanStage& stage, const PlanActor& a) {
    stage.buffers[stage.ports[a.out].buffer].offset =
        stage.buffers[stage.ports[a.in[0]].buffer].offset;
  });
  EXPECT_GT(copies, 7);
}

const Plan& grouped_plan() {
  static const Plan plan = smallest_plan(bottleneck_net(96, 9), true);
  return plan;
}

template <class Use>
void each_loop(Plan& plan, Use use) {
  for (PlanStage& stage : plan.nodes[0].stages) {
    for (PlanLoop& loop : stage.loops) use(stage, loop);
  }
}

// Searches estimate loops exactly.
TEST(TilePlanTest, LoopsTakeWhatWasEstimated) {
  const Net net = bottleneck_net(96, 9);
  Plan plan = grouped_plan();
  int loops = 0;
  each_loop(plan, [&](PlanStage& stage, PlanLoop& loop) {
    LoopLayers layers;
    LayerTime sum;
    int64_t bytes = 0, macs = 0, once = 0;
    for (int i = 0; i < loop.actors; ++i) {
      const PlanActor& a = stage.actors[loop.first_actor + i];
      const PlanBuffer& out = stage.buffers[stage.ports[a.out].buffer];
      const Layer& of = net.layers[a.layer];
      LoopLayer layer{&of, of.in[0].box, stage.ports[a.out].box};
      if (out.is_private) layer.made.c1 = net.tensors[out.tensor].channels;
      layers.push_back(layer);
      bytes += align_up(out.is_private ? out.bytes() : a.accumulator_bytes);
      const LayerTime t = actor_time(net, stage, a, find_board("teensy41"));
      sum.compute_ps += t.compute_ps, sum.firing_ps += t.firing_ps;
      macs += actor_macs(net, stage, a);
      once += share_macs(net.layers[a.layer], share_of(net, stage, a));
    }
    const LayerTime t =
        loop_time(layers, loop.iterations, loop.band, find_board("teensy41"));
    EXPECT_EQ(t.compute_ps, sum.compute_ps);
    EXPECT_EQ(t.firing_ps, sum.firing_ps);
    EXPECT_EQ(loop_bytes(layers, loop.iterations, loop.band), bytes);
    EXPECT_GE(macs, once);
    ++loops;
  });
  EXPECT_GT(loops, 0);
  expect_right(net, plan);
}

TEST(TilePlanTest, GroupsAreOfAllKinds) {
  std::map<std::pair<GroupKind, size_t>, int>
      found;  // by kind and number of layers
  for (uint32_t seed = 1; seed <= 40; ++seed) {
    const Net net = random_net(seed);
    const std::vector<TensorUses> uses = find_uses(net);
    for (const GroupKind kind :
         {GroupKind::kAll, GroupKind::kBehindExpansion}) {
      const std::vector<BlockChoice> groups =
          find_groups(net, uses, kind, 2, 1);
      const GroupNet grouped(net, groups);
      int behind = 0;
      for (const BlockChoice& g : groups) {
        ++found[{kind, size_t(g.end - g.begin)}];
        EXPECT_LE(behind, g.begin) << "seed " << seed;
        behind = g.end;
        EXPECT_EQ(grouped.position_of(g.begin + 1), -1);
        const int at = grouped.position_of(g.begin);
        const Layer& layer = grouped.net().layers[at];
        ASSERT_EQ(layer.loop.size(), size_t(g.end - g.begin));
        // Its window must be that of all its layers together.
        for (int y = 0; y < layer.out.box.rows(); ++y) {
          RowRange rows{y, y + 1};
          for (int l = g.end; l-- > g.begin;) {
            const RowRule rule =
                row_rule(net.layers[l], 0, {1, net.layers[l].kernel_h});
            rows = needed_rows(rule, rows.lo, rows.hi, 0, rule.kernel_h);
          }
          const RowRule rule = row_rule(layer, 0, {1, layer.kernel_h});
          const RowRange all = needed_rows(rule, y);
          EXPECT_LE(all.lo, rows.lo) << "seed " << seed << ", row " << y;
          EXPECT_GE(all.hi, rows.hi) << "seed " << seed << ", row " << y;
        }
      }
    }
  }
  EXPECT_GT((found[{GroupKind::kAll, 3}]), 0);
  EXPECT_GT((found[{GroupKind::kAll, 2}]), 0);
  EXPECT_GT((found[{GroupKind::kBehindExpansion, 2}]), 0);
}

// The errors are a band or a group that is not the loop's, a private ring with
// too few rows, and sums that overlap others.
TEST(TilePlanTest, TheCheckerSeesWrongLoops) {
  const Net net = bottleneck_net(96, 9);
  const auto refuse = [&](const char* what, const auto& change) {
    Plan plan = grouped_plan();
    bool changed = false;
    each_loop(plan, [&](PlanStage& stage, PlanLoop& loop) {
      if (!changed) changed = change(stage, loop);
    });
    ASSERT_TRUE(changed) << what;
    EXPECT_NE(joined(check(net, plan)), "") << what;
  };
  const auto last = [](PlanStage& stage, const PlanLoop& loop) -> PlanActor& {
    return stage.actors[loop.first_actor + loop.actors - 1];
  };
  refuse("band", [](PlanStage&, PlanLoop& loop) { return ++loop.band > 0; });
  refuse("groups",
         [](PlanStage&, PlanLoop& loop) { return --loop.iterations > 0; });
  refuse("part", [&](PlanStage& stage, PlanLoop& loop) {
    return ++last(stage, loop).weights.chunks[0].in0 > 0;
  });
  refuse("sums", [&](PlanStage& stage, PlanLoop& loop) {
    last(stage, loop).accumulator = stage.buffers[0].offset;
    return true;
  });
  refuse("private ring", [&](PlanStage& stage, PlanLoop& loop) {
    const PlanActor& first = stage.actors[loop.first_actor];
    return --stage.buffers[stage.ports[first.out].buffer].slots >= 0;
  });
  refuse("inputs", [&](PlanStage& stage, PlanLoop& loop) {
    const PlanActor& first = stage.actors[loop.first_actor];
    return --stage.ports[first.in[0]].box.y1 > 0;
  });
  refuse("MACs", [&](PlanStage& stage, PlanLoop&) { return ++stage.macs > 0; });
}

}  // namespace
}  // namespace shoal
