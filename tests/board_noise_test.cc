// A board on a network meets noise, somebody without the key, a flash that
// nobody has erased, a program that has decayed there. Errors name the board,
// and it is usable afterwards.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>
#include <thread>

#include "device/agent/session_wire.h"
#include "device/storage/seeds.h"
#include "host/base/files.h"
#include "host/engine/board/emulated_nodes.h"
#include "host/engine/workers/udp.h"
#include "tests/board_emulated.h"
#include "tests/command.h"
#include "tests/local_socket.h"
#include "tests/random_net.h"
#include "tests/served_board.h"

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
  Told run(const std::string& address, const std::string& key = "k.key",
           const char* timeout = "20") const {
    return shop_.shoal({"run", "m.tflite", "random:1", "--workers", address,
                        "--key", key, "--node-timeout", timeout, "-o",
                        "out.bin"});
  }
  void expect_exact(const std::string& address) const {
    const Told told = run(address);
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
    expect_exact(board.address);

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
    expect_exact(board.address);

    ASSERT_EQ(shop_.shoal({"keygen", "-o", "other.key"}).code, 0);
    const Told stranger = run(board.address, "other.key", "1");
    EXPECT_EQ(stranger.code, 6);
    EXPECT_NE(stranger.err.find(board.address), stranger.err.npos);
    const Told deployed =
        shop_.shoal({"deploy", "m.tflite", "--workers", board.address, "--key",
                     "k.key", "--node-timeout", "20", "--json"});
    ASSERT_EQ(deployed.code, 0) << deployed.err;
    const auto json = nlohmann::json::parse(deployed.out);
    EXPECT_EQ(json.at("sent_bytes"), 0);
    program = json.at("nodes").at(0).at("program_bytes");
  }
  // Its seed has been replaced with every start; who has none that is unused
  // talks to nobody.
  nor = shop_.read("kept/emcraft-sf2.0.img");
  const std::vector<uint8_t> good = nor;
  const uint8_t* const flashed = &nor[kNorBytes - kBlock + kFlashedSeedAt];
  EXPECT_EQ(std::count(flashed, flashed + sizeof(SeedNote), 0),
            int{sizeof(SeedNote)});
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
  EXPECT_NE(seedless.err.find("remove kept/emcraft-sf2.0.img"),
            seedless.err.npos)
      << seedless.err;
  shop_.write("kept/emcraft-sf2.0.img", good);
  // A bit of its program's last weights falls over, in whichever slot.
  nor = shop_.read("kept/emcraft-sf2.0.img");
  for (const size_t slot : {size_t{0}, (kNorBytes / kBlock - 3) / 2 * kBlock}) {
    nor[slot + kBlock + static_cast<size_t>(program) - 24] ^= 1;
  }
  shop_.write("kept/emcraft-sf2.0.img", nor);
  const Board board(shop_);
  const Told decayed = run(board.address);
  EXPECT_EQ(decayed.code, 6) << decayed.err;
  EXPECT_NE(decayed.err.find("emcraft-sf2.0"), decayed.err.npos) << decayed.err;
  // It has forgotten that program, and gets it again.
  expect_exact(board.address);
}

// A host on the board's wire: frames reach the board as they are.
class Wire {
 public:
  explicit Wire(const std::string& path) : socket_(path) {}

  // Sends frames as QEMU's filters take them: a length in network order before
  // each.
  void send(std::vector<uint8_t> frame) {
    const size_t n = frame.size();
    frame.insert(frame.begin(),
                 {0, 0, static_cast<uint8_t>(n >> 8), static_cast<uint8_t>(n)});
    EXPECT_EQ(write(socket_.get(), frame.data(), frame.size()),
              static_cast<ssize_t>(frame.size()));
  }

 private:
  LocalSocket socket_;
};

// An Ethernet frame for the board: ARP, whole and broken; IPv4 in fragments,
// with lengths that lie, for other ports, of other protocols; what no stack
// knows; too short and too long.
std::vector<uint8_t> stray_frame(std::mt19937& random, size_t bytes) {
  std::vector<uint8_t> f(bytes);
  for (uint8_t& byte : f) byte = static_cast<uint8_t>(random());
  const auto put = [&](size_t at, std::initializer_list<uint8_t> what) {
    for (const uint8_t byte : what) {
      if (at < f.size()) f[at] = byte;
      ++at;
    }
  };
  put(0, {2, 0, 0, 0, 0, 0});
  if (random() % 3 == 0) put(0, {255, 255, 255, 255, 255, 255});
  const uint32_t kind = random() % 4;
  if (kind == 0) {  // not in the name of the gateway, whose cable it would be
    put(12, {8, 6, 0, 1, 8, 0, 6, 4, 0, static_cast<uint8_t>(random() % 4)});
    put(28, {10, 0, 2, static_cast<uint8_t>(16 + random() % 200)});
    if (random() % 2) put(38, {10, 0, 2, 15});
  } else if (kind < 3) {
    put(12, {8, 0, 0x45});
    put(23, {static_cast<uint8_t>(random() % 3 ? 17 : 1)});
    put(30, {10, 0, 2, 15});
    put(36, {5000 >> 8, 5000 & 0xFF});
    if (random() % 2) put(20, {0x20, 0});  // the first of more fragments
    if (random() % 2) put(16, {0, static_cast<uint8_t>(bytes)});
    uint32_t sum = 0;  // right, so that more than it is looked at
    put(24, {0, 0});
    for (size_t i = 14; i + 1 < std::min<size_t>(34, bytes); i += 2) {
      sum += f[i] * 256u + f[i + 1];
    }
    sum = ~(sum % 0xFFFF);
    put(24, {static_cast<uint8_t>(sum >> 8), static_cast<uint8_t>(sum)});
  }
  return f;
}

