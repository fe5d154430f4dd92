// Both cores of an emulated board: the bytes of one core, in little more than
// half of its instructions on the critical path.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/base/files.h"
#include "tests/board_emulated.h"
#include "tests/bundled_files.h"
#include "tests/command.h"
#include "tests/expect_told.h"
#include "tests/needs.h"
#include "tests/served_board.h"
#include "tests/served_project.h"
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

// Shares of a cluster's nodes are planned for both cores, and computed by them.
TEST_F(BoardCores, NodesOfAClusterUseThem) {
  const auto frame = [&](std::vector<std::string> more) {
    more.insert(more.end(), {"--nodes", "2"});
    return emulated(kNetwork, more);
  };
  const json one = frame({"--cores", "1"}), two = frame({});
  EXPECT_EQ(one.at("output_sha256"), two.at("output_sha256"));
  EXPECT_EQ(two.at("output_sha256"),
            emulated(kNetwork, {}).at("output_sha256"));
  const double gain =
      double(one.at("path_instructions")) / double(two.at("path_instructions"));
  EXPECT_GE(gain, 1.4);
  EXPECT_LE(gain, 2);
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

TEST_F(BoardCores, AnExportedProjectUsesThem) {
  need_programs({"make", "arm-none-eabi-g++"});
  if (cannot_go_on()) return;
  const json one = emulated(kNetwork, {"--cores", "1"});
  expect_ok(shop_,
            {"export", kNetwork, "--as", "c", "--board", kBoard, "-o", "proj"});
  const std::string launcher = has_program("ccache") ? " LAUNCHER=ccache" : "";
  const std::string make = "make -s -C proj DEBUG=" + launcher;
  const Told built = shop_.script(make + " all");
  ASSERT_EQ(built.code, 0) << built.err;
  EXPECT_EQ(built.err, "");  // not a warning
  const Told ran = shop_.script(make + " run");
  EXPECT_EQ(ran.code, 0) << ran.err;
  const std::string& said = ran.out;
  EXPECT_NE(said.find("\nselfcheck ok\n"), std::string::npos) << said;
  EXPECT_EQ(said.find("one core"), std::string::npos) << said;
  const std::string word = "instructions ";
  const size_t at = said.find(word);
  ASSERT_NE(at, std::string::npos) << said;
  const double both = std::stod(said.substr(at + word.size()));
  EXPECT_GT(double(one.at("frame_instructions")) / both, 1.85);
  // A core that does not start leaves the board to the other one.
  const std::string source = "proj/boards/startup/two_cores.cpp";
  const std::string start = "return start_second_core() ? 0 : -1;";
  std::string text = shop_.read_text(source);
  const size_t starts = text.find(start);
  ASSERT_NE(starts, std::string::npos);
  write_file(shop_.path(source),
             text.replace(starts, start.size(), "return -1;"));
  const Told alone = shop_.script(make + " all 2>&1 && " + make + " run");
  EXPECT_EQ(alone.code, 0) << alone.out << alone.err;
  EXPECT_NE(alone.out.find("one core: the second core does not answer\n"),
            std::string::npos)
      << alone.out;
  EXPECT_NE(alone.out.find("\nselfcheck ok\n"), std::string::npos) << alone.out;
}

// Shares follow the speed that the port says, and the bytes are the same.
TEST_F(BoardCores, UnlikeCoresComputeTheSame) {
  need_programs({"make", "arm-none-eabi-g++"});
  if (cannot_go_on()) return;
  expect_ok(shop_,
            {"export", kNetwork, "--as", "c", "--board", kBoard, "-o", "proj"});
  const std::string port = "proj/boards/startup/two_cores.cpp";
  const std::string alike = "kLeastProducts, stop, 0}";
  std::string text = shop_.read_text(port);
  const size_t at = text.find(alike);
  ASSERT_NE(at, std::string::npos);
  write_file(shop_.path(port),
             text.replace(at, alike.size(), "kLeastProducts, stop, 85}"));
  const Told built = shop_.script(make_in("proj", "all"));
  ASSERT_EQ(built.code, 0) << built.err;
  const Told ran = shop_.script(make_in("proj", "run"));
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.out.find("\nselfcheck ok\n"), std::string::npos) << ran.out;
  // The first core makes 256 / (256 + 85) of the most.
  const json one = emulated(kNetwork, {"--cores", "1"});
  const std::string word = "instructions ";
  const size_t says = ran.out.find(word);
  ASSERT_NE(says, std::string::npos) << ran.out;
  const double gain = double(one.at("frame_instructions")) /
                      std::stod(ran.out.substr(says + word.size()));
  EXPECT_GT(gain, 1.2);
  EXPECT_LT(gain, 1.4);
}

// A node that uses one of its cores says so, and plans count on one.
TEST_F(BoardCores, ANodeWithOneCoreIsPlannedForOne) {
  const Told planned = expect_ok(
      shop_, {"plan", "--json", "--nodes", "1", "--board", kBoard, kNetwork});
  const double both = json::parse(planned.out).at("latency_s");
  const std::string limit = std::to_string(1.4e3 * both) + "ms";
  const auto run = [&](const char* cores) {
    ServedBoard board(shop_,
                      {"--board", kBoard, "--insecure", "--cores", cores});
    const Told told =
        shop_.shoal({"run", kNetwork, "random:1", "--workers", board.address,
                     "--insecure", "--max-latency", limit});
    board.end(SIGTERM);
    return told;
  };
  expect_refused(run("1"), 3, "latency");
  const Told two = run("2");
  EXPECT_EQ(two.code, 0) << two.err;
}

