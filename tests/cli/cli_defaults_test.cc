// shoal.toml has defaults for flags: flags win, what is unknown or dangerous is
// refused wherever it stands, and doctor says which file was read.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/command.h"
#include "tests/expect_told.h"

namespace shoal {
namespace {

const std::string kDefaultsNet =
    std::string(SHOAL_SOURCE_DIR) + "/models/fashion_mobilenet_v2.tflite";

class CliDefaults : public testing::Test {
 protected:
  void config(const std::string& text, const std::string& name = "shoal.toml") {
    const std::filesystem::path path = shop_.path(name);
    std::filesystem::create_directories(path.parent_path());
    shop_.write(name, {text.begin(), text.end()});
  }
  nlohmann::json plan(std::vector<std::string> words) {
    words.insert(words.begin(), {"plan", kDefaultsNet});
    return nlohmann::json::parse(expect_ok(shop_, words).out);
  }
  int64_t arena(const std::vector<std::string>& words) {
    return plan(words)["nodes"][0]["arena_bytes"].get<int64_t>();
  }
  void refused(const std::string& text, const std::string& what) {
    config(text);
    expect_refused(shop_.shoal({"doctor"}), 2, what);
  }
  Workshop shop_;
};

TEST_F(CliDefaults, FlagsOfTheVerbAreSet) {
  config(
      "[plan]\nram = \"24K\"\njson = true\n[run]\nram = 9\n"
      "[simulate]\nexplain = false\n");
  // `explain` is no flag of simulate.
  expect_refused(shop_.shoal({"plan", kDefaultsNet}), 2,
                 "shoal.toml:7: simulate: there is no flag --explain");
  config("[plan]\nram = \"24K\"\njson = true\n[run]\nram = 9\n");
  EXPECT_LE(arena({}), 24 * 1024);
  // Flags win.
  const std::vector<std::string> wide{"--ram", "64K"};
  EXPECT_GT(arena(wide), 24 * 1024);
  EXPECT_EQ(arena({"--ram=64K"}), arena(wide));
  EXPECT_EQ(plan({"--ram", "64K"}),
            plan({"--no-config", "--ram", "64K", "--json"}));
  EXPECT_GT(arena({"--no-config", "--json"}), 24 * 1024);
}

TEST_F(CliDefaults, ValuesOfEveryKind) {
  config(
      "[run]\nram = 65536\nmean = [127.5, 127.5, 127.5]\nstd = 127.5\n"
      "frames = 2\njson = true\nreplay = false\n");
  const std::string bag =
      std::string(SHOAL_SOURCE_DIR) + "/models/samples/bag/0.png";
  // The model's input has one channel, so three means are too many.
  const Told told = shop_.shoal({"run", kDefaultsNet, bag});
  EXPECT_EQ(told.code, 2) << told.out;
  EXPECT_NE(told.err.find("--mean"), std::string::npos) << told.err;
  const auto json = nlohmann::json::parse(
      expect_ok(shop_, {"run", kDefaultsNet, bag, "--mean", "127.5"}).out);
  EXPECT_EQ(json["frames"], 2);
}

TEST_F(CliDefaults, WhatIsExcludedByAFlagIsLeftOut) {
  config("[plan]\nexplain = true\nram = \"64K\"\n");
  expect_ok(shop_, {"plan", kDefaultsNet, "--pareto", "front.csv"});
}

TEST_F(CliDefaults, UnknownKeysAreErrorsInEveryTable) {
  refused("[pln]\nram = 1\n", "shoal.toml:1: 'pln' is not a table of a verb");
  refused("ram = \"1K\"\n", "shoal.toml:1: 'ram' is not a table of a verb");
  refused("[plan]\nbord = \"host\"\n",
          "shoal.toml:2: plan: there is no flag --bord\n"
          "  did you mean `board`?");
  refused("[run]\nMODEL = \"m\"\n", "there is no flag --MODEL");
  refused("[plan]\nreplay = \"yes\"\n", "replay is neither true nor false");
  refused("[plan]\nram = { x = 1 }\n", "ram is not a text, a number or a list");
  refused("[plan]\nram = \n", "shoal.toml:2");
}

TEST_F(CliDefaults, NoFileSetsKeysTrustAddressesOrOutputs) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> cases{
      {"run",
       {"key", "insecure", "identity", "node-key", "store-key", "no-encrypt",
        "workers", "take-over", "cluster", "output", "output-dir", "trace",
        "store"}},
      {"plan", {"output", "pareto"}},
      {"worker", {"listen", "serial", "coordinator", "key", "insecure"}},
      {"deploy", {"leader", "workers"}},
      {"simulate", {"timeline", "insecure"}},
      {"emulate", {"serve", "state", "key"}},
      {"keygen", {"output", "force", "public"}},
      {"evaluate", {"resume", "output", "mpi"}}};
  for (const auto& [verb, flags] : cases) {
    for (const std::string& flag : flags) {
      refused("[" + verb + "]\n" + flag + " = \"x\"\n",
              "shoal.toml:2: " + verb + ": a file cannot set --" + flag);
    }
  }
}

TEST_F(CliDefaults, TheAdviceNamesTheFile) {
  config("[plan]\nstrategy = \"kernel\"\n");
  expect_refused(shop_.shoal({"plan", kDefaultsNet}), 2,
                 "shoal.toml sets --strategy; --no-config ignores it");
  EXPECT_EQ(shop_.shoal({"plan", kDefaultsNet, "--no-config"}).code, 0);
}

TEST_F(CliDefaults, DoctorSaysWhichFileWasRead) {
  setenv("XDG_CONFIG_HOME", shop_.path("xdg").c_str(), 1);
  const auto file = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words{"doctor", "--json"};
    words.insert(words.end(), more.begin(), more.end());
    return nlohmann::json::parse(expect_ok(shop_, words).out)["config"];
  };
  EXPECT_EQ(file({}), nullptr);
  config("[plan]\nram = \"24K\"\n", "xdg/shoal/shoal.toml");
  EXPECT_EQ(file({}), shop_.path("xdg/shoal/shoal.toml"));
  EXPECT_EQ(file({"--no-config"}), nullptr);
  EXPECT_LE(arena({"--json"}), 24 * 1024);
  // The one in this folder comes first.
  config("[plan]\nram = \"32K\"\n");
  EXPECT_EQ(file({}), "shoal.toml");
  const int64_t bytes = arena({"--json"});
  EXPECT_LE(bytes, 32 * 1024);
  EXPECT_GT(bytes, 24 * 1024);
  EXPECT_NE(expect_ok(shop_, {"doctor"}).out.find("config       shoal.toml"),
            std::string::npos);
  unsetenv("XDG_CONFIG_HOME");
}

TEST_F(CliDefaults, AFileThatIsTooLargeOrCutIsRefused) {
  const std::string whole = "[plan]\nram = \"24K\"\nreplay = true\n";
  for (size_t bytes = 0; bytes <= whole.size(); ++bytes) {
    config(whole.substr(0, bytes));
    const Told told = shop_.shoal({"doctor"});
    EXPECT_TRUE(told.code == 0 || told.code == 2) << bytes << told.err;
    if (told.code == 2) {
      EXPECT_NE(told.err.find("shoal.toml"), std::string::npos) << told.err;
    }
  }
  config(std::string((size_t{1} << 22) + 1, '#'));
  EXPECT_EQ(shop_.shoal({"doctor"}).code, 7);
}

}  // namespace
}  // namespace shoal
