#include "device/agent/silence.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

TEST(SilenceLimits, IsThreeHeartbeats) {
  const SilenceLimits ethernet = silence_of(400, 600, 0);
  EXPECT_EQ(ethernet.limit_us, 300'000u);
  EXPECT_EQ(ethernet.heartbeat_us, 100'000u);
  EXPECT_EQ(ethernet.again_us, 10'000u);
  EXPECT_EQ(silence_of(2'000, 2'800, 0).limit_us, 600'000u);
  EXPECT_EQ(silence_of(5'000, 13'000, 0).limit_us, 1'000'000u);
}

// Else every long slice would be a false alarm.
TEST(SilenceLimits, IsLongerThanSlices) {
  EXPECT_EQ(silence_of(500, 1'000, 200'000).limit_us, 810'000u);
  EXPECT_EQ(silence_of(500'000, 900'000, 0).limit_us, 9'000'000u);
}

// Several questions without an answer are a silence, not one.
TEST(SilenceLimits, HasManyQuestions) {
  for (const uint64_t trip : {100u, 1'000u, 10'000u, 100'000u}) {
    for (const uint64_t slice : {0u, 1'000u, 50'000u, 500'000u}) {
      const SilenceLimits s = silence_of(trip, 2 * trip, slice);
      EXPECT_GE((s.limit_us - s.heartbeat_us) / s.again_us, 5u)
          << trip << " " << slice;
    }
  }
}

}  // namespace
}  // namespace shoal
