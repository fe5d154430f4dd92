// Flags that contradict each other, or that nothing would obey, are refused by
// their names; budgets of a cluster are those of its file.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>

#include "host/base/testing/noise.h"
#include "host/model/import/testing/model_builder.h"
#include "tests/command.h"
#include "tests/expect_told.h"

namespace shoal {
namespace {

std::vector<uint8_t> plain_model() {
  ModelBuilder b;
  const int x = b.input({1, 24, 20, 3}, {0.05f, -3});
  const int w =
      b.weights({16, 3, 3, 3}, noise<int8_t>(16 * 27, 1), {0.004f}, 0);
  b.output(b.conv(x, w, -1, {0.05f, 2}));
  return b.finish();
}

class CliFlags : public testing::Test {
 protected:
  CliFlags() {
    shop_.write("m.tflite", plain_model());
    shop_.write("x.bin", std::vector<uint8_t>(24 * 20 * 3, 7));
    write_text("c.toml",
               "[defaults]\nboard = \"teensy41\"\n[[node]]\nname = \"big\"\n"
               "[[node]]\nname = \"small\"\nram = \"300\"\n");
    write_text("flash.toml",
               "[defaults]\nboard = \"teensy41\"\n[[node]]\nname = \"big\"\n"
               "[[node]]\nname = \"small\"\nflash = 500\n");
    write_text("wide.toml",
               "[[node]]\nname = \"a\"\nboard = \"teensy41\"\nram = \"9K\"\n");
    write_text("cuts.toml", "[default]\noutputs = true\n");
  }
  void write_text(const std::string& name, const std::string& text) {
    shop_.write(name, std::vector<uint8_t>(text.begin(), text.end()));
  }
  void refused(const std::vector<std::string>& arguments, int code,
               const std::string& what) {
    expect_refused(shop_.shoal(arguments), code, what);
  }
  Workshop shop_;
};

TEST_F(CliFlags, WhatContradictsIsRefused) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
      {{"--strategy", "kernel"}, "take --nodes N"},
      {{"--strategy", "x"}, "auto, single; with several nodes auto, spatial"},
      {{"--nodes", "2", "--strategy", "single"}, "one node"},
      {{"--nodes", "2", "--strategy", "x"},
       "one of: auto, spatial, kernel, layer, heads"},
      {{"--nodes", "2", "--cuts", "cuts.toml", "--strategy", "kernel"},
       "--cuts and --strategy"},
      {{"--cluster", "c.toml", "--nodes", "2"}, "leave out --nodes"},
      {{"--cluster", "c.toml", "--board", "rp2040"}, "--board and --banks"},
      {{"--nodes", "0"}, "give 1 to 256"},
      {{"--nodes", "257"}, "give 1 to 256"}};
  for (const auto& [flags, what] : cases) {
    std::vector<std::string> all{"plan", "m.tflite"};
    all.insert(all.end(), flags.begin(), flags.end());
    refused(all, 2, what);
  }
}

// K, KB and KiB are 1024 bytes in flags and in files.
TEST_F(CliFlags, SizesAreReadAsPeopleWriteThem) {
  const auto arena = [&](const std::string& ram) {
    const Told told =
        expect_ok(shop_, {"plan", "m.tflite", "--ram", ram, "--json"});
    return told.out;
  };
  const std::string expected = arena("32768");
  for (const char* ram : {"32K", "32k", "32KB", "32KiB", "0x8000", "32768B"}) {
    EXPECT_EQ(arena(ram), expected) << ram;
    write_text("sizes.toml",
               "[[node]]\nname = \"a\"\nboard = \"teensy41\"\nram = \"" +
                   std::string(ram) + "\"\n");
    const Told told =
        expect_ok(shop_, {"plan", "m.tflite", "--cluster", "sizes.toml"});
    EXPECT_NE(told.out.find(" 32,768 "), std::string::npos) << told.out;
  }
  const std::vector<std::string> simulate{"simulate", "m.tflite", "x.bin",
                                          "--nodes", "2"};
  const auto json = [&](std::vector<std::string> more) {
    more.insert(more.begin(), simulate.begin(), simulate.end());
    more.push_back("--json");
    return expect_ok(shop_, more).out;
  };
  EXPECT_EQ(json({"--payload", "1K", "--framing", "0.25KiB"}),
            json({"--payload", "1024", "--framing", "0x100"}));
  refused({"simulate", "m.tflite", "x.bin", "--nodes", "2", "--payload", "1Q"},
          2, "--payload: '1Q' is not a size\n  give bytes");
  // 1M is 1,048,576 bytes of traffic, too.
  refused({"plan", "m.tflite", "--nodes", "2", "--max-traffic", "1MBit"}, 2,
          "--max-traffic: '1MBit' is not a size");
}

