#include "host/base/size.h"

#include <gtest/gtest.h>

#include "host/base/error.h"

namespace shoal {
namespace {

TEST(Size, UnitsAndDecimals) {
  EXPECT_EQ(parse_size("0", "--ram"), 0);
  EXPECT_EQ(parse_size("1234", "--ram"), 1234);
  EXPECT_EQ(parse_size("160K", "--ram"), 163840);
  EXPECT_EQ(parse_size("8.5K", "--ram"), 8704);
  EXPECT_EQ(parse_size("1.5M", "--ram"), 1572864);
  EXPECT_EQ(parse_size("0.35K", "--ram"), 358);
}

TEST(Size, MegabytesOfTrafficAreMillions) {
  constexpr int64_t kMillion = 1000000;
  for (int64_t tenths = 0; tenths < 1000; ++tenths) {
    const std::string text =
        std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + "M";
    EXPECT_EQ(parse_size(text, "--max-traffic", kMillion),
              tenths * kMillion / 10)
        << text;
  }
  EXPECT_EQ(parse_size("4.35M", "--max-traffic", kMillion), 4350000);
  EXPECT_EQ(parse_size("2K", "--max-traffic", kMillion), 2048);
}

TEST(Size, WhatIsNoSizeIsNamed) {
  for (const char* bad : {"", "K", "-1", "1G", "1KB", "1 K", "x", "1e3", "nan",
                          "inf", "1.2.3", "99999999999999999M"}) {
    try {
      parse_size(bad, "--ram");
      ADD_FAILURE() << bad;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kUsage);
      EXPECT_NE(std::string(e.what()).find("--ram"), std::string::npos);
    }
  }
}

TEST(Size, PrintsForPeople) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(-1234567), "-1,234,567");
  EXPECT_EQ(format_bytes(163840), "163,840 B (160.0 KB)");
}

}  // namespace
}  // namespace shoal
