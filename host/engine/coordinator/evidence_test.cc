#include "host/engine/coordinator/evidence.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

PingAnswer pong(uint32_t frames, uint16_t stage, uint32_t work = 0) {
  PingAnswer p{};
  p.frames = frames;
  p.stage = stage;
  p.work = work;
  return p;
}

TEST(Evidence, BytesAreNewsAPartOfAFrameAtATime) {
  Evidence e({1}, 1600);
  int news = 0;
  for (uint64_t bytes = 1; bytes <= 1600; ++bytes) news += e.seen(bytes);
  EXPECT_EQ(news, 16);
  EXPECT_FALSE(e.seen(1699));
  EXPECT_TRUE(e.seen(1700));
  Evidence small({1}, 3);
  EXPECT_TRUE(small.seen(1));
  EXPECT_TRUE(small.seen(2));
}

TEST(Evidence, FramesAreThoseThatWereSubmitted) {
  Evidence e({3, 3}, 1600);
  EXPECT_FALSE(e.said(0, pong(1, 0), 0));
  EXPECT_TRUE(e.said(0, pong(1, 0), 2));
  EXPECT_FALSE(e.said(0, pong(1, 0), 2));
  EXPECT_FALSE(e.said(0, pong(3, 0), 2));
  EXPECT_FALSE(e.said(0, pong(0, 0), 2));  // late
  EXPECT_TRUE(e.said(1, pong(2, 0), 2));
  EXPECT_FALSE(e.said(1, pong(0xFFFFFFFF, 0), 2));
  // They are counted mod 2^32.
  for (uint64_t f = 0x40000000; f <= 0x140000000; f += 0x40000000) {
    EXPECT_TRUE(e.said(0, pong(static_cast<uint32_t>(f), 0), f));
  }
}

TEST(Evidence, StagesChangeAsOftenAsAFrameHasAny) {
  Evidence e({3}, 1600);
  int news = 0;
  for (int i = 1; i < 100; ++i) {
    news += e.said(0, pong(0, static_cast<uint16_t>(i % 3)), 9);
  }
  EXPECT_EQ(news, 3);
  EXPECT_TRUE(e.said(0, pong(1, 0), 9));
  for (uint16_t s : {1, 2, 0}) EXPECT_TRUE(e.said(0, pong(1, s), 9));
  EXPECT_FALSE(e.said(0, pong(1, 1), 9));
}

// No claim holds a frame up more often than that.
TEST(Evidence, NewsOfAFrameAreBounded) {
  Evidence e({3, 0, 5}, 999);
  uint64_t news = 0;
  for (uint32_t i = 1; i < 10000; ++i) {
    news += e.seen(i < 999 ? i : 999);
    for (const size_t node : {size_t{0}, size_t{2}}) {
      news += e.said(node, pong(i, static_cast<uint16_t>(i)), 1);
    }
  }
  // The frame done, and its stages before and after.
  const uint64_t most = 16 + (1 + 2 * 3) + (1 + 2 * 5);
  EXPECT_LE(news, most);
  EXPECT_GT(2 * news, most);
}

TEST(Evidence, WhoClaimsMostIsNamed) {
  Evidence e({1, 1, 1}, 1600);
  for (const size_t node : {0, 1, 2}) {
    e.said(node, pong(0, 0, 0xFFFFFF00 + static_cast<uint32_t>(node)), 1);
  }
  e.begin_wait();
  EXPECT_EQ(e.busiest(), 0u);
  e.said(0, pong(0, 0, 0xFFFFFF03), 1);
  e.said(1, pong(0, 0, 0x10), 1);
  e.said(2, pong(0, 0, 0xFFFFFF09), 1);
  EXPECT_EQ(e.busiest(), 1u);
}

}  // namespace
}  // namespace shoal
