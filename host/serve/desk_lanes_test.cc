#include "host/serve/desk_lanes.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <future>
#include <thread>
#include <utility>
#include <vector>

namespace shoal {
namespace {

using Frame = std::vector<uint8_t>;

bool is_readable(const FrameSource& source) {
  pollfd p{source.descriptor(), POLLIN, 0};
  return poll(&p, 1, 0) == 1;
}

bool is_done(const FrameDesk::Ticket& t) {
  return t.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

class DeskLanesTest : public testing::Test {
 protected:
  FrameDesk::Ticket give(uint8_t number) { return *desk_.give({number}); }

  FrameDesk desk_{8};
  DeskLanes lanes_{desk_, 2};
  DeskLane& a_ = lanes_.lane(0);
  DeskLane& b_ = lanes_.lane(1);
};

// Readable is exactly what may take a frame: else its thread would spin.
TEST_F(DeskLanesTest, TheOneThatHasFewestTakesTheNext) {
  EXPECT_FALSE(is_readable(a_));
  std::vector<FrameDesk::Ticket> tickets;
  for (uint8_t i = 0; i < 6; ++i) tickets.push_back(give(i));
  EXPECT_TRUE(is_readable(a_) && is_readable(b_));
  EXPECT_EQ(a_.next(), Frame{0});
  EXPECT_FALSE(is_readable(a_));
  EXPECT_FALSE(a_.next());
  EXPECT_EQ(b_.next(), Frame{1});
  EXPECT_EQ(b_.next(), Frame{2});
  EXPECT_FALSE(b_.next());
  EXPECT_EQ(a_.next(), Frame{3});
  EXPECT_FALSE(is_readable(a_) || is_readable(b_));
  EXPECT_EQ(desk_.counts().under_way, 4);
  EXPECT_EQ(desk_.counts().waiting, 2);
  // Answers come in any order.
  b_.take({10});
  EXPECT_EQ(tickets[1].get().output, Frame{10});
  EXPECT_FALSE(is_done(tickets[0]));
  EXPECT_TRUE(is_readable(b_));
  EXPECT_FALSE(is_readable(a_));
}

TEST_F(DeskLanesTest, FramesUnderWayAreRoomThatIsTaken) {
  for (uint8_t i = 0; i < 8; ++i) static_cast<void>(give(i));
  static_cast<void>(a_.next());
  EXPECT_FALSE(desk_.give({9}));
  a_.take({});
  EXPECT_TRUE(desk_.give({9}));
}

TEST_F(DeskLanesTest, AnotherOneRunsTheFramesOfALostNode) {
  FrameDesk::Ticket t[] = {give(0), give(1), give(2), give(3)};
  EXPECT_EQ(a_.next(), Frame{0});
  EXPECT_EQ(b_.next(), Frame{1});
  EXPECT_EQ(a_.next(), Frame{2});
  a_.repeats();
  a_.fails(Error(Exit::kNode, "gone"));
  a_.stands_still("gone");
  EXPECT_EQ(desk_.standstill(), "");
  EXPECT_FALSE(is_done(t[0]));
  b_.take({11});
  for (const uint8_t frame : {0, 2, 3}) {
    EXPECT_EQ(b_.next(), Frame{frame});
    b_.take({static_cast<uint8_t>(10 + frame)});
  }
  for (int i = 0; i < 4; ++i) {
    const FrameResult r = t[i].get();
    EXPECT_EQ(r.output, Frame{static_cast<uint8_t>(10 + i)});
    EXPECT_EQ(r.repeats, i == 0 || i == 2 ? 1 : 0);
    EXPECT_FALSE(r.failure);
  }
  EXPECT_EQ(desk_.counts().repeats, 2);
  // It comes back.
  a_.stands_still("");
  auto next = give(5);
  EXPECT_TRUE(is_readable(a_));
  EXPECT_EQ(a_.next(), Frame{5});
}

TEST_F(DeskLanesTest, WithoutAnyNodeFramesFail) {
  FrameDesk::Ticket t[] = {give(0), give(1), give(2)};
  EXPECT_EQ(a_.next(), Frame{0});
  EXPECT_EQ(b_.next(), Frame{1});
  for (DeskLane* const lane : {&a_, &b_}) {
    lane->repeats();
    lane->fails(Error(Exit::kNode, "gone"));
    lane->stands_still("gone");
  }
  for (auto& ticket : t) EXPECT_STREQ(ticket.get().failure->what(), "gone");
  EXPECT_EQ(desk_.standstill(), "gone");
  EXPECT_FALSE(desk_.give({3}));
  b_.stands_still("");
  EXPECT_TRUE(desk_.give({3}));
  EXPECT_EQ(b_.next(), Frame{3});
}

// All nodes answer, and the frame may be the reason.
TEST_F(DeskLanesTest, AFrameThatFailsByItselfIsNotRunAgain) {
  FrameDesk::Ticket t[] = {give(0), give(1), give(2)};
  EXPECT_EQ(a_.next(), Frame{0});
  EXPECT_EQ(b_.next(), Frame{1});
  a_.fails(Error(Exit::kNode, "odd"));
  EXPECT_STREQ(t[0].get().failure->what(), "odd");
  EXPECT_FALSE(is_done(t[1]) || is_done(t[2]));
  EXPECT_EQ(a_.next(), Frame{2});
}

// A frame of the other one may still come back.
TEST_F(DeskLanesTest, EndsWhenAllFramesHaveTheirAnswers) {
  FrameDesk::Ticket t[] = {give(0), give(1)};
  EXPECT_EQ(a_.next(), Frame{0});
  EXPECT_EQ(b_.next(), Frame{1});
  desk_.close();
  a_.take({});
  EXPECT_FALSE(a_.ended());
  EXPECT_TRUE(b_.ended());
  EXPECT_FALSE(is_readable(a_));
  b_.repeats();
  b_.fails(Error(Exit::kNode, "gone"));
  b_.stands_still("gone");
  EXPECT_EQ(a_.next(), Frame{1});
  a_.take({7});
  EXPECT_EQ(t[1].get().output, Frame{7});
  EXPECT_TRUE(a_.ended());
}

// As with `serve --replicas`: an engine in a thread for each lane, which loses
// its node now and then, senders, and one who looks at all of them.
// tools/race_tests.sh runs it under ThreadSanitizer, too.
TEST(DeskLanesInThreads, EachFrameHasItsAnswerThoughNodesAreLost) {
  constexpr int kLanes = 3, kSenders = 2, kEach = 300;
  FrameDesk desk(8);
  DeskLanes lanes(desk, kLanes);
  std::atomic<int> lost = 0;
  const auto run = [&](int number) {
    DeskLane& lane = lanes.lane(static_cast<size_t>(number));
    for (int turn = 1; !lane.ended(); ++turn) {
      wait_for(lane);
      const std::optional<std::vector<uint8_t>> input = lane.next();
      ClusterStatus status;
      status.losses = turn;
      lane.heed(status);
      if (!input) continue;
      // The last lane always runs, so that frames have somebody to go to.
      if (number + 1 < kLanes && turn % 7 == number) {
        ++lost;
        lane.repeats();
        lane.fails(Error(Exit::kNode, "gone"));
        lane.stands_still("gone");
        std::this_thread::yield();
        lane.stands_still("");
        continue;
      }
      std::vector<uint8_t> output = *input;
      output.push_back(99);
      lane.take(output);
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < kLanes; ++i) threads.emplace_back(run, i);
  std::vector<std::thread> senders;
  for (int s = 0; s < kSenders; ++s) {
    senders.emplace_back([&desk, s] {
      for (int i = 0; i < kEach; ++i) {
        const std::vector<uint8_t> input{uint8_t(s), uint8_t(i),
                                         uint8_t(i >> 8)};
        std::vector<uint8_t> output = input;
        output.push_back(99);
        auto ticket = desk.give_when_free(input);
        ASSERT_TRUE(ticket);
        EXPECT_EQ(ticket->get().output, output);
      }
    });
  }
  std::thread looks([&] {
    while (!desk.closed()) {
      EXPECT_LE(desk.counts().under_way, 2 * kLanes);
      EXPECT_EQ(desk.standstill(), "");
      EXPECT_GE(desk.cluster().losses, 0);
      std::this_thread::yield();
    }
  });
  for (std::thread& t : senders) t.join();
  desk.close();
  looks.join();
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(desk.counts().done, kSenders * kEach);
  EXPECT_EQ(desk.counts().failed, 0);
  EXPECT_GT(lost, 0);
}

TEST_F(DeskLanesTest, TellsOfAllNodesAndOfEachEventOnce) {
  ClusterStatus one, other;
  one.nodes = {{"a", "x:1"}};
  one.events = {"first"};
  one.losses = 1;
  other.nodes = {{"b", "x:2"}};
  other.losses = 2;
  other.events = {"second", "third"};
  a_.heed(one);
  b_.heed(other);
  one.events = {"first", "fourth"};
  a_.heed(one);
  b_.heed(other);
  const ClusterStatus all = desk_.cluster();
  ASSERT_EQ(all.nodes.size(), 2u);
  EXPECT_EQ(all.nodes[1].name, "b");
  EXPECT_EQ(all.losses, 3);
  EXPECT_EQ(all.events,
            (std::vector<std::string>{"first", "second", "third", "fourth"}));
}

}  // namespace
}  // namespace shoal
