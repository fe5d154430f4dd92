// `--plan FILE` and the cache of plans: a plan is searched for once, what it
// computes is the same, and what is no plan for these nodes is refused.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/model/import/testing/model_builder.h"
#include "tests/command.h"
#include "tests/expect_told.h"

namespace shoal {
namespace {

using nlohmann::json;

std::vector<uint8_t> small_model(int channels) {
  ModelBuilder b;
  const int x = b.input({1, 24, 20, 3}, {0.05f, -3});
  const auto count = static_cast<size_t>(channels) * 27;
  const int w = b.weights({channels, 3, 3, 3}, std::vector<int8_t>(count, 3),
                          {0.004f}, 0);
  b.output(b.conv(x, w, -1, {0.05f, 2}));
  return b.finish();
}

class CliPlanFile : public testing::Test {
 protected:
  CliPlanFile() {
    shop_.write("m.tflite", small_model(16));
    shop_.write("other.tflite", small_model(24));
    shop_.write("x.bin", std::vector<uint8_t>(24 * 20 * 3, 7));
  }
  // Runs a script with a cache in the folder.
  Told cached(const std::string& lines) const {
    return shop_.script("export XDG_CACHE_HOME=$PWD/cache\n" + lines);
  }
  size_t plans_kept() const {
    const auto folder = shop_.folder() / "cache/shoal/plans";
    if (!std::filesystem::exists(folder)) return 0;
    const std::filesystem::directory_iterator all(folder);
    return static_cast<size_t>(std::distance(begin(all), end(all)));
  }
  Workshop shop_;
};

TEST_F(CliPlanFile, AWrittenPlanIsTheReportWithThePlanItself) {
  const Told told = expect_ok(shop_, {"plan", "m.tflite", "--board",
                                      "stm32f746", "--json", "-o", "p.json"});
  json written = json::parse(shop_.read_text("p.json"));
  EXPECT_EQ(written.erase("stored"), 1u);
  EXPECT_EQ(written, json::parse(told.out));
}

// An exported project pushes each row once.
TEST_F(CliPlanFile, APlanWhoseRowsComeAgainIsNotExported) {
  const std::string model =
      std::string(SHOAL_SOURCE_DIR) + "/models/fashion_mobilenet_v2.tflite";
  expect_ok(shop_, {"plan", model, "--board", "teensy41", "--ram", "12K",
                    "--replay", "-o", "p.json"});
  const Told told =
      shop_.shoal({"export", model, "--as", "c", "--board", "teensy41", "--ram",
                   "12K", "--plan", "p.json", "-o", "project"});
  EXPECT_EQ(told.code, 4);
  EXPECT_NE(told.err.find("the plan was made with --replay"), std::string::npos)
      << told.err;
  EXPECT_NE(told.err.find("plan without --replay"), std::string::npos);
}

TEST_F(CliPlanFile, APlanRunsWithoutASearch) {
  expect_ok(shop_, {"plan", "m.tflite", "--nodes", "3", "-o", "p.json"});
  expect_ok(shop_, {"run", "m.tflite", "x.bin", "--nodes", "3", "--plan",
                    "p.json", "-o", "given"});
  expect_ok(shop_, {"run", "m.tflite", "x.bin", "-o", "alone"});
  EXPECT_EQ(shop_.read("given"), shop_.read("alone"));
  const Told told = expect_ok(shop_, {"verify", "m.tflite", "x.bin", "--nodes",
                                      "3", "--plan", "p.json"});
  EXPECT_NE(told.out.find("equal byte for byte"), std::string::npos);
  // The plan that was given is written as it was.
  expect_ok(shop_, {"plan", "m.tflite", "--nodes", "3", "--plan", "p.json",
                    "-o", "again.json"});
  const auto stored = [this](const char* file) {
    return json::parse(shop_.read_text(file)).at("stored");
  };
  EXPECT_EQ(stored("again.json"), stored("p.json"));
}

TEST_F(CliPlanFile, WhatIsNoPlanForTheseNodesIsRefused) {
  expect_ok(shop_, {"plan", "m.tflite", "--nodes", "2", "-o", "p.json"});
  const auto refused = [this](std::vector<std::string> more, int code,
                              const std::string& part) {
    std::vector<std::string> all{"run", "m.tflite", "x.bin", "--plan",
                                 "p.json"};
    all.insert(all.end(), more.begin(), more.end());
    expect_refused(shop_.shoal(all), code, part);
  };
  refused({}, 2, "a plan of 2 nodes, not of 1 node without links");
  refused({"--nodes", "3"}, 2, "a plan of 2 nodes, not of 3 nodes");
  refused({"--nodes", "2", "--ram", "1K"}, 3, "takes an arena of");
  refused({"--nodes", "2", "--board", "rp2040"}, 2,
          "is planned for board host, not rp2040");
  refused({"--nodes", "2", "--strategy", "spatial"}, 2, "--strategy is for a");
  refused({"--nodes", "2", "--no-cache"}, 2, "--no-cache is for a search");
  expect_refused(shop_.shoal({"plan", "m.tflite", "--nodes", "2", "--plan",
                              "p.json", "--pareto", "front.csv"}),
                 2, "--plan and --pareto exclude each other");
  expect_refused(shop_.shoal({"run", "other.tflite", "x.bin", "--nodes", "2",
                              "--plan", "p.json"}),
                 2, "holds the plan of another network");
  shop_.write("p.json", {0x7B, 0x7D});  // {}
  refused({"--nodes", "2"}, 7, "p.json is not a plan");
  expect_refused(
      shop_.shoal({"run", "m.tflite", "x.bin", "--plan", "none.json"}), 2,
      "none.json");
}

// Clocks and links of a cluster's file may differ from those that the plan was
// made for.
TEST_F(CliPlanFile, FiguresAreThoseOfTheNodesThatRunThePlan) {
  expect_ok(shop_, {"plan", "m.tflite", "--nodes", "2", "--board", "teensy41",
                    "-o", "p.json"});
  const std::string nodes =
      "[defaults]\nboard = \"teensy41\"\nclock_mhz = 1\n"
      "[[node]]\nname = \"a\"\n[[node]]\nname = \"b\"\n";
  shop_.write("slow.toml", {nodes.begin(), nodes.end()});
  const json plan =
      json::parse(expect_ok(shop_, {"plan", "m.tflite", "--cluster",
                                    "slow.toml", "--plan", "p.json", "--json"})
                      .out);
  EXPECT_GE(plan["latency_us"], plan["bound_us"]);
  EXPECT_EQ(plan["nodes"][0]["name"], "a");
}

TEST_F(CliPlanFile, APlanIsFoundAgain) {
  const std::string run = "$SHOAL run m.tflite x.bin --nodes 2 -o ";
  ASSERT_EQ(cached(run + "first").code, 0);
  EXPECT_EQ(plans_kept(), 1u);
  ASSERT_EQ(cached(run + "second").code, 0);
  EXPECT_EQ(plans_kept(), 1u);
  EXPECT_EQ(shop_.read("second"), shop_.read("first"));
  ASSERT_EQ(cached(run + "third --no-cache --ram 64K").code, 0);
  EXPECT_EQ(plans_kept(), 1u);
  ASSERT_EQ(cached(run + "third --ram 64K").code, 0);
  EXPECT_EQ(plans_kept(), 2u);
}

// The plan that lies there under the request's name is the one that is taken.
TEST_F(CliPlanFile, WhatIsFoundIsUsed) {
  const Told told = cached(
      "plan() { $SHOAL plan m.tflite --nodes 2 --json $*; }\n"
      "plan >/dev/null; auto=$(echo cache/shoal/plans/*)\n"
      "plan --strategy kernel >/dev/null\n"
      "for f in cache/shoal/plans/*; do [ $f = $auto ] || cp $f $auto; done\n"
      "plan");
  ASSERT_EQ(told.code, 0) << told.err;
  EXPECT_EQ(json::parse(told.out).at("strategy"), "kernel");
}

// A half-written file, or one that is none, is searched for again and mended;
// a folder that cannot be written is no error.
TEST_F(CliPlanFile, ADamagedCacheIsNone) {
  const std::string run = "$SHOAL run m.tflite x.bin --nodes 2 -o ";
  ASSERT_EQ(cached(run + "first").code, 0);
  const std::string spoil[] = {"truncate -s 2000 $f", "echo > $f",
                               "rm $f; mkdir $f", "rm -rf cache; touch cache"};
  for (const std::string& how : spoil) {
    const Told told =
        cached("f=$(echo cache/shoal/plans/*)\n" + how + "\n" + run + "second");
    EXPECT_EQ(told.code, 0) << how << "\n" << told.err;
    EXPECT_EQ(shop_.read("second"), shop_.read("first")) << how;
  }
}

// Four at once: each of them plans or takes a whole plan.
TEST_F(CliPlanFile, SeveralMayShareACache) {
  const Told told = cached(
      "for i in 1 2 3 4; do\n"
      "  $SHOAL run m.tflite x.bin --nodes 2 -o out$i >/dev/null & p+=($!)\n"
      "done\n"
      "for i in ${p[@]}; do wait $i || exit 9; done\n"
      "cmp out1 out2 && cmp out1 out3 && cmp out1 out4");
  EXPECT_EQ(told.code, 0) << told.err;
  EXPECT_EQ(plans_kept(), 1u);
}

}  // namespace
}  // namespace shoal
