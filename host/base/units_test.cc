#include "host/base/units.h"

#include <gtest/gtest.h>

#include "host/base/error.h"

namespace shoal {
namespace {

TEST(Units, AreWhatAPersonWrites) {
  EXPECT_DOUBLE_EQ(parse_probability("10%", "--loss"), 0.1);
  EXPECT_DOUBLE_EQ(parse_probability("0.25", "--loss"), 0.25);
  EXPECT_EQ(parse_duration("60us", "--latency"), 60'000);
  EXPECT_EQ(parse_duration("1.5ms", "--latency"), 1'500'000);
  EXPECT_EQ(parse_duration("2s", "--latency"), 2'000'000'000);
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

TEST(Units, EverythingElseIsRefusedByName) {
  expect_refused(parse_probability, "--loss",
                 {"", "100%", "1", "-1%", "ten", "10 %", "10%%", "nan", "1e3"});
  expect_refused(parse_duration, "--jitter",
                 {"", "1", "1m", "-1ms", "61s", "1 ms", "inf", "ms"});
  expect_refused(parse_rate, "--rate",
                 {"", "100", "0M", "-1M", "100m", "9999G", "M", "1e300M"});
}

}  // namespace
}  // namespace shoal
