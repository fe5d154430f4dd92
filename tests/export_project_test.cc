// `shoal export`: what comes out builds with nothing but the compiler of its
// board, boots and says what `shoal run` says.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "host/board/board.h"
#include "host/engine/board/process.h"
#include "host/model/import/testing/model_builder.h"
#include "host/oracle/golden/checksum.h"
#include "tests/bundled_files.h"
#include "tests/case_name.h"
#include "tests/command.h"
#include "tests/needs.h"
#include "tests/served_project.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::vector<std::string> export_words(const std::string& ecosystem,
                                      const std::string& board,
                                      const std::string& folder,
                                      const std::string& label = "bag") {
  return {"export",
          kNetwork,
          kModels + "samples/" + label + "/0.png",
          "--labels",
          kModels + "fashion_labels.txt",
          "--as",
          ecosystem,
          "--board",
          board,
          "-o",
          folder};
}

// The tools that build and run the project of a board that boots.
std::vector<std::string> tools_of(const Board& board) {
  const bool arm = board.emulator->program == "qemu-system-arm";
  return {"make", board.emulator->program,
          arm ? "arm-none-eabi-g++" : "riscv64-unknown-elf-g++"};
}

// One of each architecture whose kernels differ.
bool is_first_of_its_kind(const std::string& id) {
  return id == "lm3s6965evb" || id == "mps2-an386" || id == "mps3-an547" ||
         id == "qemu-rv32";
}

std::vector<std::string> boards_that_boot(bool first_of_each_kind) {
  std::vector<std::string> ids;
  for (const std::string& id : board_ids()) {
    if (is_first_of_its_kind(id) != first_of_each_kind) continue;
    const bool boots = fs::exists(std::string(SHOAL_SOURCE_DIR) + "/boards/" +
                                  id + "/board.cmake");
    if (boots && find_board(id).emulator) ids.push_back(id);
  }
  return ids;
}

// A network for a board with little flash: ten scores of a picture of 8 x 8.
std::vector<uint8_t> small_network() {
  ModelBuilder b;
  std::mt19937 random(5);
  std::vector<int8_t> weights(10 * 8 * 8 * 3);
  for (int8_t& w : weights) w = static_cast<int8_t>(random());
  const int x = b.input({1, 8, 8, 3}, {0.05f, -3});
  const int w = b.weights({10, 8, 8, 3}, weights, {0.004f}, 0);
  b.output(b.conv(x, w, -1, {0.5f, 2}, {.same = false}));
  return b.finish();
}

// The first lines of `shoal run` and of `shoal send` are the same: the scores.
void expect_same_scores(const Workshop& shop, const std::string& picture,
                        const std::string& line) {
  const Told here =
      shop.shoal({"run", kNetwork, picture, "--labels",
                  kModels + "fashion_labels.txt", "--output", "here.bin"});
  EXPECT_EQ(here.code, 0) << here.err;
  const Told there =
      shop.shoal({"send", line, picture, "--output", "there.bin"});
  ASSERT_EQ(there.code, 0) << there.err;
  EXPECT_EQ(shop.read("there.bin"), shop.read("here.bin"));
  constexpr size_t kClasses = 5;
  const std::vector<std::string> a = lines_of(here.out),
                                 b = lines_of(there.out);
  ASSERT_GT(std::min(a.size(), b.size()), kClasses);
  for (size_t i = 0; i < kClasses; ++i) EXPECT_EQ(a[i], b[i]);
}

class ExportedBoard : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { need_programs(tools_of(board())); }
  const Board& board() const { return find_board(GetParam()); }

  // Exports to proj/; returns the label that `shoal run` gives.
  std::string export_network(const Workshop& shop) const {
    if (board().flash_mapped) {
      EXPECT_EQ(shop.shoal(export_words("c", GetParam(), "proj")).code, 0);
      return "label 8 bag";
    }
    std::vector<uint8_t> input(8 * 8 * 3);
    for (size_t i = 0; i < input.size(); ++i) {
      input[i] = static_cast<uint8_t>(i * 37);
    }
    shop.write("small.tflite", small_network());
    shop.write("x.bin", input);
    const std::vector<std::vector<std::string>> commands = {
        {"run", "small.tflite", "x.bin", "--output", "y.bin"},
        {"export", "small.tflite", "x.bin", "--as", "c", "--board", GetParam(),
         "-o", "proj"}};
    for (const auto& words : commands) {
      const Told told = shop.shoal(words);
      EXPECT_EQ(told.code, 0) << told.err;
    }
    const std::vector<uint8_t> bytes = shop.read("y.bin");
    const std::vector<int8_t> scores(bytes.begin(), bytes.end());
    const auto best = std::max_element(scores.begin(), scores.end());
    return "label " + std::to_string(best - scores.begin());
  }
};

