#include "host/engine/virtual/network_flags.h"

#include <gtest/gtest.h>

#include "host/base/error.h"

namespace shoal {
namespace {

TEST(NetworkFlags, WhatIsNotGivenStaysTheBoards) {
  SimOptions options;
  apply({}, options);
  EXPECT_FALSE(options.bits_per_s);
  EXPECT_FALSE(options.latency);
  EXPECT_EQ(options.network.loss, 0);
  EXPECT_EQ(options.network.medium, Medium::kSwitch);
  apply({.loss = "5%", .rate = "1M", .network = "radio", .seed = 9}, options);
  EXPECT_DOUBLE_EQ(options.network.loss, 0.05);
  EXPECT_EQ(options.bits_per_s, 1e6);
  EXPECT_EQ(options.network.medium, Medium::kRadio);
  EXPECT_EQ(options.network.seed, 9u);
  EXPECT_FALSE(options.lost_node);
  EXPECT_THROW(apply({.network = "mesh"}, options), Error);
  apply({.power_loss = "2@5ms"}, options);
  EXPECT_EQ(options.lost_node, 2);
  EXPECT_EQ(options.lost_after, 5 * kMillisecond);
  for (const char* bad : {"2", "@5ms", "-1@5ms", "2@5", "x@5ms", "2@"}) {
    EXPECT_THROW(apply({.power_loss = bad}, options), Error) << bad;
  }
}

}  // namespace
}  // namespace shoal
