// An emulated board starts the frames of others, one of which loses its power:
// the others hold the programs for that loss in their mapped memory, and go on.
#include <gtest/gtest.h>

#include <csignal>
#include <sstream>
#include <string>
#include <vector>

#include "tests/board_emulated.h"
#include "tests/command.h"

namespace shoal {
namespace {

TEST(BoardLeader, GoesOnWithoutABoardThatLosesItsPower) {
  struct Board {
    std::string name, address;
    pid_t process = 0;
  };
  constexpr int kNodes = 3;
  emulated_board({}, "mps2-an386");
  const Workshop shop;
  const std::string models = SHOAL_SOURCE_DIR "/models/";
  ASSERT_EQ(shop.shoal({"keygen", "-o", "k.key"}).code, 0);
  Background boards(shop,
                    {"emulate", "--board", "mps2-an386", "--nodes",
                     std::to_string(kNodes + 1), "--serve", "--key", "k.key"});
  std::vector<Board> all(kNodes + 1);
  std::string workers;
  for (Board& s : all) {
    std::istringstream(boards.line()) >> s.name >> s.address >> s.process;
    ASSERT_GT(s.process, 0);
    if (&s == &all.back()) break;
    workers += (workers.empty() ? "" : ",") + s.address;
  }
  const Told told = shop.shoal(
      {"deploy", models + "fashion_mobilenet_v2.tflite", "--workers", workers,
       "--key", "k.key", "--leader", all.back().address, "--picture",
       models + "samples/bag/0.png", "--labels", models + "fashion_labels.txt",
       "--every", "0.1", "--node-timeout", "30", "--strategy", "spatial"});
  ASSERT_EQ(told.code, 0) << told.err;
  EXPECT_NE(told.err.find("goes on without any one of its nodes"),
            std::string::npos)
      << told.err;
  const std::string leader = all.back().name + ": frame ";
  int frame = 0;
  const auto is_next = [&](const std::string& line) {
    return line == leader + std::to_string(frame) + ": class 8, bag" && ++frame;
  };
  for (int i = 0; i < 3; ++i) {
    const std::string line = boards.line();
    ASSERT_TRUE(is_next(line)) << line;
  }
  kill(all[1].process, SIGKILL);
  std::string line = boards.line();
  while (is_next(line)) line = boards.line();
  EXPECT_EQ(line, leader + std::to_string(frame) + " goes on without node " +
                      all[1].name);
  for (int i = 0; i < 3; ++i) {
    line = boards.line();
    EXPECT_TRUE(is_next(line)) << line;
  }
  EXPECT_EQ(boards.end(SIGTERM), 6);
}

}  // namespace
}  // namespace shoal