TEST_P(ExportedBoard, SaysWhatShoalRunSaysAndFindsOneWrongByte) {
  const Workshop shop;
  const std::string label = export_network(shop);
  const Told built = shop.script(make_in("proj", "all"));
  ASSERT_EQ(built.code, 0) << built.err;
  EXPECT_EQ(built.err, "");  // not a warning
  const Told ran = shop.script(make_in("proj", "run"));
  EXPECT_EQ(ran.code, 0) << ran.err;
  const std::vector<std::string> lines = lines_of(ran.out);
  ASSERT_EQ(lines.size(), 3u) << ran.out;
  EXPECT_EQ(lines[0], label);
  EXPECT_EQ(lines[1], "selfcheck ok");
  EXPECT_TRUE(lines[2].starts_with("instructions ")) << lines[2];
  EXPECT_EQ(shop.script(make_in("proj", "size")).code, 0);
  // One of each architecture: an emulated UART is slow.
  if (GetParam() == "mps2-an386" || GetParam() == "qemu-rv32") {
    const ServedProject served(shop, "proj", serve_command(shop, "proj"));
    expect_same_scores(shop, kModels + "samples/dress/0.png", served.line());
  }

  // One byte of what it must give.
  for (const auto& entry : fs::directory_iterator(shop.path("proj/app"))) {
    const std::string name = "proj/app/" + entry.path().filename().string();
    if (name.find("test_output") == name.npos) continue;
    std::vector<uint8_t> bytes = shop.read(name);
    bytes[3] ^= 1;
    shop.write(name, bytes);
  }
  const Told wrong = shop.script(make_in("proj", "run") + "; exit $?");
  EXPECT_NE(wrong.out.find("selfcheck differs at 3\n"), std::string::npos)
      << wrong.out;
  EXPECT_NE(wrong.err.find("Error 5"), std::string::npos) << wrong.err;

  // The same with a bit of the program.
  for (const auto& entry : fs::directory_iterator(shop.path("proj/app"))) {
    const std::string name = "proj/app/" + entry.path().filename().string();
    if (name.find("/program_") == name.npos) continue;
    std::vector<uint8_t> bytes = shop.read(name);
    bytes[bytes.size() / 2] ^= 1;
    shop.write(name, bytes);
  }
  const Told refused = shop.script(make_in("proj", "run"));
  EXPECT_NE(refused.out.find("\nrefused: the program does not have its hash"),
            std::string::npos)
      << refused.out;
  EXPECT_NE(refused.err.find("Error 6"), std::string::npos) << refused.err;
}

INSTANTIATE_TEST_SUITE_P(Boards, ExportedBoard,
                         testing::ValuesIn(boards_that_boot(true)),
                         kNameOfBoard);
INSTANTIATE_TEST_SUITE_P(Long, ExportedBoard,
                         testing::ValuesIn(boards_that_boot(false)),
                         kNameOfBoard);

// Every layer has a name, a time by the board and one by the model.
void expect_profile(const json& profile, const std::string& counter) {
  EXPECT_EQ(profile["counter"], counter);
  EXPECT_EQ(profile["frames"], 1);
  double sum = profile["no_layer_s"];
  ASSERT_FALSE(profile["layers"].empty());
  for (const json& layer : profile["layers"]) {
    EXPECT_FALSE(layer["name"].get<std::string>().empty());
    EXPECT_GT(layer["ticks"], 0) << layer;
    EXPECT_GT(layer["model_s"], 0) << layer;
    sum += layer["board_s"].get<double>();
  }
  EXPECT_NEAR(sum, profile["steps_s"], 1e-6 + 0.001 * sum);
}

// Two networks in one arena, on the cores of the cascade.
class ExportedCascade : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override { need_programs(tools_of(find_board(GetParam()))); }
};

