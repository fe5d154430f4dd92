#include "host/plan/cost/link_time.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

TEST(LinkTime, TheBusierDirectionTakesTheWire) {
  Board board;
  board.clock_hz = 1e6;
  board.link_bits_per_s = 8e6;  // a byte a microsecond
  board.framing_bytes = 100;
  board.datagram_us = 3;
  board.aead_cycles_per_byte = 2;
  const LinkTime t = link_time(1000, 3000, 4, board);
  // Every fourth datagram has an answer of its own.
  EXPECT_EQ(t.wire_ps, (3000 + 5 * 100 * 3 / 4) * int64_t{1000000});
  EXPECT_EQ(t.cpu_ps, (5 * 3 + 4000 * 2) * int64_t{1000000});
  board.link_bits_per_s = 0;
  EXPECT_EQ(link_time(1000, 3000, 4, board).wire_ps, 0);
}

TEST(LinkTime, WindowsAreOfTheLinkWithMostUnderWay) {
  Cluster cluster;
  cluster.nodes.resize(3);
  for (size_t n = 0; n < 3; ++n) {
    Board& board = cluster.nodes[n].board;
    board.link_bits_per_s = 8e6;  // a byte a microsecond
    board.link_latency_us = 100 * static_cast<double>(n);
  }
  constexpr int kFirst[] = {0}, kAll[] = {0, 1, 2};
  EXPECT_EQ(in_flight_bytes(cluster, kFirst, 1000), 2000);
  EXPECT_EQ(in_flight_bytes(cluster, kAll, 1000), 2000 + 2 * 200);
  cluster.nodes[1].board.link_bits_per_s = 1e30;
  EXPECT_EQ(in_flight_bytes(cluster, kAll, 1000), 2000 + 1'000'000'000);
}

TEST(LinkTime, WhatIsMadeInPiecesTakesMoreDatagrams) {
  EXPECT_EQ(datagrams_of(10'000, 1, 1000), 10);
  EXPECT_EQ(datagrams_of(10'000, 10, 1000), 10);
  EXPECT_EQ(datagrams_of(10'000, 50, 1000), 20);  // one in four of 40 more
  EXPECT_EQ(datagrams_of(10'100, 10, 1000), 13);  // 11, and 20 apart
}

TEST(LinkTime, NodesThatSendBothWaysWorkAtTheSameTime) {
  EXPECT_EQ(segment_ps({50, 70, 60}, {}, 10, 0), 70);
  EXPECT_EQ(segment_ps({50, 70, 60}, {{0, 1}, {1, 0}, {1, 2}, {2, 1}}, 1, 0),
            70);
}

TEST(LinkTime, APipelineWaitsForItsFirstBands) {
  const std::set<std::pair<int, int>> sends{{0, 1}, {1, 2}};
  EXPECT_EQ(segment_ps({50, 70, 60}, sends, 1, 0), 180);
  EXPECT_EQ(segment_ps({50, 70, 60}, sends, 11, 0), 80);
  EXPECT_EQ(segment_ps({50, 70, 60}, sends, 11, 1), 90);
  EXPECT_EQ(segment_ps({50, 70, 60}, sends, 2, 9), 180);
}

// Any node may have it, if it has a share.
TEST(LinkTime, ASegmentWaitsForTheSlowestLink) {
  Cluster cluster = uniform_cluster(3, find_board("teensy41"), std::nullopt);
  const int all[] = {0, 1, 2}, some[] = {0, 1};
  const int64_t even = segment_latency_ps(cluster, all);
  cluster.nodes[2].board.link_latency_us += 100;
  EXPECT_EQ(segment_latency_ps(cluster, all), even + int64_t{200} * 1000000);
  EXPECT_EQ(segment_latency_ps(cluster, some), even);
}

}  // namespace
}  // namespace shoal
