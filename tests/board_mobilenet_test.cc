// MobileNetV2 1.0 at 224 x 224, real weights and a real picture, on eight
// boards of 64 KB: bytes as the golden result's. The emulators take some 50 s
// of CPU time for one case, most of it to move 14 MB of programs and a frame's
// 9,000 datagrams a board through emulated devices; so this is in `ctest
// --preset long` and in what CI runs, but not in ./test.sh.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <ostream>

#include "host/base/files.h"
#include "tests/board_emulated.h"
#include "tests/command.h"
#include "tests/shared.h"

namespace shoal {
namespace {

// `options` after those that name model and picture; what it says as JSON.
nlohmann::json emulate_exactly(const std::string& model,
                               const std::vector<std::string>& options) {
  const Workshop shop;
  const std::filesystem::path golden = shared_dir() / "golden" / model;
  std::vector<std::string> words{"emulate", golden_model_file(model),
                                 golden / "cat.in.bin"};
  words.insert(words.end(), options.begin(), options.end());
  words.insert(words.end(), {"-o", "out.bin", "--json"});
  const Told told = shop.shoal(words);
  EXPECT_EQ(told.code, 0) << told.err;
  if (told.code != 0) return {};
  shop.write("want.bin", read_file((golden / "cat.out.bin").string()));
  EXPECT_EQ(shop.read("out.bin"), shop.read("want.bin"));
  return nlohmann::json::parse(told.out);
}

struct EightBoards {
  const char* name;
  std::vector<std::string> options;
};

void PrintTo(const EightBoards& b, std::ostream* out) { *out << b.name; }

class MobileNetOnBoards : public testing::TestWithParam<EightBoards> {};

TEST_P(MobileNetOnBoards, IsTheGoldenResult) {
  for (const char* id :
       {"emcraft-sf2", "lm3s6965evb", "mps2-an386", "mps2-an500"}) {
    emulated_board({}, id);
  }
  std::vector<std::string> options = GetParam().options;
  options.insert(options.end(), {"--strategy", "spatial"});
  const nlohmann::json said =
      emulate_exactly("mobilenet_v2_1.0_224_quant_i8shift", options);
  ASSERT_TRUE(said.contains("boards"));
  const auto& boards = said.at("boards");
  EXPECT_EQ(boards.size(), 8u);
  for (const auto& b : boards) {
    // The larger boards' additional memory is not used.
    EXPECT_LE(b.at("arena_bytes"), 65536);
    EXPECT_LE(b.at("flash_used_bytes").get<int>() * 4, (256 << 10) * 3);
    if (b.at("sram_bytes") > 65536) continue;
    EXPECT_LE(b.at("fixed_bytes").get<int>() + b.at("arena_bytes").get<int>(),
              65536);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, MobileNetOnBoards,
    testing::Values(
        EightBoards{"nor", {"--board", "emcraft-sf2", "--nodes", "8"}},
        EightBoards{"card", {"--board", "lm3s6965evb", "--nodes", "8"}},
        EightBoards{"mixed",
                    {"--cluster", std::string(SHOAL_SOURCE_DIR) +
                                      "/examples/mixed_cluster.toml"}}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(MobileNetOnABoard, alone) {
  emulated_board();
  const nlohmann::json said = emulate_exactly(
      "tf2_mobilenet_v2_1.0_224_ptq",
      {"--board", "emcraft-sf2", "--replay", "--seconds", "600"});
  ASSERT_TRUE(said.contains("sram_bytes"));
  EXPECT_EQ(said.at("sram_bytes"), 65536);
  EXPECT_LT(said.at("frame_instructions").get<int64_t>(), 2'100'000'000);
}

// The same with lwIP, cipher, stacks and the agent inside: its datagrams are
// small, because the buffers for them are memory that the arena lacks.
TEST(MobileNetOnABoard, aloneOnANetwork) {
  emulated_board();
  const nlohmann::json said =
      emulate_exactly("tf2_mobilenet_v2_1.0_224_ptq",
                      {"--board", "emcraft-sf2", "--nodes", "1", "--replay",
                       "--payload", "128", "--seconds", "600"});
  ASSERT_TRUE(said.contains("boards"));
  ASSERT_EQ(said.at("boards").size(), 1u);
  const auto& board = said.at("boards").at(0);
  EXPECT_EQ(board.at("sram_bytes"), 65536);
  EXPECT_LE(
      board.at("fixed_bytes").get<int>() + board.at("arena_bytes").get<int>(),
      65536);
  EXPECT_LE(board.at("stack_used_bytes").get<int>() * 4,
            board.at("stack_bytes").get<int>() * 3);
  EXPECT_LE(board.at("flash_used_bytes").get<int>() * 4, (256 << 10) * 3);
  EXPECT_LT(board.at("frame_instructions").get<int64_t>(), 5'600'000'000);
}

}  // namespace
}  // namespace shoal