TEST_P(ExportedCascade, RunsBothNetworks) {
  const Workshop shop;
  shop.write("small.tflite", small_network());
  const Told told =
      shop.shoal({"export", "small.tflite", "--name", "wake", "--also",
                  "picture=" + kNetwork, "--also-input",
                  "picture=" + kModels + "samples/bag/0.png", "--also-labels",
                  "picture=" + kModels + "fashion_labels.txt", "--as", "c",
                  "--board", GetParam(), "-o", "proj"});
  ASSERT_EQ(told.code, 0) << told.err;
  EXPECT_NE(shop.read_text("proj/README.md").find("--network picture\n"),
            std::string::npos);
  ASSERT_EQ(shop.script("cp " SHOAL_SOURCE_DIR
                        "/examples/cascade/app.cpp proj/app/app.cpp")
                .code,
            0);
  const Told built = shop.script(make_in("proj", "all"));
  ASSERT_EQ(built.code, 0) << built.err;
  EXPECT_EQ(built.err, "");
  const Told ran = shop.script(make_in("proj", "run"));
  EXPECT_EQ(ran.code, 0) << ran.err;
  const std::vector<std::string> lines = lines_of(ran.out);
  ASSERT_EQ(lines.size(), 8u) << ran.out;
  EXPECT_EQ(lines[0], "network wake");
  EXPECT_EQ(lines[2], "selfcheck ok");
  EXPECT_EQ(lines[4], "network picture");
  EXPECT_EQ(lines[5], "label 8 bag");
  EXPECT_EQ(lines[6], "selfcheck ok");
  if (std::string(GetParam()) == "mps2-an505") return;

  const ServedProject served(shop, "proj", serve_command(shop, "proj"));
  const auto send = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"send", served.line()});
    return shop.shoal(words);
  };
  for (const auto& [name, model] :
       {std::pair<std::string, std::string>{"picture", kNetwork},
        {"wake", "small.tflite"}}) {
    const Told sent = send({"random:2", "--network", name, "--compare", model,
                            "--profile", "--json"});
    ASSERT_EQ(sent.code, 0) << sent.err;
    const json said = json::parse(sent.out);
    expect_profile(said["profile"],
                   GetParam() == std::string("qemu-rv32") ? "mcycle" : "clock");
    EXPECT_EQ(said["network"], name);
    EXPECT_EQ(said["networks"], json({"wake", "picture"}));
    EXPECT_EQ(said["compared"], "equal");
  }
  EXPECT_EQ(send({"--network", "picture", "--self-test"}).out,
            "selfcheck ok\n");
  const Told none = send({"random:2", "--network", "sound"});
  EXPECT_EQ(none.code, 2);
  EXPECT_NE(none.err.find("one of: wake, picture"), std::string::npos)
      << none.err;
}

INSTANTIATE_TEST_SUITE_P(Boards, ExportedCascade,
                         testing::Values("mps2-an386", "mps2-an505",
                                         "qemu-rv32"),
                         kNameOfBoard);

class ExportedCMake : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const Board& board = find_board(GetParam());
    need_programs({"ninja"});
    if (board.emulator) need_programs(tools_of(board));
  }
};

TEST_P(ExportedCMake, SaysWhatShoalRunSays) {
  const Workshop shop;
  ASSERT_EQ(shop.shoal(export_words("cmake", GetParam(), "proj")).code, 0);
  const std::string launcher =
      has_program("ccache") ? " -DCMAKE_CXX_COMPILER_LAUNCHER=ccache" : "";
  const Told built =
      shop.script("cd proj && cmake -G Ninja -B build" + launcher +
                  " > build.log && ninja -C build >> build.log");
  ASSERT_EQ(built.code, 0) << built.err << shop.read_text("proj/build.log");
  const Told ran = shop.script("ninja -C proj/build run");
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  EXPECT_NE(ran.out.find("label 8 bag\nselfcheck ok\n"), std::string::npos)
      << ran.out;
}

INSTANTIATE_TEST_SUITE_P(Boards, ExportedCMake,
                         testing::Values("host", "mps2-an386"), kNameOfBoard);
INSTANTIATE_TEST_SUITE_P(Long, ExportedCMake, testing::Values("qemu-rv32"),
                         kNameOfBoard);

