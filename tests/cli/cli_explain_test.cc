// `plan --explain` between nodes: who waits for rows and what links carry, as
// the plan has it beside what virtual time makes of it.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/command.h"

namespace shoal {
namespace {

using nlohmann::json;

std::vector<std::string> explained(const char* nodes) {
  return {"plan",
          std::string(SHOAL_SOURCE_DIR) + "/models/fashion_mobilenet_v2.tflite",
          "--board",
          "teensy41",
          "--strategy",
          "spatial",
          "--explain",
          "--nodes",
          nodes};
}

void expect_near(const json& beside) {
  const double simulated = beside["simulated_us"];
  EXPECT_NEAR(beside["planned_us"].get<double>(), simulated,
              0.1 * simulated + 200)
      << beside;
}

TEST(CliExplain, WaitsAndLinksArePlannedAsSimulated) {
  Workshop shop;
  std::vector<std::string> how = explained("2");
  const Told text = shop.shoal(how);
  ASSERT_EQ(text.code, 0) << text.err;
  how.emplace_back("--json");
  const Told told = shop.shoal(how);
  ASSERT_EQ(told.code, 0) << told.err;
  const json e = json::parse(told.out)["explanation"];
  double waited = 0, link = 0;
  for (const json& s : e["segments"]) {
    for (const char* key : {"slowest_waits", "longest_wait", "busiest_link"}) {
      expect_near(s[key]);
    }
    EXPECT_EQ(s["slowest_waits"]["of"], s["node"]);
    EXPECT_LE(s["slowest_waits"]["simulated_us"],
              s["longest_wait"]["simulated_us"]);
    waited += s["longest_wait"]["simulated_us"].get<double>();
    link = std::max(link, s["busiest_link"]["simulated_us"].get<double>());
  }
  EXPECT_GT(waited, 0);
  waited += e["end_wait"]["simulated_us"].get<double>();
  // For one node the sum is no more than each segment's most.
  expect_near(e["longest_wait"]);
  EXPECT_LE(e["longest_wait"]["simulated_us"], waited + 1e-6);
  EXPECT_LT(waited, e["simulated_us"]);
  expect_near(e["busiest_link"]);
  EXPECT_GE(e["busiest_link"]["simulated_us"], link);
  // The picture's 9,216 bytes at 100 Mbit/s at least.
  EXPECT_GT(e["busiest_link"]["simulated_us"], 9216 * 8 / 100.0);

  // The same in the table: a row for each segment and two more.
  std::istringstream lines(text.out);
  std::string line;
  while (std::getline(lines, line) && line.find("longest wait") == line.npos)
    ;
  // A time of three digits with its unit.
  const auto next_us = [&lines] {
    double value = 0;
    std::string unit;
    lines >> value >> unit;
    return value * (unit == "us" ? 1 : unit == "ms" ? 1e3 : 1e6);
  };
  const auto expect_told = [](double told, double exact) {
    EXPECT_NEAR(told, exact, 0.0051 * exact + 1e-3);
  };
  for (const json& s : e["segments"]) {
    int segment = -1;
    std::string slash;
    ASSERT_TRUE(lines >> segment) << text.out;
    EXPECT_EQ(segment, s["segment"]);
    const auto expect_pair = [&](const json& beside) {
      expect_told(next_us(), beside["planned_us"]);
      lines >> slash;
      EXPECT_EQ(slash, "/") << text.out;
      expect_told(next_us(), beside["simulated_us"]);
    };
    expect_pair(s["slowest_waits"]);
    expect_pair(s["longest_wait"]);
    std::getline(lines, line);
  }
  // Nobody is the slowest of a frame, and no link is busy for nobody.
  for (const char* row : {"end", "frame"}) {
    std::string name, slowest;
    ASSERT_TRUE(lines >> name >> slowest);
    EXPECT_EQ(name, row);
    EXPECT_EQ(slowest, "-") << text.out;
    std::getline(lines, line);
  }
}

// A node alone waits for nobody and has no link to say anything of.
TEST(CliExplain, NothingOfLinksIsToldWithoutThem) {
  Workshop shop;
  std::vector<std::string> how = explained("2");
  how.resize(4);
  how.emplace_back("--explain");
  const Told text = shop.shoal(how);
  EXPECT_EQ(text.out.find("busiest link"), std::string::npos);
  how.emplace_back("--json");
  const json e = json::parse(shop.shoal(how).out)["explanation"];
  EXPECT_FALSE(e.contains("busiest_link"));
  EXPECT_FALSE(e["segments"][0].contains("longest_wait"));
}

}  // namespace
}  // namespace shoal
