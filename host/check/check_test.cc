// Right plans pass; what the checker says about wrong ones names the thing.
#include "host/check/check.h"

#include <gtest/gtest.h>

#include "host/check/testing/hand_cluster.h"
#include "host/check/testing/hand_plans.h"
#include "host/check/testing/right_plan.h"

namespace shoal {
namespace {

HandCase find_case(const std::string& name) {
  for (const HandCase& c : hand_cases()) {
    if (c.name == name) return c;
  }
  ADD_FAILURE() << "no case " << name;
  return {};
}

TEST(CheckTest, HandMadePlansAreRight) {
  for (const HandCase& c : hand_cases()) {
    EXPECT_EQ(joined(check(c.net, c.plan)), "") << c.name;
  }
}

TEST(CheckTest, LinkedPlansAreRight) {
  for (const HandCase& c : linked_cases()) {
    EXPECT_EQ(joined(check(c.net, c.plan)), "") << c.name;
  }
}

TEST(CheckTest, ARingTooSmallDoesNotComplete) {
  HandCase c = find_case("chain");
  --c.plan.nodes[0].stages[0].buffers[1].slots;
  EXPECT_NE(joined(check(c.net, c.plan)).find("does not complete"),
            std::string::npos);
}

TEST(CheckTest, AnOverlayTooCloseDoesNotComplete) {
  const HandCase c = overlay_case(32);
  EXPECT_NE(joined(check(c.net, c.plan)).find("does not complete"),
            std::string::npos);
}

// A depthwise layer lies over an early one's rows, all of which were released;
// but the last of them, which nobody reads, is still to be written. The rule
// of overlays waits for it, in every order of firings.
TEST(CheckTest, AnOverlayWaitsForRowsStillToBeWritten) {
  HandNet n(11);
  const int in = n.tensor(6, 4, 4);
  const int a = n.conv(in, 1, 1, 4);
  const int b = n.depthwise(a, 1, 2);  // rows 0, 2, 4
  const int c = n.depthwise(b, 1, 1);
  const int d = n.depthwise(c, 1, 1);
  n.input(in), n.output(d);
  const Net net = n.finish();
  HandPlan p(net);
  p.stage();
  p.buffer(a, 0, {.offset = 0});
  p.buffer(c, 0,
           {.first_stage = 0, .last_stage = 1, .overlay = 0, .offset = 80});
  p.buffer(in, 1), p.buffer(b);
  p.input(0);
  for (int layer = 0; layer < 3; ++layer) p.actor(layer);
  p.stage();
  p.buffer(c, 0,
           {.first_stage = 0, .last_stage = 1, .complete = true, .offset = 80});
  p.buffer(d, 1);
  p.actor(3);
  p.output(0);
  EXPECT_EQ(joined(check(net, p.finish())), "");
}

TEST(CheckTest, BytesAreSharedOnlyUnderAnOrderThatKeepsThemApart) {
  HandCase c = find_case("shared bytes");
  PlanStage& stage = c.plan.nodes[0].stages[0];
  std::swap(stage.order[3], stage.order[4]);  // a next row over one unread
  EXPECT_NE(joined(check(c.net, c.plan)).find("which is not there"),
            std::string::npos);
  stage.order.clear();
  EXPECT_NE(joined(check(c.net, c.plan)).find("lie over one another"),
            std::string::npos);
}

// Tokens do not follow rows inside a loop, so nothing may lie over them.
TEST(CheckTest, NothingLiesOverAPrivateBuffer) {
  HandCase c = find_case("loop in order");
  PlanStage& stage = c.plan.nodes[0].stages[0];
  stage.buffers[3].offset = stage.buffers[2].offset;
  EXPECT_NE(joined(check(c.net, c.plan)).find("lie over one another"),
            std::string::npos);
}

TEST(CheckTest, AnOrderThatFiresTooEarlyDoesNotComplete) {
  HandCase c = find_case("recorded order");
  std::swap(c.plan.nodes[0].stages[0].order[0],
            c.plan.nodes[0].stages[0].order[1]);
  EXPECT_NE(joined(check(c.net, c.plan)).find("does not complete"),
            std::string::npos);
}

// Two nodes, half of the channels each. What a node makes in its first stage
// it sends in that stage or in the next, in which the other one receives.
HandCase exchange(bool early) {
  HandNet n(14);
  const int in = n.tensor(4, 4, 3);
  const int a = n.conv(in, 1, 1, 4);
  const int b = n.conv(a, 1, 1, 6);
  n.input(in), n.output(b);
  HandCase made{"exchange", n.finish(), {}};
  const Net& net = made.net;
  const auto half = [&](int tensor, int i) {
    Box box = net.tensors[tensor].box();
    const int middle = box.c1 / 2;
    (i == 0 ? box.c1 : box.c0) = middle;
    return box;
  };
  HandCluster cluster(net, 2);
  cluster.stage();
  BufferOptions held{.first_stage = 0, .last_stage = 1, .offset = 0};
  int streams[2] = {};
  for (int i = 0; i < 2; ++i) {
    const Box picture = net.tensors[in].box();
    cluster[i].part(a, half(a, i), 0, held);
    cluster[i].buffer(in, 1);
    cluster[i].input(0, 1, picture);
    cluster[i].share(0, 1, picture, 0, half(a, i));
    if (early) streams[i] = cluster.send({i, 0}, half(a, i));
  }
  cluster.stage();
  cluster.segment(1);
  held.complete = true;
  for (int i = 0; i < 2; ++i) {
    cluster[i].part(a, half(a, i), 0, held);
    cluster[i].buffer(a, 2), cluster[i].part(b, half(b, i), 1);
    cluster[i].copy(0, 1, half(a, i));
    cluster[i].share(1, 1, net.tensors[a].box(), 2, half(b, i));
    cluster[i].output(0, 2, half(b, i));
    if (!early) streams[i] = cluster.send({i, 0}, half(a, i));
  }
  for (int i = 0; i < 2; ++i) cluster.receive(streams[i], {1 - i, 1});
  made.plan = cluster.finish();
  return made;
}

// A stage does not end before its streams have, so each node waits for the
// other one to be in its second stage.
TEST(CheckTest, AStreamBetweenDifferentStagesMayNotComplete) {
  const HandCase right = exchange(false), early = exchange(true);
  EXPECT_EQ(joined(check(right.net, right.plan)), "");
  const std::string found = joined(check(early.net, early.plan));
  EXPECT_NE(found.find("does not complete: node 0 in frame 0, stage 0"),
            std::string::npos)
      << found;
}

TEST(CheckTest, NamesTheNodeAndTheStream) {
  for (HandCase c : linked_cases()) {
    if (c.name != "row halo") continue;
    ++c.plan.streams[1].box.y1;
    EXPECT_NE(joined(check(c.net, c.plan))
                  .find("stream 1 carries another box than port"),
              std::string::npos);
    --c.plan.streams[1].box.y1;
    c.plan.nodes[1].peers.pop_back();
    EXPECT_NE(joined(check(c.net, c.plan)).find("node 1 lists 1 peers"),
              std::string::npos);
  }
}

}  // namespace
}  // namespace shoal