// On this computer, where a serial line can be played. Built once; every test
// has its own copy.
class ExportedHost : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    built_ = std::make_unique<Workshop>();
    EXPECT_EQ(built_->shoal(export_words("c", "host", "proj")).code, 0);
    const Told built = built_->script(make_in("proj", "all"));
    EXPECT_EQ(built.code, 0) << built.err;
  }
  static void TearDownTestSuite() { built_.reset(); }
  void SetUp() override {
    // With its times, by which make knows what is new.
    ASSERT_EQ(shop_.script("cp -a " + built_->path("proj") + " .").code, 0);
  }

  static std::unique_ptr<Workshop> built_;
  Workshop shop_;
};
std::unique_ptr<Workshop> ExportedHost::built_;

TEST_F(ExportedHost, RunsAndRefusesWhatIsNotItsOwn) {
  const Told ran = shop_.script(make_in("proj", "run"));
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_TRUE(ran.out.starts_with("label 8 bag\nselfcheck ok\ntime "))
      << ran.out;
  // Build results stay; what was edited, or is somebody's, is not touched.
  EXPECT_EQ(shop_.shoal(export_words("c", "host", "proj", "dress")).code, 0);
  const std::string original = shop_.read_text("proj/app/main.cpp");
  ASSERT_EQ(shop_.script("echo '//' >> proj/app/main.cpp").code, 0);
  Told told = shop_.shoal(export_words("c", "host", "proj"));
  EXPECT_EQ(told.code, 2);
  EXPECT_NE(told.err.find("app/main.cpp, which was changed"), std::string::npos)
      << told.err;
  shop_.write("proj/app/main.cpp", {original.begin(), original.end()});
  ASSERT_EQ(shop_.script("echo notes > proj/notes.txt").code, 0);
  told = shop_.shoal(export_words("c", "host", "proj"));
  EXPECT_EQ(told.code, 2);
  EXPECT_NE(told.err.find("notes.txt, which no export wrote"),
            std::string::npos)
      << told.err;
  EXPECT_EQ(shop_.read_text("proj/notes.txt"), "notes\n");
  ASSERT_EQ(shop_.script("mkdir other && touch other/file").code, 0);
  EXPECT_EQ(shop_.shoal(export_words("c", "host", "other")).code, 2);
}

// A full disk, a kill: the project from before stays, and the next export is
// as if nothing had been.
TEST_F(ExportedHost, AnExportThatIsInterruptedChangesNothing) {
  ASSERT_EQ(shop_.script("cp -r proj before").code, 0);
  std::string words;
  for (const std::string& w : export_words("c", "host", "proj", "dress")) {
    words += " '" + w + "'";
  }
  const Told told = shop_.script("(ulimit -f 200; $SHOAL" + words + ")");
  EXPECT_NE(told.code, 0);
  EXPECT_EQ(shop_.script("diff -r before proj").out, "");
  const Told again = shop_.script("$SHOAL" + words + " && ls -A");
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(again.out.find("shoal-export"), std::string::npos) << again.out;
  EXPECT_NE(shop_.script("diff -r before proj").out, "");
  EXPECT_TRUE(fs::exists(shop_.path("proj/build/fashion_mobilenet_v2")));
}

// A kill between the two renames: what was there comes back, with what was
// built in it, and the next export goes on.
TEST_F(ExportedHost, WhatAKilledExportLeftIsPutBack) {
  ASSERT_EQ(shop_.script("cp -r proj before").code, 0);
  // The second time, what was built since stays.
  for (const char* left :
       {"mkdir .proj.shoal-export && mv proj/build .proj.shoal-export/ && "
        "mv proj .proj.shoal-export-old",
        "mkdir -p .proj.shoal-export/build && "
        "touch .proj.shoal-export/build/older"}) {
    SCOPED_TRACE(left);
    ASSERT_EQ(shop_.script(left).code, 0);
    const Told told = shop_.shoal(export_words("c", "host", "proj"));
    EXPECT_EQ(told.code, 0) << told.err;
    EXPECT_EQ(shop_.script("diff -r before proj").out, "");
    EXPECT_EQ(shop_.script("ls -A | grep shoal-export").out, "");
  }

  ASSERT_EQ(shop_.script("touch file && ln -s none dangling").code, 0);
  for (const char* folder : {"file/x", "dangling"}) {
    EXPECT_EQ(shop_.shoal(export_words("c", "host", folder)).code, 2);
  }
}

