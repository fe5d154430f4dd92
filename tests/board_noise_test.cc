// What comes at a board that is on a network: noise, somebody without the key,
// a flash that nobody has erased, a program that has decayed there. It is told
// by the board's name, and the board is usable afterwards.
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>

#include "host/base/files.h"
#include "host/engine/workers/udp.h"
#include "tests/board_emulated.h"
#include "tests/command.h"
#include "tests/random_net.h"

namespace shoal {
namespace {

using Arguments = std::vector<std::string>;

constexpr size_t kNorBytes = 16 << 20, kBlock = 64 << 10;

class BoardNoise : public testing::Test {
 protected:
  BoardNoise() {
    emulated_board();
    shop_.write("m.tflite", random_model(random_recipe(105)));
    EXPECT_EQ(shop_.shoal({"keygen", "-o", "k.key"}).code, 0);
    EXPECT_EQ(
        shop_.shoal({"run", "m.tflite", "random:1", "-o", "want.bin"}).code, 0);
  }

  struct Board {
    explicit Board(const Workshop& shop)
        : served(shop, {"emulate", "--board", "emcraft-sf2", "--nodes", "1",
                        "--serve", "--state", "kept", "--key", "k.key"}) {
      std::string name;
      std::istringstream(served.line()) >> name >> address;
    }
    Background served;
    std::string address;
  };
  Told run(const Board& board, const std::string& key = "k.key",
           const char* timeout = "20") const {
    return shop_.shoal({"run", "m.tflite", "random:1", "--workers",
                        board.address, "--key", key, "--timeout", timeout, "-o",
                        "out.bin"});
  }
  void expect_exact(const Board& board) const {
    const Told told = run(board);
    ASSERT_EQ(told.code, 0) << told.err;
    EXPECT_EQ(shop_.read("out.bin"), shop_.read("want.bin"));
  }

  const Workshop shop_;
};

TEST_F(BoardNoise, ABoardIsUsableAfterwards) {
  std::mt19937 random(7);
  // Nobody has erased the flash, and what is there looks like something.
  std::vector<uint8_t> nor(kNorBytes);
  for (uint8_t& byte : nor) byte = static_cast<uint8_t>(random());
  std::filesystem::create_directory(shop_.path("kept"));
  shop_.write("kept/emcraft-sf2.0.img", nor);
  int64_t program = 0;
  {
    const Board board(shop_);
    expect_exact(board);

    // Garbage of every kind that sessions know, short, long, in fragments.
    const uint64_t to = parse_udp_address(board.address, "");
    const UdpTransport udp(parse_udp_address("127.0.0.1:0", ""));
    const shoal_transport& t = udp.transport();
    std::vector<uint8_t> noise(4000);
    for (int i = 0; i < 3000; ++i) {
      for (size_t k = 0; k < 100; ++k) {
        noise[k] = static_cast<uint8_t>(random());
      }
      noise[0] = static_cast<uint8_t>(i % 7);
      const uint32_t most = i % 50 == 0 ? 4000 : 1472;
      t.send(t.user, to, noise.data(), 1 + random() % most);
      if (i % 100 == 0) usleep(1000);
    }
    expect_exact(board);

    ASSERT_EQ(shop_.shoal({"keygen", "-o", "other.key"}).code, 0);
    const Told stranger = run(board, "other.key", "1");
    EXPECT_EQ(stranger.code, 6);
    EXPECT_NE(stranger.err.find(board.address), stranger.err.npos);
    const Told deployed =
        shop_.shoal({"deploy", "m.tflite", "--workers", board.address, "--key",
                     "k.key", "--timeout", "20", "--json"});
    ASSERT_EQ(deployed.code, 0) << deployed.err;
    const auto json = nlohmann::json::parse(deployed.out);
    EXPECT_EQ(json.at("sent_bytes"), 0);
    program = json.at("nodes").at(0).at("program_bytes");
  }
  // Its seed has been replaced with every start; who has none that is unused
  // talks to nobody.
  nor = shop_.read("kept/emcraft-sf2.0.img");
  const std::vector<uint8_t> good = nor;
  for (size_t at = kNorBytes - 3 * kBlock; at < kNorBytes - kBlock; ++at) {
    nor[at] &= 0x7F;
  }
  EXPECT_NE(nor, good);
  shop_.write("kept/emcraft-sf2.0.img", nor);
  const Told seedless =
      shop_.shoal({"emulate", "--board", "emcraft-sf2", "--nodes", "1",
                   "--serve", "--state", "kept", "--key", "k.key"});
  EXPECT_EQ(seedless.code, 6);
  EXPECT_NE(seedless.err.find("no seed that was not used"), seedless.err.npos)
      << seedless.err;
  shop_.write("kept/emcraft-sf2.0.img", good);
  // A bit of its program's last weights falls over, in whichever slot.
  nor = shop_.read("kept/emcraft-sf2.0.img");
  for (const size_t slot : {size_t{0}, (kNorBytes / kBlock - 3) / 2 * kBlock}) {
    nor[slot + kBlock + static_cast<size_t>(program) - 24] ^= 1;
  }
  shop_.write("kept/emcraft-sf2.0.img", nor);
  const Board board(shop_);
  const Told decayed = run(board);
  EXPECT_EQ(decayed.code, 6) << decayed.err;
  EXPECT_NE(decayed.err.find("emcraft-sf2.0"), decayed.err.npos) << decayed.err;
  // It has forgotten that program, and gets it anew.
  expect_exact(board);
}

// Of one name, which nobody could tell apart.
TEST_F(BoardNoise, TwoOfOneIdentityAreToldApartByNobody) {
  const Arguments serve{"emulate", "--board", "emcraft-sf2", "--nodes",
                        "1",       "--serve", "--key",       "k.key"};
  Background first(shop_, serve), second(shop_, serve);
  std::string addresses[2], name;
  std::istringstream(first.line()) >> name >> addresses[0];
  std::istringstream(second.line()) >> name >> addresses[1];
  const Told told = shop_.shoal({"run", "m.tflite", "random:1", "--workers",
                                 addresses[0] + "," + addresses[1], "--key",
                                 "k.key", "--timeout", "20"});
  EXPECT_EQ(told.code, 2);
  EXPECT_NE(told.err.find("two workers are named emcraft-sf2.0"), told.err.npos)
      << told.err;
}

}  // namespace
}  // namespace shoal
