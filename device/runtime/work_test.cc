// These tests check shoal_last_work() after each step.
#include <gtest/gtest.h>

#include <map>
#include <tuple>

#include "device/runtime/testing/sample_programs.h"

namespace shoal::test {
namespace {

// The slices of the first frame, in the order in which they were worked on.
std::vector<shoal_work> work_of(Sample s, const FiringObserver& observer) {
  const Bytes image = s.program.build();
  AlignedBytes memory(image);
  Arena arena(reinterpret_cast<const Header*>(memory.data())->arena_bytes);
  shoal_config config{};
  config.image = memory.data(), config.image_bytes = memory.size();
  config.tap = &call_observer,
  config.tap_user = const_cast<FiringObserver*>(&observer);
  shoal_node node;
  EXPECT_EQ(shoal_open(&node, &config, arena.data(), uint32_t(arena.size())),
            SHOAL_OK);
  EXPECT_EQ(shoal_last_work(&node).actor, kNone);
  const uint32_t row_bytes = shoal_input_info(&node, 0).row_bytes;
  const uint32_t rows = shoal_input_info(&node, 0).rows;
  uint32_t sent = 0;
  std::vector<shoal_work> all;
  for (int step = 0; step < 2000 && shoal_frames(&node) == 0; ++step) {
    if (sent < rows) {
      sent += shoal_push_rows(&node, 0, s.inputs[0].data() + sent * row_bytes,
                              rows - sent);
    }
    const int status = shoal_step(&node);
    const shoal_work w = shoal_last_work(&node);
    const bool worked = w.actor != kNone;
    EXPECT_EQ(worked, shoal_last_layer(&node) != kNone);
    EXPECT_TRUE(!worked || status == SHOAL_OK);
    if (worked) all.push_back(w);
    Bytes row(4096);
    shoal_take_rows(&node, 0, row.data(), 1);
  }
  EXPECT_EQ(shoal_frames(&node), 1u);
  return all;
}

TEST(Work, EverySliceOnceInItsPlace) {
  for (Sample s : {two_stage_sample(), loop_sample(), move_sample()}) {
    for (size_t a = 0; a < s.program.stages[0].actors.size(); ++a) {
      s.program.stages[0].actors[a].r.layer = uint16_t(a);
    }
    int seen = 0;
    const auto all = work_of(s, [&](const Firing&) { ++seen; });
    std::map<std::tuple<int, int, int, int>, int> slices;
    for (const shoal_work& w : all) {
      ASSERT_LT(w.stage, s.program.stages.size());
      const StageSpec& stage = s.program.stages[w.stage];
      ASSERT_LT(w.actor, stage.actors.size());
      const ActorSpec& a = stage.actors[w.actor];
      ASSERT_LT(w.slice, a.r.slices);
      if (a.r.loop == kNone) {
        ASSERT_EQ(w.iteration, 0);
      } else {
        ASSERT_LT(w.iteration, stage.loops[a.r.loop].iterations);
        ASSERT_EQ(w.group, 0);
      }
      // Slices of a chunk follow one another.
      int& next =
          slices[{w.stage, w.actor, w.firing, 100 * w.iteration + w.group}];
      ASSERT_EQ(w.slice, next++);
    }
    for (const auto& [place, count] : slices) {
      const auto [stage, actor, firing, chunk] = place;
      ASSERT_EQ(count,
                s.program.stages[size_t(stage)].actors[size_t(actor)].r.slices);
    }
    EXPECT_GT(seen, 0);
  }
}

TEST(Work, CountsFiringsAndIterations) {
  const auto all = work_of(loop_sample(), [](const Firing&) {});
  // Two firings (bands of two of three rows) x two iterations x three actors.
  std::vector<std::tuple<int, int, int>> loop, wanted;
  for (const shoal_work& w : all) {
    if (w.actor < 3) loop.push_back({w.firing, w.iteration, w.actor});
  }
  for (int firing = 0; firing < 2; ++firing) {
    for (int iteration = 0; iteration < 2; ++iteration) {
      for (int actor = 0; actor < 3; ++actor) {
        wanted.push_back({firing, iteration, actor});
      }
    }
  }
  EXPECT_EQ(loop, wanted);
}

}  // namespace
}  // namespace shoal::test