// A project whose second core hangs in the middle of a half.
class HangingCore : public BoardCores {
 protected:
  HangingCore() { need_programs({"make", "arm-none-eabi-g++"}); }

  // Exports it; `when`: in which of its jobs the core hangs.
  void write(const std::string& when, const std::string& board = kBoard) const {
    expect_ok(shop_, {"export", kNetwork, "--as", "c", "--board", board, "-o",
                      "proj"});
    replace("proj/shoal/src/device/runtime/pair.cpp",
            "job->run(*job);\n    shoal::set_word(pair->done",
            "{ static int jobs; if (++jobs " + when +
                ") for (;;) __asm__ volatile(\"\"); job->run(*job); }\n"
                "    shoal::set_word(pair->done");
    // The emulator waits as long as the board would.
    replace(kPort, "kTimeoutUs = 60000000", "kTimeoutUs = 2000000");
  }
  void build() const {
    const Told made = shop_.script(make_in("proj", "all"));
    ASSERT_EQ(made.code, 0) << made.err;
  }
  // The built-in test ends as it does with both cores.
  void expect_one_core() const {
    const Told ran = shop_.script(make_in("proj", "run"));
    EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
    EXPECT_NE(ran.out.find("\nselfcheck ok\n"), std::string::npos) << ran.out;
    EXPECT_NE(ran.out.find("one core: the second core does not answer\n"),
              std::string::npos)
        << ran.out;
  }
  // The frame under way fails, and the next ones are right.
  void expect_one_lost_frame() const {
    const ServedProject board(shop_, "proj", serve_command(shop_, "proj"));
    const auto send = [&] {
      return shop_.shoal({"send", board.line(), "random:1", "--compare",
                          kNetwork, "--node-timeout", "60"});
    };
    bool hung = false;
    for (int frame = 0; frame < 40 && !hung; ++frame) {
      const Told told = send();
      hung = told.code != 0;
      if (!hung) continue;
      EXPECT_EQ(told.code, 6) << told.err;
      EXPECT_NE(told.err.find("the second core does not answer"),
                std::string::npos)
          << told.err;
    }
    EXPECT_TRUE(hung);
    for (int frame = 0; frame < 2; ++frame) {
      const Told told = send();
      EXPECT_EQ(told.code, 0) << told.err;
    }
  }
  static constexpr const char* kPort = "proj/boards/startup/two_cores.cpp";
  // The self-test has as many jobs as a frame.
  static constexpr const char* kInAFrame = "== 300";

  void replace(const std::string& file, const std::string& from,
               const std::string& to) const {
    std::string text = shop_.read_text(file);
    const size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    write_file(shop_.path(file), text.replace(at, from.size(), to));
  }
};

// It costs the frame, and then makes halves again.
TEST_F(HangingCore, IsStoppedAndStartedAgain) {
  if (cannot_go_on()) return;
  write(kInAFrame);
  ASSERT_NO_FATAL_FAILURE(build());
  expect_one_lost_frame();
}

using HangingCoreLong = HangingCore;

// A stop that comes after the time-out is no stop of the next start.
TEST_F(HangingCoreLong, ThatStopsLateIsBackForTheNextFrame) {
  if (cannot_go_on()) return;
  write(kInAFrame);
  replace(kPort, "uint64_t{kStopUs} *",
          "(shared.stops < 2 ? 0 : 1000000ull) *");
  ASSERT_NO_FATAL_FAILURE(build());
  expect_one_lost_frame();
}

// From its tenth job on, so in the self-test too, however often it starts.
TEST_F(HangingCore, ThatNeverEndsAHalfLeavesTheBoardToTheOtherOne) {
  if (cannot_go_on()) return;
  write(">= 10");
  ASSERT_NO_FATAL_FAILURE(build());
  expect_one_core();
}

TEST_F(HangingCoreLong, ThatNeverEndsAHalfLeavesTheHartsToTheOtherOne) {
  need_programs({"riscv64-unknown-elf-g++", "qemu-system-riscv32"});
  if (cannot_go_on()) return;
  write(">= 10", "qemu-rv32x2");
  ASSERT_NO_FATAL_FAILURE(build());
  expect_one_core();
}

// It sleeps, and nothing wakes it: it begins no half, so none is lost.
TEST_F(HangingCore, ThatHearsNoInterruptLeavesTheBoardToTheOtherOne) {
  if (cannot_go_on()) return;
  write("< 0");
  replace("proj/boards/mps2-an521/second_core.cpp",
          "reg(mailbox_of(first) + kSet) = 1;",
          "if (first) reg(mailbox_of(first) + kSet) = 1;");
  ASSERT_NO_FATAL_FAILURE(build());
  expect_one_core();
}

// Zephyr's applications are planned for the one core that they use, and other
// projects for both, alone and as nodes.
TEST_F(BoardCores, PlansOfProjectsWithoutThemSayOneCore) {
  expect_refused(
      shop_.shoal({"export", kNetwork, "--as", "zephyr", "--board", "rp2040",
                   "--cores", "2", "-o", "zephyr"}),
      2, "--cores 2: --as zephyr starts no second core of board rp2040");
  const auto seconds = [&](std::vector<std::string> more) {
    std::vector<std::string> line{"plan", "--json", "--board", "rp2350",
                                  kNetwork};
    line.insert(line.end(), more.begin(), more.end());
    return double(json::parse(expect_ok(shop_, line).out).at("latency_s"));
  };
  const double one = seconds({"--cores", "1"}), both = seconds({});
  EXPECT_GT(one, 1.2 * both);
  EXPECT_LT(seconds({"--nodes", "1"}), one);
  EXPECT_GE(seconds({"--nodes", "1", "--cores", "1"}), one);
}

}  // namespace
}  // namespace shoal