// In an arena that is too small for whole rows.
TEST_F(CliFlags, ColumnsOneAfterTheOtherGiveTheSameBytes) {
  const std::string bundled = std::string(SHOAL_SOURCE_DIR) + "/models/";
  const std::vector<std::string> small{bundled + "fashion_mobilenet_v2.tflite",
                                       bundled + "samples/bag/0.png",
                                       "--board",
                                       "teensy41",
                                       "--ram",
                                       "12K"};
  const auto with = [&](std::vector<std::string> words,
                        const std::vector<std::string>& more) {
    words.insert(words.end(), small.begin(), small.end());
    words.insert(words.end(), more.begin(), more.end());
    return words;
  };
  refused(with({"verify"}, {}), 3, "--ram 20048");
  const Told told = expect_ok(shop_, with({"verify"}, {"--replay"}));
  EXPECT_NE(told.out.find("equal byte for byte"), std::string::npos);
  expect_ok(shop_, with({"run"}, {"--replay", "--output", "tiled.bin"}));
  expect_ok(shop_, {"run", small[0], small[1], "--output", "whole.bin"});
  EXPECT_EQ(shop_.read("tiled.bin"), shop_.read("whole.bin"));
}

// The same over nodes, each with some rows of every tile.
TEST_F(CliFlags, NodesShareTilesOfColumns) {
  const std::string bundled = std::string(SHOAL_SOURCE_DIR) + "/models/";
  const std::string cuts =
      "default = { strategy = \"spatial\" }\n"
      "[[block]]\nlayers = \"0-2\"\nrows = 2\ntiles = 3\n";
  shop_.write("c.toml", {cuts.begin(), cuts.end()});
  const std::vector<std::string> verify{"verify",
                                        bundled + "fashion_mobilenet_v2.tflite",
                                        bundled + "samples/bag/0.png",
                                        "--nodes",
                                        "2",
                                        "--cuts",
                                        "c.toml"};
  refused(verify, 2, "rows come again from the top for each tile");
  std::vector<std::string> again = verify;
  again.push_back("--replay");
  const Told told = expect_ok(shop_, again);
  EXPECT_NE(told.out.find("equal byte for byte"), std::string::npos);
  // The same without a file.
  expect_ok(shop_, {"verify", verify[1], verify[2], "--nodes", "2", "--board",
                    "teensy41", "--replay", "--objective", "ram"});
}

TEST_F(CliFlags, NumbersThatAreNoneAndLossesThatComeTooLate) {
  refused({"simulate", "m.tflite", "x.bin", "--every", "nan"}, 2, "--every");
  refused({"simulate", "m.tflite", "x.bin", "--wait", "nan"}, 2, "--wait");
  refused(
      {"simulate", "m.tflite", "x.bin", "--nodes", "2", "--power-loss", "1@2s"},
      2, "after the last frame");
}

