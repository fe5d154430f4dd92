#include "host/engine/virtual/network_flags.h"

#include <gtest/gtest.h>

#include "host/base/error.h"

namespace shoal {
namespace {

TEST(NetworkFlags, AreWhatAPersonWrites) {
  EXPECT_DOUBLE_EQ(parse_probability("10%", "--loss"), 0.1);
  EXPECT_DOUBLE_EQ(parse_probability("0.25", "--loss"), 0.25);
  EXPECT_EQ(parse_duration("60us", "--latency"), 60'000);
  EXPECT_EQ(parse_duration("1.5ms", "--latency"), 1'500'000);
  EXPECT_EQ(parse_duration("2s", "--latency"), 2 * kSecond);
  EXPECT_DOUBLE_EQ(parse_rate("100M", "--rate"), 100e6);
  EXPECT_DOUBLE_EQ(parse_rate("250K", "--rate"), 250e3);
  EXPECT_DOUBLE_EQ(parse_rate("1.5G", "--rate"), 1.5e9);
}

template <typename Parse>
void expect_refused(Parse parse, const char* flag,
                    std::initializer_list<const char*> texts) {
  for (const char* text : texts) {
    try {
      parse(text, flag);
      ADD_FAILURE() << flag << " " << text;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kUsage);
      EXPECT_EQ(std::string(e.what()).rfind(flag, 0), 0u) << e.what();
    }
  }
}

TEST(NetworkFlags, EverythingElseIsRefusedByName) {
  expect_refused(parse_probability, "--loss",
                 {"", "100%", "1", "-1%", "ten", "10 %", "10%%", "nan", "1e3"});
  expect_refused(parse_duration, "--jitter",
                 {"", "1", "1m", "-1ms", "61s", "1 ms", "inf", "ms"});
  expect_refused(parse_rate, "--rate",
                 {"", "100", "0M", "-1M", "100m", "9999G", "M", "1e300M"});
  SimOptions options;
  EXPECT_THROW(apply({.network = "mesh"}, options), Error);
}

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
  apply({.lose = "2@5ms"}, options);
  EXPECT_EQ(options.lost_node, 2);
  EXPECT_EQ(options.lost_after, 5 * kMillisecond);
  for (const char* bad : {"2", "@5ms", "-1@5ms", "2@5", "x@5ms", "2@"}) {
    EXPECT_THROW(apply({.lose = bad}, options), Error) << bad;
  }
}

}  // namespace
}  // namespace shoal
