#include "host/serve/frame_desk.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <thread>

namespace shoal {
namespace {

bool is_readable(const FrameDesk& desk) {
  pollfd p{desk.descriptor(), POLLIN, 0};
  return poll(&p, 1, 0) == 1;
}

TEST(FrameDesk, GivesFramesInOrder) {
  FrameDesk desk(4);
  EXPECT_FALSE(is_readable(desk));
  EXPECT_FALSE(desk.next());
  auto a = desk.give({1}), b = desk.give({2});
  ASSERT_TRUE(a && b);
  EXPECT_TRUE(is_readable(desk));
  EXPECT_EQ(desk.next(), std::vector<uint8_t>{1});
  EXPECT_TRUE(is_readable(desk));
  EXPECT_EQ(desk.next(), std::vector<uint8_t>{2});
  EXPECT_FALSE(is_readable(desk));
  desk.take({3});
  desk.repeats();
  desk.take({4});
  const FrameResult first = a->get(), second = b->get();
  EXPECT_EQ(first.output, std::vector<uint8_t>{3});
  EXPECT_EQ(first.frame, 0);
  EXPECT_EQ(first.repeats, 0);
  EXPECT_EQ(second.output, std::vector<uint8_t>{4});
  EXPECT_EQ(second.frame, 1);
  EXPECT_EQ(second.repeats, 1);
  const DeskCounts counts = desk.counts();
  EXPECT_EQ(counts.taken, 2);
  EXPECT_EQ(counts.done, 2);
  EXPECT_EQ(counts.repeats, 1);
}

TEST(FrameDesk, RefusesWhatItHasNoRoomFor) {
  FrameDesk desk(2);
  const auto a = desk.give({1}), b = desk.give({2});
  static_cast<void>(desk.next());
  EXPECT_FALSE(desk.give({3}));  // one waits, one is under way
  EXPECT_EQ(desk.refusal(), "2 frames wait already");
  desk.take({});
  EXPECT_TRUE(desk.give({3}));
  EXPECT_EQ(desk.counts().refused, 1);
}

TEST(FrameDesk, FailsAllThatHaveNoAnswer) {
  FrameDesk desk(4);
  auto a = desk.give({1}), b = desk.give({2});
  static_cast<void>(desk.next());
  desk.fails(Error(Exit::kNode, "gone"));
  desk.stands_still("no node is left");
  EXPECT_STREQ(a->get().failure->what(), "gone");
  EXPECT_STREQ(b->get().failure->what(), "gone");
  EXPECT_FALSE(is_readable(desk));
  EXPECT_FALSE(desk.give({3}));
  EXPECT_EQ(desk.refusal(), "no node is left");
  desk.stands_still("");
  EXPECT_TRUE(desk.give({3}));
  EXPECT_EQ(desk.counts().failed, 2);
}

TEST(FrameDesk, AClosedOneGivesWhatItHas) {
  FrameDesk desk(1);
  auto a = desk.give({1});
  std::thread sender([&] { EXPECT_FALSE(desk.give_when_free({2})); });
  desk.close();
  sender.join();
  EXPECT_TRUE(desk.ended());
  EXPECT_TRUE(is_readable(desk));
  EXPECT_EQ(desk.next(), std::vector<uint8_t>{1});
  EXPECT_FALSE(desk.next());
  EXPECT_TRUE(is_readable(desk));
  EXPECT_FALSE(desk.give({2}));
  desk.take({9});
  EXPECT_EQ(a->get().output, std::vector<uint8_t>{9});
}

TEST(FrameDesk, SendersWaitForRoom) {
  FrameDesk desk(1);
  auto a = desk.give({1});
  std::optional<FrameDesk::Ticket> b;
  std::thread sender([&] { b = desk.give_when_free({2}); });
  static_cast<void>(desk.next());
  desk.take({3});
  sender.join();
  ASSERT_TRUE(b);
  static_cast<void>(desk.next());
  desk.take({4});
  EXPECT_EQ(b->get().output, std::vector<uint8_t>{4});
}

}  // namespace
}  // namespace shoal
