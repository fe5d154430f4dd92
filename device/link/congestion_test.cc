#include "device/link/congestion.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

Pace paced(uint16_t most) {
  Pace p;
  start_pace(p, most);
  return p;
}

TEST(Congestion, GrowsToTheProgramsWindowOnlyIfUsed) {
  Pace p = paced(8);
  EXPECT_EQ(allowed_flights(p), 4);
  pace_acknowledged(p, 2, 3, 8);
  EXPECT_EQ(allowed_flights(p), 4);
  pace_acknowledged(p, 4, 4, 8);
  EXPECT_EQ(allowed_flights(p), 8);
  pace_acknowledged(p, 8, 8, 8);
  EXPECT_EQ(allowed_flights(p), 8);
  EXPECT_EQ(allowed_flights(paced(1)), 1);
  EXPECT_EQ(allowed_flights(paced(0xFFFF)), 4);
}

TEST(Congestion, IsHalvedOnceForWhatWasOnItsWay) {
  Pace p = paced(16);
  while (allowed_flights(p) < 16) pace_acknowledged(p, 4, 16, 16);
  pace_lost(p, 100, 116);
  EXPECT_EQ(allowed_flights(p), 8);
  pace_lost(p, 115, 120);
  EXPECT_EQ(allowed_flights(p), 8);
  pace_lost(p, 116, 124);
  EXPECT_EQ(allowed_flights(p), 4);
  pace_lost(p, 124, 130);
  pace_lost(p, 130, 132);
  EXPECT_EQ(allowed_flights(p), 2);
}

TEST(Congestion, OneMoreARoundTripAfterALoss) {
  Pace p = paced(16);
  pace_lost(p, 10, 12);
  ASSERT_EQ(allowed_flights(p), 2);
  int trips = 0;
  for (; allowed_flights(p) < 6; ++trips) {
    pace_acknowledged(p, allowed_flights(p), allowed_flights(p), 16);
  }
  EXPECT_GE(trips, 4);
  EXPECT_LE(trips, 6);
}

TEST(Congestion, SilenceLeavesOne) {
  Pace p = paced(16);
  pace_silent(p);
  EXPECT_EQ(allowed_flights(p), 1);
  pace_acknowledged(p, 1, 1, 16);
  EXPECT_EQ(allowed_flights(p), 2);
}

TEST(Congestion, WhatComesLateTellsItsRoundTrip) {
  Pace p = paced(8);
  uint32_t sent_us = 0;
  EXPECT_EQ(pace_watched(p, 5, ~0u, 3, sent_us), Watched::kOpen);
  pace_watch(p, 0xFFFFFFFF, 700, 3);
  pace_watch(p, 2, 800, 3);
  EXPECT_EQ(pace_watched(p, 0xFFFFFFFE, 1, 3, sent_us), Watched::kOpen);
  EXPECT_EQ(pace_watched(p, 1, 1, 3, sent_us), Watched::kOpen);
  EXPECT_EQ(pace_watched(p, 1, 5, 3, sent_us), Watched::kCame);
  EXPECT_EQ(sent_us, 700u);
  EXPECT_EQ(pace_watched(p, 1, 5, 3, sent_us), Watched::kOpen);
  // Later datagrams were answered too: the first answer may have been lost.
  pace_watch(p, 1, 900, 3);
  EXPECT_EQ(pace_watched(p, 3, 7, 3, sent_us), Watched::kCame);
  EXPECT_EQ(sent_us, 0u);
  EXPECT_EQ(pace_watched(p, 2, 7, 3, sent_us), Watched::kOpen);
}

TEST(Congestion, WhatLaterOnesHaveOvertakenByFarWasLost) {
  Pace p = paced(8);
  uint32_t sent_us = 0;
  pace_watch(p, 0xFFFFFFFF, 700, 0);
  EXPECT_EQ(pace_watched(p, 1, 3, 3, sent_us), Watched::kOpen);
  EXPECT_EQ(pace_watched(p, 2, 7, 3, sent_us), Watched::kLost);
  EXPECT_EQ(pace_watched(p, 2, 7, 3, sent_us), Watched::kOpen);
  pace_watch(p, 5, 700, 6);
  EXPECT_EQ(pace_watched(p, 40, ~0u, 3, sent_us), Watched::kLost);
}

TEST(Congestion, ACrowdIsAnUnknownOrALongRoundTrip) {
  Pace p = paced(8);
  EXPECT_TRUE(pace_crowded(p, 0, 500));
  pace_measured(p, 2000);
  pace_measured(p, 1000);
  pace_measured(p, 9000);
  EXPECT_NEAR(p.least_us, 1031, 1);
  EXPECT_FALSE(pace_crowded(p, 2500, 500));
  EXPECT_TRUE(pace_crowded(p, 2600, 500));
}

}  // namespace
}  // namespace shoal
