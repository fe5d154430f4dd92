// Emulated boards on a network, through the command line: the agent's firmware,
// its driver and lwIP in QEMU, real datagrams on this computer's loopback.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

#include "host/engine/board/emulated_nodes.h"
#include "tests/board_emulated.h"
#include "tests/command.h"
#include "tests/local_socket.h"
#include "tests/random_net.h"

namespace shoal {
namespace {

using Arguments = std::vector<std::string>;

// A process of `emulate --serve`.
struct Served {
  std::string name, address;
  pid_t process = 0;
};

class BoardNetwork : public testing::Test {
 protected:
  BoardNetwork() {
    for (const std::string& id : boards_with_network()) emulated_board({}, id);
    const NetRecipe recipe = random_recipe(105);
    shop_.write("m.tflite", random_model(recipe));
  }

  // Returns the output of one node on this computer.
  std::vector<uint8_t> expected() const {
    const Told told =
        shop_.shoal({"run", "m.tflite", "random:1", "-o", "expected.bin"});
    EXPECT_EQ(told.code, 0) << told.err;
    return shop_.read("expected.bin");
  }
  Told emulate(const Arguments& more) const {
    Arguments all{"emulate", "m.tflite", "random:1", "--strategy", "spatial"};
    all.insert(all.end(), more.begin(), more.end());
    return shop_.shoal(all);
  }
  static Served served(const std::string& line) {
    Served s;
    std::istringstream(line) >> s.name >> s.address >> s.process;
    if (s.process <= 0) throw std::runtime_error("no process: " + line);
    return s;
  }