TEST_F(CliFlags, ANetworkThatNobodyHasIsRefused) {
  refused({"emulate", "m.tflite", "x.bin", "--board", "emcraft-sf2",
           "--payload", "128"},
          2, "--payload: an emulated board has no network");
  refused({"run", "m.tflite", "x.bin", "--workers", "127.0.0.1:7", "--insecure",
           "--payload", "128"},
          2, "--payload: workers report themselves");
  refused({"deploy", "m.tflite", "--workers", "127.0.0.1:7", "--insecure",
           "--max-arena", "0"},
          2, "--max-arena: '0' is 0 B");
  refused({"run", "m.tflite", "x.bin", "--loss", "10%"}, 2, "--loss");
  refused({"verify", "m.tflite", "x.bin", "--payload", "128"}, 2, "--payload");
  refused({"run", "m.tflite", "x.bin", "--workers", "127.0.0.1:7", "--insecure",
           "--jitter", "1ms"},
          2, "--jitter");
  refused({"run", "m.tflite", "x.bin", "--workers", "127.0.0.1:7", "--insecure",
           "--board", "rp2040"},
          2, "--board");
  refused({"run", "m.tflite", "x.bin", "--take-over"}, 2, "--take-over");
  refused({"run", "m.tflite", "x.bin", "--nodes", "2", "--key", "k"}, 2,
          "--key: nodes of a cluster have a coordinator of their own");
  write_text("keyed.toml",
             "[[node]]\nname = \"a\"\nboard = \"host\"\npublic_key = "
             "\"x25519:" +
                 std::string(64, '7') + "\"\n");
  refused({"emulate", "m.tflite", "--cluster", "keyed.toml"}, 2,
          "node 'a' has a public_key");
}

// Before any of them boots: nothing here needs an emulator.
TEST_F(CliFlags, WhatEmulatedBoardsCannotDoIsSaidOfThem) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
      {{"--trace", "t.tsv"},
       "--trace: emulated boards on a network do not show their layers\n"
       "  emulate one board"},
      {{"--flash", "0"},
       "--flash: emulated boards on a network have weights where"},
      {{"--storage", "sd"}, "--storage: emulated boards on a network"},
      {{"--max-writes", "1M"},
       "--max-writes: emulated boards on a network do not spill yet"},
      {{"--layers"}, "--layers: emulated boards on a network count their"},
      {{"--key", "k"},
       "--key: emulated boards on a network have a coordinator and a key"},
      {{"--insecure"}, "--insecure: emulated boards on a network"},
      {{"--payload", "1473"}, "from 96 to 1472"}};
  for (const auto& [flags, what] : cases) {
    std::vector<std::string> all{"emulate",    "m.tflite", "x.bin", "--board",
                                 "mps2-an386", "--nodes",  "2"};
    all.insert(all.end(), flags.begin(), flags.end());
    refused(all, 2, what);
  }
}

