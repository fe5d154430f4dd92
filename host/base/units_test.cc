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

TEST(Units, ThreeDigitsAndAUnitThatFits) {
  const std::pair<double, const char*> times[] = {{0, "0 s"},
                                                  {1.234e-7, "123 ns"},
                                                  {6.37e-4, "637 us"},
                                                  {0.00099949, "999 us"},
                                                  {0.00099951, "1.00 ms"},
                                                  {0.0243984, "24.4 ms"},
                                                  {0.0999951, "100 ms"},
                                                  {0.9996, "1.00 s"},
                                                  {61.5, "61.5 s"},
                                                  {119, "119 s"},
                                                  {150, "2.50 min"},
                                                  {7200, "2.00 h"},
                                                  {172800, "2.00 days"},
                                                  {6.3e7, "729 days"},
                                                  {1e8, "3.17 years"},
                                                  {5e10, "1,580 years"}};
  for (const auto& [seconds, text] : times) {
    EXPECT_EQ(format_time(seconds), text) << seconds;
  }
  const std::pair<double, const char*> data[] = {{0, "0 B"},
                                                 {1023, "1,023 B"},
                                                 {1024, "1.00 KB"},
                                                 {14348, "14.0 KB"},
                                                 {1048575, "1.00 MB"},
                                                 {1048576, "1.00 MB"},
                                                 {123456789, "118 MB"},
                                                 {5e12, "4.55 TB"}};
  for (const auto& [bytes, text] : data) {
    EXPECT_EQ(format_data(bytes), text) << bytes;
  }
  EXPECT_EQ(format_three_digits(40.987), "41.0");
  EXPECT_EQ(format_three_digits(12345), "12,300");
  EXPECT_EQ(format_three_digits(999.6), "1,000");
  EXPECT_EQ(format_three_digits(0), "0.00");
}

}  // namespace
}  // namespace shoal
