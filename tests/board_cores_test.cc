// Both cores of an emulated board: the bytes of one core, in little more than
// half of its instructions on the critical path.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/board_emulated.h"
#include "tests/bundled_files.h"
#include "tests/command.h"
#include "tests/expect_told.h"
#include "tests/shared.h"

namespace shoal {
namespace {

using nlohmann::json;

constexpr const char* kBoard = "mps2-an521";

class BoardCores : public testing::Test {
 protected:
  BoardCores() { emulated_board({}, kBoard); }  // or skipped

  json emulated(const std::string& model, std::vector<std::string> more) const {
    std::vector<std::string> line{"emulate", "--json",  "--seconds",
                                  "250",     "--board", kBoard};
    line.insert(line.end(), more.begin(), more.end());
    line.insert(line.end(), {model, "random:1"});
    return json::parse(expect_ok(shop_, line).out);
  }
  void expect_gain(const std::string& model, double least) const {
    SCOPED_TRACE(model);
    const json one = emulated(model, {"--cores", "1"});
    const json two = emulated(model, {});
    EXPECT_EQ(one.at("output_sha256"), two.at("output_sha256"));
    EXPECT_EQ(one.at("fixed_bytes"), two.at("fixed_bytes"));
    const double gain = double(one.at("frame_instructions")) /
                        double(two.at("frame_instructions"));
    EXPECT_GE(gain, least);
    EXPECT_LE(gain, 2);
  }

  Workshop shop_;
};

TEST_F(BoardCores, NearlyTwiceAsFastByCount) {
  expect_gain(kNetwork, 1.85);
  expect_gain(golden_model_file("kws_ref_model"), 1.6);
}

TEST_F(BoardCores, PlansKnowThem) {
  const auto seconds = [&](std::vector<std::string> more) {
    std::vector<std::string> line{"plan", "--json", "--board", kBoard,
                                  kNetwork};
    line.insert(line.end(), more.begin(), more.end());
    return double(json::parse(expect_ok(shop_, line).out).at("latency_s"));
  };
  const double two = seconds({});
  EXPECT_GT(seconds({"--cores", "1"}) / two, 1.7);
  EXPECT_EQ(seconds({"--cores", "2"}), two);
  const Told none =
      shop_.shoal({"plan", "--cores", "2", "--board", "mps2-an505", kNetwork});
  EXPECT_EQ(none.code, 2);
  EXPECT_NE(none.err.find("--cores 2: shoal uses one core of board mps2-an505"),
            std::string::npos)
      << none.err;
}

}  // namespace
}  // namespace shoal