  const Workshop shop_;
};
using BoardNetworkLong = BoardNetwork;
TEST_F(BoardNetwork, EveryKindComputesWhatOneNodeDoes) {
  const std::vector<uint8_t> expect = expected();
  ASSERT_FALSE(expect.empty());
  for (const std::string& id : boards_with_network()) {
    SCOPED_TRACE(id);
    const Told told =
        emulate({"--board", id, "--nodes", "2", "-o", "out.bin", "--json"});
    ASSERT_EQ(told.code, 0) << told.err;
    EXPECT_EQ(shop_.read("out.bin"), expect);
    const auto json = nlohmann::json::parse(told.out);
    const auto& boards = json.at("boards");
    ASSERT_EQ(boards.size(), 2u);
    const bool keeps = id == "emcraft-sf2" || id == "lm3s6965evb";
    int64_t busiest = 0, sum = 0;
    for (const auto& b : boards) {
      EXPECT_EQ(b.at("board"), id);
      EXPECT_EQ(b.at("frame_read_bytes") > 0, keeps);
      EXPECT_EQ(b.at("deployment_written_bytes") > 0, keeps);
      EXPECT_EQ(b.at("deployment_storage_s") > 0, keeps);
      EXPECT_GT(b.at("frame_datagrams"), 2);
      EXPECT_GT(b.at("deployment_instructions"), 10'000);
      const int64_t count = b.at("frame_instructions");
      EXPECT_GT(count, 10'000);
      busiest = std::max(busiest, count);
      sum += count;
      EXPECT_GT(b.at("stack_used_bytes"), 0);
      EXPECT_LT(b.at("stack_used_bytes"), b.at("stack_bytes"));
      EXPECT_GT(b.at("arena_bytes"), 0);
      EXPECT_LT(b.at("flash_used_bytes"), b.at("flash_bytes"));
    }
    EXPECT_GE(json.at("path_instructions"), busiest);
    EXPECT_LE(json.at("path_instructions"), sum);
  }
}

// The coordinator is that of --workers; a program that is there is not sent
// again, and a board lives on after a run.
TEST_F(BoardNetwork, ServedBoardsAreWorkers) {
  const std::vector<uint8_t> expect = expected();
  ASSERT_EQ(shop_.shoal({"keygen", "-o", "k.key"}).code, 0);
  Background boards(shop_, {"emulate", "--board", "mps2-an386", "--nodes", "2",
                            "--serve", "--key", "k.key"});
  const Served a = served(boards.line()), b = served(boards.line());
  EXPECT_NE(a.name, b.name);
  const auto run = [&](const Arguments& more) {
    Arguments all{"run",
                  "m.tflite",
                  "random:1",
                  "--workers",
                  a.address + "," + b.address,
                  "-o",
                  "out.bin",
                  "--strategy",
                  "spatial"};
    all.insert(all.end(), more.begin(), more.end());
    return shop_.shoal(all);
  };
  Told told = run({"--key", "k.key"});
  ASSERT_EQ(told.code, 0) << told.err;
  EXPECT_EQ(shop_.read("out.bin"), expect);
  EXPECT_NE(told.err.find("0 of 2 nodes had their program"), told.err.npos);
  told = run({"--key", "k.key", "--frames", "3"});
  ASSERT_EQ(told.code, 0) << told.err;
  EXPECT_EQ(shop_.read("out.bin"), expect);
  EXPECT_NE(told.err.find("2 of 2 nodes had their program"), told.err.npos)
      << told.err;

  const Told probed = shop_.shoal(
      {"probe", a.address, "--key", "k.key", "--json", "-o", "emulated.toml"});
  // The table is good, a measured board it is not.
  ASSERT_EQ(probed.code, 4) << probed.err;
  EXPECT_NE(probed.err.find("no measured board"), probed.err.npos)
      << probed.err;
  EXPECT_FALSE(std::filesystem::exists(shop_.path("emulated.toml")));
  const auto j = nlohmann::json::parse(probed.out);
  EXPECT_EQ(j.at("kernels"), "armv7e-m");
  EXPECT_EQ(j.at("counter"), "DWT");
  EXPECT_EQ(j.at("kind"), "emulated");
  for (const auto& one : j.at("results")) {
    EXPECT_EQ(one.at("result"), "exact") << one;
  }

  // Somebody without the key gets nothing and harms nobody.
  ASSERT_EQ(shop_.shoal({"keygen", "-o", "other.key"}).code, 0);
  EXPECT_EQ(run({"--key", "other.key", "--node-timeout", "1"}).code, 6);
  EXPECT_EQ(run({"--insecure", "--node-timeout", "1"}).code, 6);
  EXPECT_EQ(run({"--key", "k.key"}).code, 0);
  EXPECT_EQ(boards.end(SIGTERM), 0);
  EXPECT_NE(kill(a.process, 0), 0) << "the emulator still runs";
}

// A board that reads its program from storage runs the kernels from there; one
// of small datagrams gets no larger ones.
TEST_F(BoardNetwork, ABoardWithoutMappedFlashIsProbed) {
  Background boards(shop_, {"emulate", "--board", "emcraft-sf2", "--nodes", "1",
                            "--serve", "--insecure", "--payload", "512"});
  const Served board = served(boards.line());
  const Told probed =
      shop_.shoal({"probe", board.address, "--insecure", "--json"});
  ASSERT_EQ(probed.code, 0) << probed.err;
  const auto j = nlohmann::json::parse(probed.out);
  EXPECT_EQ(j.at("kind"), "emulated");
  EXPECT_EQ(j.at("max_payload"), 512);
  ASSERT_EQ(j.at("results").size(), 10u);
  for (const auto& one : j.at("results")) {
    EXPECT_EQ(one.at("result"), "exact") << one;
  }
  // So does a plan by the file that says so.
  const Told found = shop_.shoal(
      {"discover", board.address, "--insecure", "-o", "small.toml"});
  ASSERT_EQ(found.code, 0) << found.err;
  EXPECT_NE(shop_.read_text("small.toml").find("\npayload = 512\n"),
            std::string::npos);
  const Told planned = shop_.shoal({"plan", "m.tflite", "--cluster",
                                    "small.toml", "--no-encrypt", "--json"});
  ASSERT_EQ(planned.code, 0) << planned.err;
  const Told ran =
      shop_.shoal({"run", "m.tflite", "random:1", "--cluster", "small.toml",
                   "--insecure", "--node-timeout", "20", "--json"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.err.find("payload"), std::string::npos) << ran.err;
  EXPECT_EQ(
      nlohmann::json::parse(ran.out).at("arena_bytes").at(0),
      nlohmann::json::parse(planned.out).at("nodes").at(0).at("arena_bytes"));
}

// A board that loses its power is named, in a run that is under way too, and
// the other one is usable afterwards.
TEST_F(BoardNetwork, ALostBoardIsNamed) {
  const std::vector<uint8_t> expect = expected();
  Background boards(shop_, {"emulate", "--board", "mps2-an385", "--nodes", "2",
                            "--serve", "--insecure"});
  const Served a = served(boards.line()), b = served(boards.line());
  const auto words = [](const std::string& workers, const char* frames) {
    return Arguments{"run",        "m.tflite",   "random:1",       "--workers",
                     workers,      "--frames",   frames,           "-o",
                     "out.bin",    "--insecure", "--node-timeout", "2",
                     "--strategy", "spatial"};
  };
  const std::string both = a.address + "," + b.address;
  ASSERT_EQ(shop_.shoal(words(both, "1")).code, 0);
  Background run(shop_, words(both, "100000000"));
  usleep(300'000);
  kill(b.process, SIGKILL);
  EXPECT_EQ(run.end(0), 6);
  const Told told = shop_.shoal(words(both, "1"));
  EXPECT_EQ(told.code, 6);
  EXPECT_NE(told.err.find(b.address), told.err.npos) << told.err;
  const Told alone = shop_.shoal(words(a.address, "1"));
  EXPECT_EQ(alone.code, 0) << alone.err;
  EXPECT_EQ(shop_.read("out.bin"), expect);
  EXPECT_EQ(boards.end(SIGTERM), 6);
}

// A board whose storage keeps what it is given: what is there is not sent
// again, also after its power was lost in the middle of a deployment.
class BoardWithStorage : public BoardNetwork,
                         public testing::WithParamInterface<const char*> {};

TEST_P(BoardWithStorage, APowerCutInADeploymentIsGoneOnFrom) {
  const std::string id = GetParam();
  const auto unit =  // of writing: the second one is for the first mark
      static_cast<std::streamoff>(find_board(id).storages[0].write_bytes);
  const std::string model =
      std::string(SHOAL_SOURCE_DIR) + "/models/fashion_mobilenet_v2.tflite";
  const Told alone = shop_.shoal({"run", model, "random:1", "-o", "want.bin"});
  ASSERT_EQ(alone.code, 0) << alone.err;
  ASSERT_EQ(shop_.shoal({"keygen", "-o", "k.key"}).code, 0);
  const Arguments serve{"emulate", "--board", id,     "--nodes", "1",
                        "--serve", "--state", "kept", "--key",   "k.key"};
  const auto words = [&](const std::string& worker) {
    return Arguments{
        "run",     model,   "random:1", "--workers",      worker, "-o",
        "out.bin", "--key", "k.key",    "--node-timeout", "10"};
  };
  const std::string image = shop_.path("kept/" + id + ".0.img");
  {
    Background boards(shop_, serve);
    const Served board = served(boards.line());
    Background run(shop_, words(board.address));
    // Until the mark of the first piece is there.
    char mark = 0;
    for (int i = 0; i < 60'000 && mark != 'S'; ++i) {
      usleep(1000);
      std::ifstream file(image, std::ios::binary);
      file.seekg(unit).get(mark);
    }
    ASSERT_EQ(mark, 'S');
    kill(board.process, SIGKILL);
    EXPECT_EQ(boards.end(0), 6);
    run.end(SIGINT);
  }
  const auto told_of = [&](const char* text) {
    Background boards(shop_, serve);
    const Told told = shop_.shoal(words(served(boards.line()).address));
    ASSERT_EQ(told.code, 0) << told.err;
    EXPECT_EQ(shop_.read("out.bin"), shop_.read("want.bin"));
    EXPECT_NE(told.err.find(text), told.err.npos) << told.err;
    EXPECT_EQ(boards.end(SIGTERM), 0);
  };
  told_of("more were there from a deployment that broke off");
  told_of("1 of 1 nodes had their program");
  // Another size than the board's is refused, not used.
  shop_.write("kept/" + id + ".0.img", std::vector<uint8_t>(1 << 20, 0xFF));
  const Told told = shop_.shoal(serve);
  EXPECT_EQ(told.code, 2) << told.err;
  EXPECT_NE(told.err.find("has 1048576 bytes"), told.err.npos) << told.err;
}

INSTANTIATE_TEST_SUITE_P(All, BoardWithStorage, testing::Values("lm3s6965evb"),
                         [](const auto& info) {
                           const std::string id = info.param;
                           return id.substr(0, id.find('-'));
                         });

// Eight boards that keep their storage, and one of them loses its power: in a
// deployment, which goes on from there, and in a run. What is there is not sent
// again, and the result is the one that it was.
TEST_F(BoardNetworkLong, EightBoardsGoOnAfterPowerCuts) {
  const std::string model =
      std::string(SHOAL_SOURCE_DIR) + "/models/fashion_mobilenet_v2.tflite";
  const Told alone = shop_.shoal({"run", model, "random:1", "-o", "want.bin"});
  ASSERT_EQ(alone.code, 0) << alone.err;
  const Arguments serve{"emulate", "--board", "emcraft-sf2", "--nodes",   "8",
                        "--serve", "--state", "kept",        "--insecure"};
  struct Boards {
    Boards(const Workshop& shop, const Arguments& words) : all(shop, words) {
      for (Served& s : each) {
        s = served(all.line());
        workers += (workers.empty() ? "" : ",") + s.address;
      }
    }
    Background all;
    Served each[8];
    std::string workers;
  };
  const auto words = [&](const Boards& boards, const char* frames,
                         const char* timeout) {
    return Arguments{"run", model, "random:1", "--workers", boards.workers,
                     "-o", "out.bin", "--insecure", "--node-timeout", timeout,
                     "--frames", frames, "--strategy", "spatial",
                     // For what a loaded machine has not given back.
                     "--wait", "40"};
  };
  const auto run = [&](const Boards& boards, const char* text) {
    const Told told = shop_.shoal(words(boards, "1", "30"));
    ASSERT_EQ(told.code, 0) << told.err;
    EXPECT_EQ(shop_.read("out.bin"), shop_.read("want.bin"));
    EXPECT_NE(told.err.find(text), told.err.npos) << told.err;
  };
  {
    Boards boards(shop_, serve);
    Background deployment(shop_, words(boards, "1", "6"));
    // Until the mark of the first piece is there.
    char mark = 0;
    for (int i = 0; i < 60'000 && mark != 'S'; ++i) {
      usleep(1000);
      std::ifstream file(shop_.path("kept/emcraft-sf2.3.img"),
                         std::ios::binary);
      file.seekg(256).get(mark);
    }
    ASSERT_EQ(mark, 'S');
    kill(boards.each[3].process, SIGKILL);
    deployment.end(SIGINT);
    EXPECT_EQ(boards.all.end(SIGTERM), 6);
  }
  {
    Boards boards(shop_, serve);
    run(boards, "more were there from a deployment that broke off");
    Background endless(shop_, words(boards, "100000000", "3"));
    usleep(500'000);
    kill(boards.each[5].process, SIGKILL);
    EXPECT_EQ(endless.end(0), 6);
    EXPECT_EQ(boards.all.end(SIGTERM), 6);
  }
  {
    Boards boards(shop_, serve);
    run(boards, "8 of 8 nodes had their program");
    EXPECT_EQ(boards.all.end(SIGTERM), 0);
  }
}

// Four boards compute, a fifth one has the picture and tells the class: after
// the deployment there is no computer in it.
TEST_F(BoardNetwork, ABoardStartsFrames) {
  const std::string source = SHOAL_SOURCE_DIR;
  ASSERT_EQ(shop_.shoal({"keygen", "-o", "k.key"}).code, 0);
  Background boards(shop_, {"emulate", "--board", "emcraft-sf2", "--nodes", "5",
                            "--serve", "--key", "k.key"});
  std::string workers;
  Served third;
  for (int i = 0; i < 4; ++i) {
    const Served one = served(boards.line());
    if (i == 2) third = one;
    workers += (i ? "," : "") + one.address;
  }
  const Served bell = served(boards.line());
  const Told told = shop_.shoal(
      {"deploy", source + "/models/fashion_mobilenet_v2.tflite", "--workers",
       workers, "--key", "k.key", "--leader", bell.address, "--picture",
       source + "/models/samples/bag/0.png", "--labels",
       source + "/models/fashion_labels.txt", "--every", "0.1",
       "--node-timeout", "30", "--strategy", "spatial"});
  ASSERT_EQ(told.code, 0) << told.err;
  for (const char* frame : {"0", "1", "2"})
    EXPECT_EQ(boards.line(), bell.name + ": frame " + frame + ": class 8, bag");
  // One that has lost its power is named.
  kill(third.process, SIGKILL);
  std::string line = boards.line();
  while (line.find(": class 8, bag") != line.npos) line = boards.line();
  EXPECT_NE(line.find(" waits for node " + third.name), line.npos) << line;
  while (kill(third.process, 0) == 0) usleep(10'000);  // until it is reaped
  EXPECT_EQ(boards.end(SIGTERM), 6);
}

// Nine boards and no computer: the example as it stands, whose ninth board says
// over its UART what the eight have computed.
TEST_F(BoardNetworkLong, TheDoorbellRings) {
  const Told told =
      shop_.script(SHOAL_SOURCE_DIR "/examples/doorbell/ring.sh \"$SHOAL\" 3");
  EXPECT_EQ(told.code, 0) << told.err;
  EXPECT_EQ(told.out,
            "emcraft-sf2.8: frame 0: class 8, bag\n"
            "emcraft-sf2.8: frame 1: class 8, bag\n"
            "emcraft-sf2.8: frame 2: class 8, bag\n")
      << told.err;
}

// A board of 64 KB with an SD card in its slot, driven from this process.
class BoardCard : public BoardNetwork {
 protected:
  BoardCard() {
    options_.firmware = SHOAL_FIRMWARE;
    options_.nodes = {{"card", &board_}};
    options_.state = shop_.path("cards");
    options_.seconds = 20;
  }
  // Returns the error that it ends with instead of being ready.
  std::string complaint() const {
    try {
      EmulatedNodes boards(options_);
      return "it is ready";
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kNode);
      return std::string(e.what()) + "; " + e.fix();
    }
  }

  Board board_ = find_board("lm3s6965evb");
  EmulatedNodesOptions options_;
};

TEST_F(BoardCard, ABadOneIsNamed) {
  const int64_t bytes = board_.emulator->storage_bytes;
  board_.emulator->drive = "if=none,id=elsewhere,format=raw";
  EXPECT_EQ(complaint(),
            "card: lm3s6965evb: no storage answers (SD card over SPI); use a "
            "card of at least 16384 KB");
  board_.emulator->drive = "if=sd,format=raw";
  board_.emulator->storage_bytes = bytes / 2;
  board_.emulator->flashed_at = bytes / 2 - (64 << 10);
  std::filesystem::remove_all(options_.state);
  EXPECT_EQ(complaint(),
            "card: lm3s6965evb: the storage has 8192 KB, the board needs 16384 "
            "KB; use a card of at least 16384 KB");
  // A good one that nobody has flashed, or that is of something else.
  board_.emulator->storage_bytes = bytes;
  std::filesystem::remove_all(options_.state);
  EXPECT_EQ(complaint(),
            "card: lm3s6965evb: the last block of its storage does not say who "
            "it is; flash the board with its name, key and address");
  // A larger one will do: its beginning is used.
  board_.emulator->storage_bytes = 2 * bytes;
  board_.emulator->flashed_at = bytes - (64 << 10);
  std::filesystem::remove_all(options_.state);
  EXPECT_EQ(complaint(), "it is ready");
}

// Talks to an emulator's monitor (QMP).
class Monitor {
 public:
  explicit Monitor(const std::string& path) : socket_(path) {
    say(R"({"execute":"qmp_capabilities"})");
  }

  // A line of the monitor for persons; what it answers.
  std::string command(const std::string& line) {
    return say(nlohmann::json{{"execute", "human-monitor-command"},
                              {"arguments", {{"command-line", line}}}}
                   .dump());
  }

 private:
  std::string say(const std::string& text) {
    const std::string line = text + "\n";
    EXPECT_EQ(write(socket_.get(), line.data(), line.size()),
              ssize_t(line.size()));
    std::string all;
    char byte = 0;
    while (read(socket_.get(), &byte, 1) == 1) {
      all += byte;
      if (byte != '\n') continue;
      if (all.find("\"return\"") != all.npos) break;
      all.clear();
    }
    return all;
  }
  LocalSocket socket_;
};

// In a run and in a deployment: an error that names the board, which is usable
// with the card in its slot again.
TEST_F(BoardCard, APulledOneEndsWhatNeedsItAndNoMore) {
  const std::vector<uint8_t> expect = expected();
  const std::string monitor = shop_.path("monitor");
  board_.emulator->options = {"-qmp",
                              "unix:" + monitor + ",server=on,wait=off"};
  const EmulatedNodes boards(options_);
  const std::string address = boards.nodes()[0]->address();
  const auto words = [&](const std::string& model, const char* frames) {
    return Arguments{"run",     model,        "random:1",       "--workers",
                     address,   "--frames",   frames,           "-o",
                     "out.bin", "--insecure", "--node-timeout", "5"};
  };
  const auto says = [&](const Told& told) {
    EXPECT_NE(told.code, 0);
    EXPECT_NE(told.code, 1) << told.err;
    EXPECT_NE(told.err.find(address), told.err.npos) << told.err;
    EXPECT_NE(told.err.find("storage"), told.err.npos) << told.err;
  };
  Monitor qemu(monitor);
  const std::string put_in =
      "change sd0 " + options_.state.string() + "/card.img raw";
  ASSERT_EQ(shop_.shoal(words("m.tflite", "1")).code, 0);
  qemu.command("eject -f sd0");
  says(shop_.shoal(words("m.tflite", "1")));
  says(shop_.shoal(words(
      std::string(SHOAL_SOURCE_DIR) + "/models/fashion_mobilenet_v2.tflite",
      "1")));
  // A search for boards finds it, as what it is.
  const Told found = shop_.shoal(
      {"discover", address, "--insecure", "--json", "--node-timeout", "5"});
  ASSERT_EQ(found.code, 0) << found.err;
  const auto node = nlohmann::json::parse(found.out).at("nodes").at(0);
  EXPECT_EQ(node.at("answers"), true) << node;
  EXPECT_EQ(node.at("name"), "card");
  EXPECT_EQ(node.at("board"), "lm3s6965evb");
  qemu.command(put_in);
  const Told told = shop_.shoal(words("m.tflite", "1"));
  EXPECT_EQ(told.code, 0) << told.err;
  EXPECT_EQ(shop_.read("out.bin"), expect);
  Background run(shop_, words("m.tflite", "100000000"));
  usleep(500'000);
  qemu.command("eject -f sd0");
  EXPECT_EQ(run.end(0), 6);
  qemu.command(put_in);
  const Told after = shop_.shoal(words("m.tflite", "1"));
  EXPECT_EQ(after.code, 0) << after.err;
  EXPECT_EQ(shop_.read("out.bin"), expect);
}

// A card that takes writes no more, for lack of room behind its first MB: what
// lies there stays.
TEST_F(BoardCard, AFullOneIsToldAndWhatIsThereStays) {
  const std::vector<uint8_t> expect = expected();
  shop_.write("other.tflite", random_model(random_recipe(106)));
  signal(SIGXFSZ, SIG_IGN);  // of this process' emulators, too
  const EmulatedNodes boards(options_);
  signal(SIGXFSZ, SIG_DFL);
  const EmulatedNode& board = *boards.nodes()[0];
  const auto run = [&](const char* model) {
    return shop_.shoal({"run", model, "random:1", "--workers", board.address(),
                        "-o", "out.bin", "--insecure", "--node-timeout", "5"});
  };
  ASSERT_EQ(run("m.tflite").code, 0);
  const rlimit full{1 << 20, RLIM_INFINITY},
      empty{RLIM_INFINITY, RLIM_INFINITY};
  ASSERT_EQ(prlimit(board.process(), RLIMIT_FSIZE, &full, nullptr), 0);
  const Told told = run("other.tflite");
  EXPECT_EQ(told.code, 6) << told.err;
  EXPECT_NE(told.err.find(board.address()), told.err.npos) << told.err;
  EXPECT_NE(told.err.find("not what was sent"), told.err.npos) << told.err;
  const Told old = run("m.tflite");
  EXPECT_EQ(old.code, 0) << old.err;
  EXPECT_EQ(shop_.read("out.bin"), expect);
  EXPECT_NE(old.err.find("1 of 1 nodes had"), old.err.npos) << old.err;
  ASSERT_EQ(prlimit(board.process(), RLIMIT_FSIZE, &empty, nullptr), 0);
  EXPECT_EQ(run("other.tflite").code, 0);
}

// Cortex-M3, M4, M7 and M55 compute one network together, from NOR, from a card
// and from memory.
TEST_F(BoardNetwork, AMixtureComputesWhatOneNodeDoes) {
  const std::vector<uint8_t> expect = expected();
  std::string file;
  for (const char* id : {"emcraft-sf2", "lm3s6965evb", "mps2-an386",
                         "mps2-an500", "mps3-an547"}) {
    file += "[[node]]\nname = \"n" + std::string(id).substr(5) +
            "\"\nboard = \"" + id + "\"\n";
  }
  file += "ram = \"64K\"\n";
  shop_.write("mixed.toml", {file.begin(), file.end()});
  const Told told =
      emulate({"--cluster", "mixed.toml", "-o", "out.bin", "--json"});
  ASSERT_EQ(told.code, 0) << told.err;
  EXPECT_EQ(shop_.read("out.bin"), expect);
  const auto boards = nlohmann::json::parse(told.out).at("boards");
  ASSERT_EQ(boards.size(), 5u);
  EXPECT_EQ(boards[1].at("board"), "lm3s6965evb");
  EXPECT_LE(boards[4].at("arena_bytes"), 65536);
}

TEST_F(BoardNetwork, WhatMakesNoSenseIsRefused) {
  const auto refused = [&](const Arguments& all, const std::string& text) {
    const Told told = shop_.shoal(all);
    EXPECT_EQ(told.code, 2) << told.err;
    EXPECT_NE(told.err.find(text), told.err.npos) << told.err;
  };
  refused({"emulate", "m.tflite", "random:1", "--board", "qemu-rv32", "--nodes",
           "2"},
          "has no emulated network");
  refused({"emulate", "--board", "mps2-an386", "--nodes", "65", "--serve",
           "--insecure"},
          "65 boards are too many to emulate at a time");
  refused({"emulate", "--board", "mps2-an386", "--serve"},
          "--nodes N or --cluster FILE");
  refused({"emulate", "m.tflite", "--board", "mps2-an386", "--nodes", "1",
           "--serve", "--insecure"},
          "MODEL: boards that serve run no model");
  refused({"emulate", "--board", "mps2-an386", "--nodes", "1", "--serve"},
          "shoal.key");
  refused({"emulate", "m.tflite", "random:1", "--board", "mps2-an386",
           "--nodes", "1", "--layers"},
          "--layers");
  refused({"emulate", "m.tflite", "--board", "mps2-an386"}, "INPUT");
}

}  // namespace
}  // namespace shoal
