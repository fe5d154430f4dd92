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

TEST(Size, EverySpellingOfASuffix) {
  for (const char* text : {"32768", "32768B", "0x8000", "0X8000", "32K", "32k",
                           "32KB", "32kb", "32Kb", "32KiB", "32.0KiB"}) {
    EXPECT_EQ(parse_size(text, "--ram"), 32768) << text;
  }
  for (const char* text : {"1M", "1m", "1MB", "1MiB", "1024K", "0x100000"}) {
    EXPECT_EQ(parse_size(text, "--max-traffic"), 1048576) << text;
  }
  for (const char* text : {"2G", "2GB", "2GiB", "2048M"}) {
    EXPECT_EQ(parse_size(text, "--flash"), int64_t{1} << 31) << text;
  }
}

// Every whole number of bytes that people write in decimal is exact.
TEST(Size, TenthsOfAKilobyteAreRoundedDown) {
  for (int64_t tenths = 0; tenths < 20000; ++tenths) {
    const std::string text =
        std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + "K";
    EXPECT_EQ(parse_size(text, "--ram"), tenths * 1024 / 10) << text;
  }
}

TEST(Size, WhatIsNoSizeIsNamed) {
  for (const char* bad : {"",
                          "K",
                          "KB",
                          "B",
                          "-1",
                          "-1K",
                          "1 K",
                          "x",
                          "1e3",
                          "nan",
                          "inf",
                          "1.2.3",
                          "1Ki",
                          "1iB",
                          "1KiBs",
                          "1T",
                          "1KK",
                          "0x",
                          "0x10K",
                          "0xg",
                          "0x-1",
                          "x8000",
                          "1.5.K",
                          "0x1.8",
                          "99999999999999999M",
                          "0xFFFFFFFFFFFFFFFF"}) {
    try {
      parse_size(bad, "--ram");
      ADD_FAILURE() << bad;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kUsage);
      EXPECT_EQ(e.what(), "--ram: '" + std::string(bad) + "' is not a size");
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