// The runtime of another format than the program's.
TEST_F(ExportedHost, OtherFormatsDoNotCompile) {
  const Told told = shop_.script(
      "cd proj && sed -i 's/kImageVersion = 7, kVariablesVersion = 8/"
      "kImageVersion = 17, kVariablesVersion = 18/' "
      "shoal/src/device/program/image.h && make -s DEBUG= OPTIMIZE=-O0 "
      "OPTIMIZE_KERNELS=-O0 all");
  EXPECT_NE(told.code, 0);
  EXPECT_NE(told.err.find("take both from one export"), std::string::npos);
}

// An arena of one byte less, and one of the program's bytes less.
TEST_F(ExportedHost, TheBoardSaysWhatIsWrong) {
  Told told = shop_.script(
      "cd proj && sed -i -E 's/(ARENA_BYTES) ([0-9]+)u/\\1 (\\2u - 1)/' "
      "app/shoal_program.h && make -s run");
  EXPECT_NE(told.out.find("refused: the arena is too small"), std::string::npos)
      << told.out << told.err;
  told = shop_.script(
      "cd proj && sed -i -E 's/(ARENA_BYTES) .([0-9]+)u - 1./\\1 \\2u/; "
      "s/^( *[0-9]+)u,/\\1u - 1,/;' "
      "app/shoal_program.h && make -s run");
  EXPECT_NE(told.out.find("refused: "), std::string::npos)
      << told.out << told.err;
  EXPECT_NE(told.err.find("Error 6"), std::string::npos) << told.err;
}

TEST_F(ExportedHost, TakesInputsFromTheSerialLine) {
  const ServedProject board(shop_, "proj", serve_command(shop_, "proj"));
  for (const char* label : {"bag", "dress"}) {
    expect_same_scores(shop_, kModels + "samples/" + label + "/0.png",
                       board.line());
  }
  const Told compared = shop_.shoal({"send", board.line(), kModels + "samples",
                                     "random:1", "--compare", kNetwork});
  EXPECT_EQ(compared.code, 2) << compared.out;  // a folder without pictures
  const Told equal = shop_.shoal({"send", board.line(), kModels + "samples/bag",
                                  "random:1", "--compare", kNetwork, "--json"});
  ASSERT_EQ(equal.code, 0) << equal.err;
  EXPECT_EQ(json::parse(equal.out).at("compared"), "equal");
  const Told measured =
      shop_.shoal({"send", board.line(), "random:1", "random:2", "--profile"});
  EXPECT_EQ(measured.code, 0) << measured.err;
  EXPECT_NE(measured.out.find("a frame by clock, the time model says"),
            std::string::npos)
      << measured.out;
  EXPECT_EQ(
      shop_.shoal({"send", board.line(), "--self-test", "--profile"}).code, 2);
  const Told other = shop_.shoal(
      {"send", board.line(), "random:1", "--compare", "zoo:mobilenet_v2"});
  EXPECT_EQ(other.code, 2);
  EXPECT_NE(other.err.find("runs another model"), std::string::npos)
      << other.err;
  const Told tested = shop_.shoal({"send", board.line(), "--self-test"});
  EXPECT_EQ(tested.out, "selfcheck ok\n") << tested.err;
  shop_.write("short.bin", std::vector<uint8_t>(9));
  EXPECT_EQ(shop_.shoal({"send", board.line(), "short.bin"}).code, 2);
  EXPECT_EQ(shop_.shoal({"send", board.line()}).code, 2);
  EXPECT_EQ(shop_.shoal({"send", "/dev/null", "random:1"}).code, 2);
}

// The example: the small network wakes the large one.
TEST_F(ExportedHost, ACascadeWakesItsSecondNetwork) {
  shop_.write("small.tflite", small_network());
  const Told told =
      shop_.shoal({"export", "small.tflite", "--name", "wake", "--also",
                   "picture=" + kNetwork, "--also-input",
                   "picture=" + kModels + "samples/bag/0.png", "--also-labels",
                   "picture=" + kModels + "fashion_labels.txt", "--as", "c",
                   "--board", "host", "-o", "two"});
  ASSERT_EQ(told.code, 0) << told.err;
  ASSERT_EQ(shop_
                .script("cp " SHOAL_SOURCE_DIR
                        "/examples/cascade/app.cpp two/app/app.cpp")
                .code,
            0);
  ASSERT_EQ(shop_.script(make_in("two", "all")).code, 0);
  const Told ran = shop_.script(make_in("two", "run"));
  ASSERT_EQ(ran.code, 0) << ran.err;
  const std::vector<std::string> lines = lines_of(ran.out);
  ASSERT_GT(lines.size(), 1u);
  const std::string label = lines[1].substr(lines[1].find(' ') + 1);
  for (const bool wakes : {true, false}) {
    const std::string wanted = wakes ? label : "99";
    const Told served =
        shop_.script("sed -i 's/kWakeClass = [0-9]*/kWakeClass = " + wanted +
                     "/' two/app/app.cpp && " + make_in("two", "all") +
                     " && sleep 1 | two/build/wake serve");
    EXPECT_EQ(served.out.find("awake\nlabel 8 bag\n") != std::string::npos,
              wakes)
        << served.out << served.err;
  }
}

