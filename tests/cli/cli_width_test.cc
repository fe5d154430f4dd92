// The output of every verb fits 80 columns unless it is told otherwise: help,
// tables, results and messages.
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/cli/listed_flags.h"
#include "tests/command.h"
#include "tests/expect_told.h"

namespace shoal {
namespace {

class CliWidth : public testing::Test {
 protected:
  CliWidth() {
    const std::string models = std::string(SHOAL_SOURCE_DIR) + "/models/";
    // A short name, since a name is never broken.
    std::filesystem::copy_file(models + "fashion_mobilenet_v2.tflite",
                               shop_.path("m.tflite"));
    std::filesystem::create_directories(shop_.path("p/0"));
    std::filesystem::copy_file(models + "samples/bag/0.png",
                               shop_.path("p/0/bag.png"));
    std::filesystem::copy_file(models + "samples/bag/0.png",
                               shop_.path("bag.png"));
  }
  // As where nobody has set COLUMNS; stdout is no terminal.
  Told narrow(const std::string& words) {
    return shop_.script("unset COLUMNS; $SHOAL " + words);
  }
  void fits(const std::string& words, int code = 0) {
    const Told told = narrow(words);
    EXPECT_EQ(told.code, code) << words << "\n" << told.err;
    EXPECT_FALSE(told.out.empty() && told.err.empty()) << words;
    for (const std::string& text : {told.out, told.err}) {
      for (const std::string& line : lines_of(text)) {
        EXPECT_LE(line.size(), 80u) << words << ":\n" << line;
      }
    }
  }
  Workshop shop_;
};

TEST_F(CliWidth, HelpOfEveryVerb) {
  for (const std::string& verb : listed_verbs(shop_)) {
    fits(verb + " --help");
    fits(verb + " --help-all");
  }
  fits("--help");
}

TEST_F(CliWidth, TablesAndResults) {
  // A named strategy is planned in a moment.
  const std::string nodes =
      " --nodes 3 --board teensy41 --ram 24K --strategy spatial";
  for (const std::string& words : std::vector<std::string>{
           "ops",
           "boards",
           "doctor",
           "formats",
           "formats cluster.toml",
           "formats cuts.toml",
           "inspect m.tflite",
           "plan m.tflite",
           "plan m.tflite --board teensy41 --flash 0 --ram 24K",
           "plan m.tflite" + nodes,
           "plan m.tflite --explain" + nodes,
           "plan m.tflite --explain --board teensy41",
           "plan m.tflite --pareto f.csv --nodes 2",
           "plan m.tflite --nodes 20 --board teensy41 --strategy spatial",
           "run m.tflite bag.png --ram 32K",
           "run m.tflite bag.png" + nodes,
           "run m.tflite bag.png --flash 0 --ram 32K",
           "verify m.tflite bag.png --ram 32K",
           "verify m.tflite bag.png" + nodes,
           "simulate m.tflite bag.png --board teensy41",
           "simulate m.tflite bag.png --board teensy41 --flash 0 --ram 24K",
           "simulate m.tflite bag.png" + nodes,
           "build m.tflite --flash 0 --ram 512K --store d",
           "export m.tflite bag.png --as c --board mps2-an386 -o proj",
           "evaluate m.tflite p",
           "keygen -o k.key"}) {
    fits(words);
  }
}

TEST_F(CliWidth, Messages) {
  for (const auto& [words, code] : std::vector<std::pair<std::string, int>>{
           {"", 2},
           {"pln", 2},
           {"plan", 2},
           {"plan m.tflite --bord x", 2},
           {"plan m.tflite --ram 12Q", 2},
           {"plan m.tflite --ram 3K", 3},
           {"plan m.tflite --nodes 2 --ram 3K", 3},
           {"plan m.tflite --max-latency 1us", 3},
           {"plan m.tflite --strategy kernel", 2},
           {"plan m.tflite --board nothing", 2},
           {"plan gone.tflite", 2},
           {"run m.tflite bag.png --fit crp", 2},
           {"run m.tflite bag.png --loss 10%", 2},
           {"run m.tflite gone.png", 2},
           {"run m.tflite bag.png --workers 127.0.0.1:9 --node-timeout 1", 2},
           {"run m.tflite bag.png --workers 127.0.0.1:9 --insecure "
            "--node-timeout 1",
            6},
           {"discover 127.0.0.1:9 --insecure --node-timeout 1", 6},
           {"emulate m.tflite bag.png --board teensy41", 2},
           {"export m.tflite --as nothing --board host -o proj", 2},
           {"deploy m.tflite", 2},
           {"formats nothing", 2},
           {"worker --key gone.key", 2}}) {
    fits(words, code);
  }
}

TEST_F(CliWidth, WideHasAllColumns) {
  const std::string plan =
      "plan m.tflite --nodes 3 --board teensy41 --strategy spatial";
  const std::string all = narrow(plan + " --wide").out;
  const std::string some = narrow(plan).out;
  EXPECT_NE(all.find("flash B"), all.npos);
  EXPECT_EQ(all.find("--wide"), all.npos);
  EXPECT_NE(some.find("  --wide also shows flash B"), some.npos) << some;
  // COLUMNS says how wide the terminal is.
  EXPECT_EQ(shop_.script("COLUMNS=500 $SHOAL " + plan).out, all);
  // JSON does not depend on it.
  EXPECT_EQ(shop_.script("COLUMNS=60 $SHOAL " + plan + " --json").out,
            shop_.script("COLUMNS=500 $SHOAL " + plan + " --json").out);
}

}  // namespace
}  // namespace shoal