// There is nothing to plan where nothing is run.
TEST_F(CliFlags, WhoServesBoardsPlansNothing) {
  const std::vector<std::string> serve{"emulate", "--board", "mps2-an386",
                                       "--nodes", "2",       "--serve"};
  for (const std::vector<std::string>& flags :
       std::vector<std::vector<std::string>>{{"--ram", "64K"},
                                             {"--strategy", "spatial"},
                                             {"--objective", "ram"},
                                             {"--max-latency", "1s"},
                                             {"--max-traffic", "1M"},
                                             {"--max-arena", "64K"},
                                             {"--plan-seconds", "1"},
                                             {"--effort", "2"},
                                             {"--replay"},
                                             {"--cuts", "c.toml"},
                                             {"--flash", "0"},
                                             {"--max-writes", "1K"},
                                             {"--lifetime", "1y"},
                                             {"--fps", "1"},
                                             {"--layers"},
                                             {"--trace", "t.tsv"},
                                             {"--output", "o.bin"},
                                             {"--labels", "l.txt"},
                                             {"--top", "3"},
                                             {"--mean", "127"},
                                             {"--frames", "2"},
                                             {"--inputs", "x"},
                                             {"--json"}}) {
    std::vector<std::string> all = serve;
    all.insert(all.end(), flags.begin(), flags.end());
    refused(all, 2, flags[0] + ": boards that serve run no model of their own");
  }
  // `shoal run --workers` does not take these either.
  for (const std::string flag : {"--flash", "--max-writes", "--trace"}) {
    std::vector<std::string> all = serve;
    all.insert(all.end(), {flag, "1"});
    EXPECT_EQ(shop_.shoal(all).err.find("takes it"), std::string::npos) << flag;
  }
  refused({"emulate", "m.tflite", "x.bin", "--board", "emcraft-sf2", "--nodes",
           "2", "--wait", "5"},
          2, "--wait: shoal waits only for the folder of --state");
  refused({"emulate", "m.tflite", "--nodes", "2", "--serve"}, 2,
          "MODEL: boards that serve");
  for (const std::vector<std::string>& flags :
       std::vector<std::vector<std::string>>{{"--serve"},
                                             {"--state", "d"},
                                             {"--wait", "1"},
                                             {"--cuts", "c.toml"},
                                             {"--key", "k"},
                                             {"--insecure"}}) {
    std::vector<std::string> all{"emulate", "m.tflite", "x.bin", "--board",
                                 "emcraft-sf2"};
    all.insert(all.end(), flags.begin(), flags.end());
    refused(all, 2, flags[0] + ": an emulated board has no network");
  }
}

// So the table of abilities has no words for them (abilities_test.cc).
TEST_F(CliFlags, WhatEmulateHasNoFlagsFor) {
  const std::string help = expect_ok(shop_, {"emulate", "--help-all"}).out;
  EXPECT_NE(help.find("--serve "), std::string::npos);
  for (const char* flag :
       {"--banks", "--workers", "--batch", "--loss", "--seed", "--store ",
        "--store-key", "--jobs", "--every", "--identity", "--take-over"}) {
    EXPECT_EQ(help.find(flag), std::string::npos) << flag;
  }
}

TEST_F(CliFlags, AClustersBudgetsAreThoseOfItsFile) {
  const std::vector<std::string> both{"plan",   "m.tflite",   "--cluster",
                                      "c.toml", "--strategy", "spatial"};
  refused(both, 3, "ARENA does not fit: node small, layer ");
  refused(both, 3, "  c.toml, ram of node 'small': ");
  // By default a node that has no room for any share is left out.
  const Told alone = shop_.shoal({"plan", "m.tflite", "--cluster", "c.toml"});
  EXPECT_EQ(alone.code, 0) << alone.err;
  EXPECT_NE(alone.out.find("on 1 of 2 nodes"), std::string::npos) << alone.out;
  refused({"plan", "m.tflite", "--nodes", "2", "--ram", "300"}, 3, "  --ram ");
  refused({"plan", "m.tflite", "--nodes", "2", "--ram", "400", "--max-arena",
           "300"},
          3, " --max-arena ");
  refused({"plan", "m.tflite", "--nodes", "2", "--max-latency", "0ms"}, 2,
          "is not a time that a frame can take");
  refused({"plan", "m.tflite", "--ram", "0"}, 2, "--ram: '0' is 0 B");
  refused({"simulate", "m.tflite", "--nodes", "2", "--max-arena", "0.4"}, 2,
          "--max-arena: '0.4' is 0 B");
  refused(
      {"plan", "m.tflite", "--cluster", "flash.toml", "--strategy", "spatial"},
      3, "FLASH does not fit: the program of node small has ");
  const Told without =
      shop_.shoal({"plan", "m.tflite", "--cluster", "flash.toml", "--json"});
  EXPECT_EQ(without.code, 0) << without.err;
  const Told told = shop_.shoal({"plan", "m.tflite", "--cluster", "wide.toml"});
  EXPECT_EQ(told.code, 0) << told.err;
  EXPECT_NE(told.out.find(" 9,216 "), std::string::npos) << told.out;
}

