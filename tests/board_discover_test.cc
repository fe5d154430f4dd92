// `shoal discover` and emulated boards: what each one says of itself, who does
// not answer, and a cluster file that plans and runs.
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "device/program/image.h"
#include "host/engine/coordinator/testing/open_session.h"
#include "tests/between.h"
#include "tests/board_emulated.h"
#include "tests/command.h"
#include "tests/random_net.h"
#include "tests/served_board.h"

namespace shoal {
namespace {

using nlohmann::json;

class BoardDiscover : public testing::Test {
 protected:
  BoardDiscover() {
    for (const char* id : {"emcraft-sf2", "lm3s6965evb", "mps2-an386"}) {
      emulated_board({}, id);
    }
    shop_.write("m.tflite", random_model(random_recipe(105)));
    shop_.write("other.tflite", random_model(random_recipe(106)));
    for (const char* key : {"k.key", "other.key"}) {
      EXPECT_EQ(shop_.shoal({"keygen", "-o", key}).code, 0);
    }
  }
  Told discover(std::vector<std::string> addresses,
                std::vector<std::string> more) const {
    std::vector<std::string> all{"discover", "--node-timeout", "3"};
    all.insert(all.end(), addresses.begin(), addresses.end());
    all.insert(all.end(), more.begin(), more.end());
    return shop_.shoal(all);
  }
  json nodes(const std::vector<std::string>& addresses) const {
    const Told told = discover(addresses, {"--json", "--key", "k.key"});
    EXPECT_EQ(told.code, 0) << told.err;
    return told.code == 0 ? json::parse(told.out).at("nodes") : json::array();
  }

