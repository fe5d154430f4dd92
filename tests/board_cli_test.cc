// `shoal build` and `shoal emulate` as a script sees them.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <utility>

#include "host/base/files.h"
#include "host/engine/board/storage_image.h"
#include "host/model/import/import.h"
#include "host/oracle/golden/checksum.h"
#include "host/oracle/golden/trace.h"
#include "host/oracle/int8/oracle.h"
#include "tests/board_emulated.h"
#include "tests/command.h"
#include "tests/random_net.h"

namespace shoal {
namespace {

using nlohmann::json;

class BoardCli : public testing::Test {
 protected:
  BoardCli() {
    emulated_board();  // or skipped
    std::mt19937 random(11);
    const auto model = random_model({106, 6});
    graph_ = import_tflite(model, "model.tflite");
    input_ = random_input(graph_, random);
    shop_.write("model.tflite", model);
    shop_.write("x.in.bin", input_);
  }
  std::vector<std::string> emulate_with(std::vector<std::string> more) const {
    std::vector<std::string> all{"emulate", "--board", "emcraft-sf2",
                                 "model.tflite", "x.in.bin"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  Workshop shop_;
  Graph graph_;
  std::vector<uint8_t> input_;
};

TEST_F(BoardCli, BoardsOnANetworkTellTheirTimes) {
  const Told told = shop_.shoal(emulate_with(
      {"--nodes", "2", "--strategy", "spatial", "--timeline", "t.json"}));
  ASSERT_EQ(told.code, 0) << told.err;
  std::map<std::pair<int, std::string>, double> sums;
  double end = 0;
  const json timeline = json::parse(shop_.read_text("t.json"));
  for (const json& e : timeline.at("traceEvents")) {
    if (e.at("ph") != "X") continue;
    sums[{e.at("tid"), e.at("cat")}] += double(e.at("dur"));
    end = std::max(end, double(e.at("ts")) + double(e.at("dur")));
  }
  for (const int node : {0, 1}) {
    double all = 0;
    for (const char* const what : {"slice", "receive", "send"}) {
      EXPECT_GT((sums[{node, what}]), 0) << node << " " << what;
      all += sums[{node, what}];
    }
    EXPECT_LE(all, end * 1.001) << node;
  }
  EXPECT_NEAR((sums[{2, "critical"}]), end, 1e-3 * end);
}

// A board alone works all of the frame, one layer after another.
TEST_F(BoardCli, ABoardAloneTellsItsFrame) {
  const Told told = shop_.shoal(
      emulate_with({"--timeline", "t.json", "--html", "p.html", "--json"}));
  ASSERT_EQ(told.code, 0) << told.err;
  std::map<std::string, double> sums;
  double end = 0, path = 0;
  const json timeline = json::parse(shop_.read_text("t.json"));
  for (const json& e : timeline.at("traceEvents")) {
    if (e.at("ph") != "X") continue;
    if (e.at("cat") == "critical") {
      path += double(e.at("dur"));
      continue;
    }
    EXPECT_NEAR(double(e.at("ts")), end, 0.002);
    end = double(e.at("ts")) + double(e.at("dur"));
    if (e.at("cat") == "slice") sums[e.at("name")] += double(e.at("dur"));
  }
  EXPECT_NEAR(path, end, 1e-3 * end);
  // Its parts are those that it counts.
  const json said = json::parse(told.out);
  double all = 0, ticks = 0;
  for (const json& layer : said.at("layers")) {
    all += double(layer.at("instructions"));
  }
  for (const json& layer : said.at("layers")) {
    if (layer.at("layer") < 0) continue;
    ticks += sums[layer.at("name")];
    EXPECT_NEAR(sums[layer.at("name")] / end,
                double(layer.at("instructions")) / all, 1e-3)
        << layer;
  }
  EXPECT_GT(ticks, 0);
  EXPECT_NE(shop_.read_text("p.html").find("\"path\":[["), std::string::npos);
}

TEST_F(BoardCli, OutputTraceAndCountersAreThere) {
  const Told told = shop_.shoal(
      emulate_with({"--output", "y.bin", "--trace", "y.tsv", "--json"}));
  ASSERT_EQ(told.code, 0) << told.err;
  const Values oracle = run_oracle(graph_, input_);
  const auto expected = model_output(graph_, oracle);
  EXPECT_EQ(shop_.read("y.bin"), expected);
  const Trace trace = make_trace(graph_, [&](int t) {
    return file_bytes(graph_, t, oracle[static_cast<size_t>(t)]);
  });
  const auto wrong = first_difference(
      trace, parse_trace(shop_.read_text("y.tsv")), Columns::kAll);
  if (wrong) ADD_FAILURE() << describe(*wrong);

  const json said = json::parse(told.out);
  EXPECT_EQ(said["output_sha256"], sha256_hex(expected));
  EXPECT_EQ(said["kind"], "emulated; instructions, not cycles");
  const int64_t sram = said["sram_bytes"];
  EXPECT_EQ(sram, 65536);
  EXPECT_EQ(said["fixed_bytes"].get<int64_t>() +
                said["arena_bytes"].get<int64_t>() +
                said["free_bytes"].get<int64_t>(),
            sram);
  int64_t sum = 0;
  for (const json& layer : said["layers"]) {
    sum += layer["instructions"].get<int64_t>();
  }
  const int64_t frame = said["frame_instructions"];
  EXPECT_NEAR(static_cast<double>(sum), static_cast<double>(frame),
              64 + 0.001 * static_cast<double>(frame));
}

TEST_F(BoardCli, TheMapAddsUpForPeople) {
  const Told told = shop_.shoal(emulate_with({"--layers", "--frames", "2"}));
  ASSERT_EQ(told.code, 0) << told.err;
  for (const char* part :
       {"SRAM 65,536 B", "exactly as planned", "not cycles", "free",
        "flash 262,144 B", "storage: weights, records, input"}) {
    EXPECT_NE(told.out.find(part), std::string::npos) << part;
  }
}

// In an arena that is too small for whole rows, with weights from storage.
TEST_F(BoardCli, ColumnsOneAfterTheOtherGiveTheSameBytes) {
  const std::string models = std::string(SHOAL_SOURCE_DIR) + "/models/";
  const std::string picture = models + "samples/bag/0.png";
  shop_.write("net.tflite", read_file(models + "fashion_mobilenet_v2.tflite"));
  const Told told =
      shop_.shoal({"emulate", "net.tflite", picture, "--board", "emcraft-sf2",
                   "--ram", "23K", "--replay", "-o", "y.bin", "--json"});
  ASSERT_EQ(told.code, 0) << told.err;
  EXPECT_LE(json::parse(told.out)["arena_bytes"].get<int>(), 23 << 10);
  EXPECT_EQ(shop_.shoal({"run", "net.tflite", picture, "-o", "whole.bin"}).code,
            0);
  EXPECT_EQ(shop_.read("y.bin"), shop_.read("whole.bin"));
}

TEST_F(BoardCli, BuildSaysWhatLiesWhere) {
  const Told told =
      shop_.shoal({"build", "--board", "emcraft-sf2", "model.tflite",
                   "x.in.bin", "-o", "out", "--json"});
  ASSERT_EQ(told.code, 0) << told.err;
  const json said = json::parse(told.out);
  const auto image = shop_.read("out/storage.img");
  EXPECT_EQ(said["bytes"], image.size());
  uint32_t end = 0;
  for (const json& part : said["parts"]) {
    EXPECT_GE(part["offset"].get<uint32_t>(), end);
    end = part["offset"].get<uint32_t>() + part["bytes"].get<uint32_t>();
  }
  EXPECT_EQ(end, image.size());
  const Directory d = directory_of(image);
  EXPECT_EQ(d.magic, kDirectoryMagic);
  EXPECT_EQ(d.frames, 1u);
  // The program that was built runs.
  const Emulated e = emulate(emulated_board(), image);
  EXPECT_EQ(e.end.arena_bytes, said["arena_bytes"].get<uint32_t>());

  const Told bare = shop_.shoal(
      {"build", "--board", "emcraft-sf2", "model.tflite", "-o", "bare"});
  ASSERT_EQ(bare.code, 0) << bare.err;
  EXPECT_NE(bare.out.find("the program needs an arena of"), std::string::npos);
  EXPECT_EQ(directory_of(shop_.read("bare/storage.img")).frames, 0u);
}

TEST_F(BoardCli, BoardsWithoutFirmwareAreRefused) {
  for (const char* verb : {"build", "emulate"}) {
    std::vector<std::string> words{verb, "--board", "teensy41", "model.tflite",
                                   "x.in.bin"};
    if (std::string(verb) == "build") words.insert(words.end(), {"-o", "out"});
    const Told told = shop_.shoal(words);
    EXPECT_EQ(told.code, 2);
    EXPECT_NE(told.err.find("emcraft-sf2"), std::string::npos) << told.err;
  }
}

TEST_F(BoardCli, WhatDoesNotFitTheBoardIsRefusedBeforeItBoots) {
  const Told told = shop_.shoal(emulate_with({"--ram", "64"}));
  EXPECT_EQ(told.code, 3) << told.err;
}

// An executable alone has no firmware beside it.
TEST_F(BoardCli, WithoutFirmwareTheWayToItIsNamed) {
  const std::string lone = shop_.path("lone");
  std::filesystem::create_directories(lone);
  std::filesystem::copy_file(SHOAL_EXECUTABLE, lone + "/shoal");
  const std::string command = "cd " + shop_.path(".") +
                              " && lone/shoal emulate --board emcraft-sf2 "
                              "model.tflite x.in.bin 2>err.txt";
  const int status = std::system(command.c_str());
  EXPECT_EQ(WEXITSTATUS(status), 1);
  EXPECT_NE(shop_.read_text("err.txt").find("tools/setup.sh tests"),
            std::string::npos);
}

TEST_F(BoardCli, WithoutProcItIsNamed) {
  const std::string hidden = "unshare -Urm bash -c 'mount -t tmpfs none /proc";
  if (shop_.script(hidden + "'").code != 0) {
    GTEST_SKIP() << "no file system can be mounted here";
  }
  const Told told = shop_.script(
      hidden + " && $SHOAL emulate --board emcraft-sf2 model.tflite x.in.bin'");
  EXPECT_EQ(told.code, 4) << told.err;
  EXPECT_NE(told.err.find("/proc, which is not there"), std::string::npos)
      << told.err;
}

// Neither sources nor build are needed, nor any variable but PATH.
TEST_F(BoardCli, WhatIsInstalledEmulates) {
  const Told installed = shop_.script("cmake --install " SHOAL_FIRMWARE
                                      "/.. --prefix usr >/dev/null\n"
                                      "mv usr moved");
  ASSERT_EQ(installed.code, 0) << installed.err;
  const std::string emulate =
      "env -i PATH=\"$PATH\" moved/bin/shoal emulate model.tflite x.in.bin ";
  const Told told =
      shop_.script(emulate + "--board emcraft-sf2 --output-dir values");
  ASSERT_EQ(told.code, 0) << told.err;
  EXPECT_EQ(shop_.shoal(emulate_with({"--output-dir", "built"})).code, 0);
  EXPECT_EQ(shop_.script("diff -r built values").out, "");
  const Told nodes = shop_.script(emulate + "--board mps2-an386 --nodes 2");
  EXPECT_EQ(nodes.code, 0) << nodes.err;
  const Told missing =
      shop_.script("rm -r moved/share/shoal/boards/emcraft-sf2\n" + emulate +
                   "--board emcraft-sf2");
  EXPECT_EQ(missing.code, 1);
  EXPECT_NE(missing.err.find("this shoal was installed"), std::string::npos)
      << missing.err;
  EXPECT_EQ(missing.err.find("ninja -C"), std::string::npos) << missing.err;
}

}  // namespace
}  // namespace shoal
