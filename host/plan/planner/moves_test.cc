#include "host/plan/planner/moves.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "host/plan/planner/planner.h"
#include "host/plan/testing/shape_net.h"

namespace shoal {
namespace {

// A plan over two nodes that moves change.
class Moves : public testing::Test {
 protected:
  std::vector<Trial> by(Move* move) {
    return move({net_, request_, trial_, plan_, {}, mixed_});
  }

  const Net net_ = bottleneck_net(48, 5);
  const PlanRequest request_ =
      linked_nodes(uniform_cluster(2, find_board("teensy41"), {}));
  const Trial trial_{
      "spatial", make_cuts(net_, request_.cluster, {.strategy = "spatial"})};
  const Plan plan_ =
      make_plan(net_, linked_nodes(request_.cluster, Cuts(trial_.cuts)));
  MixedCuts mixed_{CutEstimate(net_, request_, {0, 1}, {})};
};

TEST_F(Moves, AnEndIsAddedWhereLeastIsKept) {
  const std::vector<Stretch> all = rehearsed(trial_, plan_).stretches;
  const std::vector<int64_t> kept = kept_bytes(net_);
  const std::vector<Trial> trials = by(add_ends);
  ASSERT_FALSE(trials.empty());
  for (const Trial& t : trials) {
    ASSERT_EQ(t.cuts.ends.size(), trial_.cuts.ends.size() + 1);
    const int last = t.cuts.ends.back();  // a layer
    const auto in = std::ranges::find_if(all, [&](const auto& s) {
      return s.layers.begin <= last && last + 1 < s.layers.end;
    });
    ASSERT_NE(in, all.end()) << last;
    EXPECT_EQ(kept[size_t(last)],
              *std::min_element(kept.begin() + in->layers.begin,
                                kept.begin() + in->layers.end - 1));
  }
}

TEST_F(Moves, NoEndIsAddedWithinABlockWithGroups) {
  Trial grouped = trial_;
  ASSERT_TRUE(add_groups(net_, request_.cluster, 16, grouped));
  const auto is_inner = [&](int layer) {
    return std::ranges::any_of(grouped.cuts.blocks, [&](const BlockChoice& b) {
      return b.begin <= layer && layer + 1 < b.end;
    });
  };
  const std::vector<Trial> trials =
      add_ends({net_, request_, grouped, plan_, {}, mixed_});
  ASSERT_FALSE(trials.empty());
  for (const Trial& t : trials) {
    for (const int end : t.cuts.ends) EXPECT_FALSE(is_inner(end)) << end;
  }
}

TEST_F(Moves, NothingLearntChangesNoEstimate) {
  const std::vector<Trial> trials = by(recut_as_built);
  ASSERT_FALSE(trials.empty());
  EXPECT_EQ(trials[0].cuts.layers, mixed_.cuts_of(mixed_.best()).layers);
}

TEST_F(Moves, WhatTookLongIsCutOtherwise) {
  Rehearsed slow = rehearsed(trial_, plan_), quick = slow;
  for (Stretch& s : slow.stretches) s.seconds *= 1000;
  quick.trial.cuts = make_cuts(net_, request_.cluster, {.strategy = "kernel"});
  const std::vector<Rehearsed> plans = {slow, quick};
  const std::vector<Trial> trials =
      recut_as_built({net_, request_, trial_, plan_, plans, mixed_});
  ASSERT_FALSE(trials.empty());
  for (size_t l = 0; l < net_.layers.size(); ++l) {
    EXPECT_FALSE(trials[0].cuts.layers[l] == trial_.cuts.layers[l]) << l;
  }
}

TEST_F(Moves, OneOptionIsChangedAtATime) {
  const std::vector<Trial> trials = by(change_options);
  ASSERT_GT(trials.size(), 1u);
  EXPECT_NE(trials[0].options.in_flight_room, trial_.options.in_flight_room);
  for (size_t i = 0; i < trials.size(); ++i) {
    EXPECT_FALSE(is_same(trials[i], trial_)) << i;
    EXPECT_EQ(trials[i].cuts.layers, trial_.cuts.layers);
    for (size_t k = 0; k < i; ++k) {
      EXPECT_FALSE(is_same(trials[i], trials[k])) << i << " " << k;
    }
  }
}

}  // namespace
}  // namespace shoal