TEST_F(BoardNoise, StrayFramesHarmNobody) {
  for (const std::string id : {"emcraft-sf2", "lm3s6965evb", "mps2-an386"}) {
    SCOPED_TRACE(id);
    ::shoal::Board board = find_board(id);
    const std::string wire = shop_.path(id + ".wire");
    board.emulator->options = {
        "-chardev", "socket,id=w,server=on,wait=off,path=" + wire, "-object",
        "filter-redirector,id=f,netdev=n0,queue=tx,indev=w"};
    EmulatedNodesOptions options;
    options.firmware = SHOAL_FIRMWARE;
    options.nodes = {{"n", &board}};
    const EmulatedNodes boards(options);
    const std::string address = boards.nodes()[0]->address();
    const auto runs_exactly = [&] {
      const Told told =
          shop_.shoal({"run", "m.tflite", "random:1", "--workers", address,
                       "--insecure", "--node-timeout", "20", "-o", "out.bin"});
      EXPECT_EQ(told.code, 0) << told.err;
      EXPECT_EQ(shop_.read("out.bin"), shop_.read("want.bin"));
    };
    Wire stranger(wire);
    std::mt19937 random(11);
    for (int round = 0; round < 2; ++round) {
      for (int i = 0; i < 1500; ++i) {
        const size_t most = i % 5 == 0 ? 2000 : 120;
        stranger.send(stray_frame(random, 14 + random() % most));
      }
      runs_exactly();
    }
    boards.nodes()[0]->listen(std::chrono::milliseconds(0));
  }
}

// Datagrams that look like what sessions and links say, in bursts, as long as
// it lives.
class Flood {
 public:
  explicit Flood(const std::string& board)
      : board_(parse_udp_address(board, "")), thread_([this] { send(); }) {}
  ~Flood() {
    ends_ = true;
    thread_.join();
  }
  uint32_t sent() const { return sent_; }

 private:
  void send() {
    const shoal_transport& t = udp_.transport();
    std::mt19937 random(5);
    std::vector<uint8_t> d(t.max_payload);
    while (!ends_) {
      for (int burst = 0; burst < 8; ++burst, ++sent_) {
        for (uint8_t& byte : d) byte = static_cast<uint8_t>(random());
        const auto kind = static_cast<uint8_t>(1 + random() % 4);
        const HelloHead head{Kind{kind}, kSessionVersion, Mode::kPreShared,
                             Verdict::kChallenge, kArithmetic};
        std::memcpy(d.data(), &head, sizeof head);
        const bool is_hello = kind == static_cast<uint8_t>(Kind::kHello);
        const uint32_t bytes =
            is_hello ? uint32_t{sizeof(Hello)} : 1 + random() % t.max_payload;
        t.send(t.user, board_, d.data(), bytes);
      }
      usleep(5000);
    }
  }

  const uint64_t board_;
  const UdpTransport udp_{udp_address(0x7F000001, 0)};
  std::atomic<bool> ends_ = false;
  std::atomic<uint32_t> sent_ = 0;
  std::thread thread_;
};

// It is found, deployed to and computes while somebody floods it.
TEST_F(BoardNoise, AFloodKeepsNobodyFromABoard) {
  for (const char* id : {"emcraft-sf2", "lm3s6965evb", "mps2-an386"}) {
    SCOPED_TRACE(id);
    const ServedBoard board(shop_, {"--board", id, "--key", "k.key"});
    {
      const Flood flood(board.address);
      while (flood.sent() < 100) usleep(1000);
      const Told found =
          shop_.shoal({"discover", board.address, "--key", "k.key",
                       "--node-timeout", "20", "--json"});
      ASSERT_EQ(found.code, 0) << found.err;
      const auto node = nlohmann::json::parse(found.out).at("nodes").at(0);
      EXPECT_EQ(node.at("name"), board.name);
      const uint32_t before = flood.sent();
      expect_exact(board.address);
      EXPECT_GT(flood.sent(), before);
    }
    expect_exact(board.address);
  }
}

// Two boards of one name cannot be told apart. Each of them alone is usable.
TEST_F(BoardNoise, TwoOfOneIdentityAreToldApartByNobody) {
  const Arguments serve{"emulate", "--board", "emcraft-sf2", "--nodes",
                        "1",       "--serve", "--key",       "k.key"};
  Background first(shop_, serve), second(shop_, serve);
  std::string addresses[2], name;
  std::istringstream(first.line()) >> name >> addresses[0];
  std::istringstream(second.line()) >> name >> addresses[1];
  const Told told = shop_.shoal({"run", "m.tflite", "random:1", "--workers",
                                 addresses[0] + "," + addresses[1], "--key",
                                 "k.key", "--node-timeout", "20"});
  EXPECT_EQ(told.code, 2);
  EXPECT_NE(told.err.find("two nodes are named emcraft-sf2.0"), told.err.npos)
      << told.err;
  for (const std::string& address : addresses) expect_exact(address);
}

}  // namespace
}  // namespace shoal