// Operands that follow a flag of several values are not values of it.
TEST_F(CliFlags, OperandsMayFollowFlagsOfSeveralValues) {
  const std::vector<std::vector<std::string>> cases{
      {"run", "m.tflite", "--outputs", "#2", "x.bin"},
      {"run", "--input-shape", "t0=1x24x20x3", "m.tflite", "x.bin"},
      {"run", "--inputs", "#0", "--outputs", "#2", "m.tflite", "x.bin"},
      {"run", "--mean", "127,127,127", "--std", "128", "m.tflite", "random:1"},
      {"simulate", "--nodes", "2", "--fault", "slow:1@1ms..2ms", "m.tflite",
       "x.bin"},
      {"export", "--as", "c", "--board", "mps2-an386", "-o", "proj", "--also",
       "b=m.tflite", "--also-input", "b=x.bin", "m.tflite", "x.bin"},
  };
  for (const auto& words : cases) expect_ok(shop_, words);
  // Their addresses do not answer, which only a model that was read leads to.
  refused({"run", "--workers", "127.0.0.1:9,127.0.0.1:10", "--insecure",
           "--node-timeout", "0.1", "m.tflite", "x.bin"},
          6, "127.0.0.1:9");
}

// Spares are nodes of a cluster of workers.
TEST_F(CliFlags, SparesNeedWorkers) {
  refused({"run", "m.tflite", "x.bin", "--spares", "127.0.0.1:9"}, 2,
          "--spares");
  refused(
      {"run", "m.tflite", "x.bin", "--nodes", "2", "--spares", "127.0.0.1:9"},
      2, "give --workers");
}

// Users find every flag in README.md or a page below docs/.
TEST_F(CliFlags, EveryFlagIsInAPage) {
  namespace fs = std::filesystem;
  constexpr const char* kLetters = "-abcdefghijklmnopqrstuvwxyz";
  const fs::path root = SHOAL_SOURCE_DIR;
  std::string pages;
  const auto add = [&](const fs::path& page) {
    std::ifstream file(page);
    pages += std::string(std::istreambuf_iterator<char>(file), {}) + "\n";
  };
  add(root / "README.md");
  for (const auto& page : fs::recursive_directory_iterator(root / "docs")) {
    if (page.path().extension() == ".md") add(page.path());
  }
  std::set<std::string> told;  // words that begin with a dash
  for (size_t at = 0; (at = pages.find('-', at)) != pages.npos;) {
    const size_t end = pages.find_first_not_of(kLetters, at);
    told.insert(pages.substr(at, end - at));
    at = end;
  }
  const std::regex verb("\n  ([a-z][a-z-]*) {2,}"), flags("(-o,)?(--[a-z-]+)");
  const std::string all = expect_ok(shop_, {"--help"}).out;
  int verbs = 0, seen = 0;
  for (std::sregex_iterator v(all.begin(), all.end(), verb), end; v != end;
       ++v) {
    ++verbs;
    const std::string name = (*v)[1];
    for (const std::string& line :
         lines_of(expect_ok(shop_, {name, "--help-all"}).out)) {
      std::smatch flag;
      if (line.find_first_not_of(' ') != 2 ||
          !std::regex_search(line, flag, flags) || flag.position() > 6) {
        continue;
      }
      ++seen;
      const std::string text = flag[2];
      if (text == "--help") continue;
      EXPECT_TRUE(told.contains(text) || flag[1].matched)
          << name << " " << text;
    }
  }
  EXPECT_GE(verbs, 20);
  EXPECT_GE(seen, 300);
}

TEST_F(CliFlags, AStudyThatCouldNotBeWrittenDoesNotBegin) {
  refused({"study", "split", "m.tflite", "-o", "x.bin/folder"}, 1, "x.bin");
}

}  // namespace
}  // namespace shoal