// The file of the user outlives the next export.
TEST_F(ExportedHost, KeepsTheUsersFile) {
  ASSERT_EQ(shop_.script("echo '// mine' >> proj/app/app.cpp").code, 0);
  for (const char* label : {"dress", "bag"}) {
    const Told told = shop_.shoal(export_words("c", "host", "proj", label));
    EXPECT_EQ(told.code, 0) << told.err;
    const std::string text = shop_.read_text("proj/app/app.cpp");
    EXPECT_TRUE(text.ends_with("// mine\n")) << text;
  }
}

TEST(Export, RefusesWhatItCannotDo) {
  const Workshop shop;
  const auto refused = [&](std::vector<std::string> words, int code,
                           const std::string& text) {
    const Told told = shop.shoal(words);
    EXPECT_EQ(told.code, code) << told.err;
    EXPECT_NE(told.err.find(text), std::string::npos) << told.err;
  };
  refused(export_words("makefile", "host", "proj"), 2, "one of: c, cmake");
  refused(export_words("arduino", "mps2-an386", "proj"), 2, "teensy41");
  refused(export_words("c", "teensy42", "proj"), 2, "unknown board");
  for (const auto& [flag, value] :
       {std::pair{"--flash", "0"}, {"--storage", "sd-4bit"}}) {
    std::vector<std::string> words = export_words("c", "teensy41", "proj");
    words.insert(words.end(), {flag, value});
    refused(words, 2, flag);  // an exported project has no driver of one
  }
  for (const char* name : {"mein netz", "n\303\244he", "9lives", "a/b", ""}) {
    std::vector<std::string> words = export_words("c", "host", "proj");
    words.insert(words.end(), {"--name", name});
    if (*name) refused(words, 2, "is not a valid project name");
  }
  // Names that the project's own folders and targets have.
  for (const char* name : {"shoal", "app", "run"}) {
    std::vector<std::string> words = export_words("c", "host", "proj");
    words.insert(words.end(), {"--name", name});
    refused(words, 2, "is a name that the project itself uses");
  }
  // Several networks in one project have names, and must fit.
  const auto also = [&](std::vector<std::string> more, int code,
                        const std::string& text,
                        const std::string& board = "teensy41") {
    std::vector<std::string> words = export_words("c", board, "proj");
    words.insert(words.end(), more.begin(), more.end());
    refused(words, code, text);
  };
  also({"--also", "zoo:mobilenet_v1"}, 2, "is not NAME=FILE");
  also({"--also", "9=zoo:mobilenet_v1"}, 2, "not a valid name of a network");
  also({"--also", "fashion_mobilenet_v2=zoo:mobilenet_v1"}, 2,
       "there is already a network");
  also({"--also-labels", "x=labels.txt"}, 2, "no --also has the name 'x'");
  also({"--also", "a=zoo:mobilenet_v1", "--also", "b=zoo:mobilenet_v2"}, 3,
       " more than the ");
  refused(export_words("c", "lm3s6965evb", "proj"), 3,
          "use a smaller network, or another --board");
  refused(export_words("c", "host", ""), 2, "-o is missing");
  std::vector<std::string> large{
      "export",  "zoo:mobilenet_v1", "--as", "arduino",
      "--board", "esp32s3",          "-o",   "proj"};
  refused(large, 4, "but a constant has at most 4,194,304 B");
  EXPECT_FALSE(fs::exists(shop.path("proj")));
  const Told told =
      shop.shoal({"build", kNetwork, "--board", "teensy41", "-o", "out"});
  EXPECT_EQ(told.code, 2);
  EXPECT_NE(told.err.find("shoal export MODEL --board teensy41 --as"),
            std::string::npos)
      << told.err;
}

}  // namespace
}  // namespace shoal