  const Workshop shop_;
};

TEST_F(BoardDiscover, EveryBoardSaysWhatItIsAndHolds) {
  ServedBoard nor(shop_, {"--board", "emcraft-sf2", "--key", "k.key"});
  ServedBoard mapped(shop_, {"--board", "mps2-an386", "--key", "k.key"});
  ServedBoard stranger(shop_, {"--board", "lm3s6965evb", "--key", "other.key"});
  const Told told = discover({nor.address, mapped.address, stranger.address},
                             {"--json", "--key", "k.key", "-o", "found.toml"});
  ASSERT_EQ(told.code, 0) << told.err;
  json all = json::parse(told.out).at("nodes");
  ASSERT_EQ(all.size(), 3u);
  const auto expect_empty = [](const json& node, const ServedBoard& board,
                               const char* id, int places) {
    EXPECT_EQ(node.at("address"), board.address);
    EXPECT_EQ(node.at("name"), board.name);
    EXPECT_EQ(node.at("board"), id);
    EXPECT_EQ(node.at("arithmetic"), kArithmetic);
    EXPECT_GT(node.at("arena_bytes"), 32 << 10);
    const int64_t room = node.at("program_capacity_bytes");
    EXPECT_GT(room, 4 << 20);
    EXPECT_EQ(node.at("storage_bytes"), places * room);
    EXPECT_EQ(node.at("free_bytes"), places * room);
    EXPECT_EQ(node.at("programs"), json::array());
  };
  expect_empty(all[0], nor, "emcraft-sf2", 2);
  expect_empty(all[1], mapped, "mps2-an386", 1);
  // A board with another key is no board of this cluster.
  EXPECT_EQ(all[2].at("answers"), false);
  EXPECT_EQ(all[2].at("exit_code"), 6);
  EXPECT_NE(all[2].at("why").get<std::string>().find("know this key"),
            std::string::npos)
      << all[2];

  // The file has both that answered, and does for a plan and for a run.
  EXPECT_EQ(shop_.shoal({"plan", "m.tflite", "--cluster", "found.toml"}).code,
            0);
  const Told ran = shop_.shoal(
      {"run", "m.tflite", "random:1", "--cluster", "found.toml", "--strategy",
       "spatial", "--key", "k.key", "--node-timeout", "20", "-o", "two.bin"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  ASSERT_EQ(shop_.shoal({"run", "m.tflite", "random:1", "-o", "one.bin"}).code,
            0);
  EXPECT_EQ(shop_.read("two.bin"), shop_.read("one.bin"));

  const int64_t room = all[0].at("program_capacity_bytes");
  const std::string first = [&] {
    const json now = nodes({nor.address, mapped.address});
    EXPECT_EQ(now[0].at("programs").size(), 1u) << now;
    EXPECT_EQ(now[0].at("free_bytes"), room);
    EXPECT_EQ(now[1].at("programs").size(), 1u) << now;
    const int64_t bytes = now[1].at("programs")[0].at("bytes");
    EXPECT_EQ(
        now[1].at("free_bytes"),
        now[1].at("storage_bytes").get<int64_t>() - (bytes + 15) / 16 * 16);
    return now[0].at("programs").at(0).at("sha256").get<std::string>();
  }();
  // A second one: what the board would run comes first.
  const auto sent = [&](const ServedBoard& board, const char* model) {
    const Told d =
        shop_.shoal({"deploy", model, "--workers", board.address, "--key",
                     "k.key", "--node-timeout", "20", "--json"});
    EXPECT_EQ(d.code, 0) << d.err;
    return d.code == 0 ? json::parse(d.out).at("sent_bytes").get<int64_t>()
                       : -1;
  };
  EXPECT_GT(sent(nor, "other.tflite"), 0);
  all = nodes({nor.address});
  ASSERT_EQ(all[0].at("programs").size(), 2u) << all;
  EXPECT_EQ(all[0].at("free_bytes"), 0);
  EXPECT_EQ(all[0].at("programs")[0].at("sha256"), all[0].at("program_sha256"));
  EXPECT_EQ(all[0].at("programs")[0].at("bytes"), all[0].at("program_bytes"));
  EXPECT_EQ(all[0].at("programs")[1].at("sha256"), first);
  const Told text = discover({nor.address}, {"--key", "k.key"});
  ASSERT_EQ(text.code, 0) << text.err;
  const std::vector<std::string> lines = lines_of(text.out);
  ASSERT_EQ(lines.size(), 2u) << text.out;
  char arithmetic[16];
  std::snprintf(arithmetic, sizeof arithmetic, "0x%08X", kArithmetic);
  EXPECT_NE(lines[1].find(arithmetic), std::string::npos) << text.out;
  EXPECT_NE(lines[1].find("; " + first.substr(0, 16) + ", "), std::string::npos)
      << text.out;

  // A mapped one keeps as many as there is room for.
  EXPECT_GT(sent(mapped, "m.tflite"), 0);
  EXPECT_GT(sent(mapped, "other.tflite"), 0);
  EXPECT_EQ(nodes({mapped.address})[0].at("programs").size(), 3u);
  EXPECT_EQ(sent(mapped, "m.tflite"), 0);
  const Told switched =
      shop_.shoal({"run", "m.tflite", "random:1", "--workers", mapped.address,
                   "--key", "k.key", "-o", "alone.bin"});
  EXPECT_EQ(switched.code, 0) << switched.err;
  EXPECT_EQ(shop_.read("alone.bin"), shop_.read("one.bin"));
  EXPECT_NE(switched.err.find("1 of 1 nodes had"), std::string::npos)
      << switched.err;

  // One that does not answer, and answers again.
  kill(mapped.process, SIGSTOP);
  all = nodes({nor.address, mapped.address});
  EXPECT_EQ(all[0].at("answers"), true);
  EXPECT_EQ(all[1].at("answers"), false);
  EXPECT_EQ(all[1].at("exit_code"), 6);
  const Told nobody = discover({mapped.address}, {"--key", "k.key"});
  EXPECT_EQ(nobody.code, 6);
  EXPECT_NE(nobody.err.find("no node answers"), std::string::npos)
      << nobody.err;
  kill(mapped.process, SIGCONT);
  EXPECT_EQ(nodes({mapped.address})[0].at("answers"), true);
}

// Two boards that were flashed with one name are both told, and are no cluster.
TEST_F(BoardDiscover, OneIdentityTwiceIsNoCluster) {
  ServedBoard one(shop_, {"--board", "mps2-an386", "--key", "k.key"});
  ServedBoard two(shop_, {"--board", "mps2-an386", "--key", "k.key"});
  ASSERT_EQ(one.name, two.name);
  const std::string both = one.address + " and " + two.address +
                           " both say that they are " + one.name;
  Told told = discover({one.address, two.address}, {"--key", "k.key"});
  EXPECT_EQ(told.code, 0) << told.err;
  EXPECT_EQ(lines_of(told.out).size(), 3u) << told.out;
  EXPECT_NE(told.err.find(both), std::string::npos) << told.err;
  told = discover({one.address, two.address},
                  {"--key", "k.key", "-o", "twins.toml"});
  EXPECT_EQ(told.code, 2);
  EXPECT_NE(told.err.find(both + "; no cluster file was written"),
            std::string::npos)
      << told.err;
  EXPECT_FALSE(std::filesystem::exists(shop_.path("twins.toml")));
  // One address twice is one board.
  told = discover({one.address, one.address}, {"--key", "k.key"});
  EXPECT_EQ(told.code, 0) << told.err;
  EXPECT_EQ(lines_of(told.out).size(), 2u) << told.out;
}

// The question for what it has kept comes as one that nobody knows, and its
// answer as that question's, so that the board is as one of an older version.
class OlderBoard {
 public:
  explicit OlderBoard(const std::string& board)
      : between_(
            board, [this](auto d) { return change(d, kHeld, kNobodys); },
            [this](auto d) { return change(d, kNobodys, kHeld); }) {}
  std::string address() const { return between_.address(); }
  int asked() const { return asked_; }

 private:
  static constexpr uint8_t kHeld = static_cast<uint8_t>(Request::kHeld);
  static constexpr uint8_t kNobodys = 99;

  bool change(std::span<uint8_t> datagram, uint8_t from, uint8_t to) {
    change_session(datagram, [&](std::span<uint8_t> body) {
      if (body.size() < sizeof(RequestHead) || body[0] != from) return false;
      body[0] = to;
      ++asked_;
      return true;
    });
    return true;
  }

  std::atomic<int> asked_ = 0;
  const Between between_;
};

TEST_F(BoardDiscover, AnOlderOneIsReadable) {
  ServedBoard board(shop_, {"--board", "emcraft-sf2", "--insecure"});
  const OlderBoard older(board.address);
  const Told deployed =
      shop_.shoal({"deploy", "m.tflite", "--workers", board.address,
                   "--insecure", "--node-timeout", "20"});
  ASSERT_EQ(deployed.code, 0) << deployed.err;
  Told told = discover({older.address()}, {"--json", "--insecure"});
  ASSERT_EQ(told.code, 0) << told.err;
  EXPECT_GE(older.asked(), 2);
  const json node = json::parse(told.out).at("nodes").at(0);
  EXPECT_EQ(node.at("name"), board.name);
  EXPECT_EQ(node.at("programs").size(), 1u);
  EXPECT_EQ(node.at("programs")[0].at("sha256"), node.at("program_sha256"));
  EXPECT_FALSE(node.contains("free_bytes"));
  told = discover({older.address()}, {"--insecure"});
  ASSERT_EQ(told.code, 0) << told.err;
  EXPECT_NE(told.out.find("not said"), std::string::npos) << told.out;
}

// Whose storages lie in a folder that another one has: named, with a way out.
TEST_F(BoardDiscover, AFolderOfStoragesHasOneOwner) {
  ServedBoard board(shop_,
                    {"--board", "emcraft-sf2", "--insecure", "--state", "d"});
  std::vector<std::string> other{"emulate",    "--nodes", "1",
                                 "--serve",    "--board", "emcraft-sf2",
                                 "--insecure", "--state", "d"};
  const auto busy = [&](const std::string& fix) {
    const Told told = shop_.shoal(other);
    EXPECT_EQ(told.code, 9);
    EXPECT_NE(told.err.find("d: the boards' storage is busy: shoal emulate"),
              std::string::npos)
        << told.err;
    EXPECT_NE(told.err.find(fix), std::string::npos) << told.err;
  };
  busy("\n  add --wait SECONDS");
  other.insert(other.end(), {"--wait", "0.1"});
  busy("\n  give a longer --wait");
}

}  // namespace
}  // namespace shoal
