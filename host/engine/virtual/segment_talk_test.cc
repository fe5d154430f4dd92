#include "host/engine/virtual/segment_talk.h"

#include <gtest/gtest.h>

#include "host/engine/virtual/critical_path.h"

namespace shoal {
namespace {

// A byte takes a nanosecond.
constexpr LinkModel kLink{.bits_per_s = 8e9};
constexpr uint32_t kTheCoordinator = 2;

// Node 0 has a share of both segments, node 1 of the first one.
Plan two_segments() {
  Plan plan;
  plan.linked = true;
  plan.nodes.resize(2);
  plan.nodes[0].stages.resize(2);
  plan.nodes[0].stages[1].segment = 1;
  plan.nodes[1].stages.resize(1);
  return plan;
}

void slice(Recorder& r, uint32_t node, uint16_t stage, Nanos begin, Nanos end) {
  r.did(node,
        {.begin = begin, .end = end, .doing = Doing::kSlice, .stage = stage});
}

void sent(Recorder& r, uint64_t serial, uint32_t from, uint32_t to,
          uint32_t bytes, Nanos asked, Nanos arrived) {
  r.sent(serial, {.from = from, .to = to, .bytes = bytes, .asked = asked});
  if (arrived != kNever) r.arrived(serial, asked, arrived);
}

std::vector<SegmentTalk> told() {
  Recorder r(3);
  slice(r, 0, 1, 20, 30);  // of the frame before
  slice(r, 0, 0, 200, 250);
  slice(r, 0, 0, 260, 300);
  r.did(0, {.begin = 320, .end = 340, .doing = Doing::kReceive});
  slice(r, 0, 1, 500, 600);
  slice(r, 1, 0, 150, 400);
  sent(r, 0, kTheCoordinator, 0, 7, 90, 95);  // before it
  sent(r, 1, kTheCoordinator, 0, 50, 110, 180);
  sent(r, 2, 1, 0, 30, 400, 450);
  sent(r, 3, 0, 1, 20, 310, kNever);
  sent(r, 4, 0, kTheCoordinator, 40, 610, 700);
  return segment_talk(r, two_segments(), {kLink, kLink, kLink}, 100, 1000);
}

TEST(SegmentTalkTest, WaitsAreOfTheSegmentThatTheyEndWith) {
  const std::vector<SegmentTalk> all = told();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].waits, (std::vector<Nanos>{110, 50}));
  EXPECT_EQ(all[1].segment, 1);
  EXPECT_EQ(all[1].waits, (std::vector<Nanos>{180, 0}));
  EXPECT_EQ(all[2].segment, kForTheEnd);
  EXPECT_EQ(all[2].waits, (std::vector<Nanos>{400, 600}));
  // With what they did, the whole frame.
  EXPECT_EQ(frame_talk(all).waits, (std::vector<Nanos>{690, 650}));
}

TEST(SegmentTalkTest, DatagramsKeepBothLinksBusyUnlessTheyAreLost) {
  const std::vector<SegmentTalk> all = told();
  const auto up = [&](size_t s, uint32_t end) { return all[s].links[end].up; };
  const auto down = [&](size_t s, uint32_t end) {
    return all[s].links[end].down;
  };
  EXPECT_EQ(up(0, kTheCoordinator), 50);
  EXPECT_EQ(down(0, 0), 50);
  EXPECT_EQ(up(0, 1), 30);    // behind its last slice
  EXPECT_EQ(down(1, 0), 30);  // who is one further
  EXPECT_EQ(up(1, 0), 20 + 40);
  EXPECT_EQ(down(0, 1), 0);
  EXPECT_EQ(down(1, kTheCoordinator), 40);
  const SegmentTalk frame = frame_talk(all);
  EXPECT_EQ(frame.links[0].up, 60);
  EXPECT_EQ(frame.links[0].down, 80);
  EXPECT_EQ(frame.links[0].most(), 80);
  EXPECT_EQ(frame.links[kTheCoordinator].most(), 50);
}

}  // namespace
}  // namespace shoal
