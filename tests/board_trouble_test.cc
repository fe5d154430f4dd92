// Boards on a network in trouble of other kinds: another arithmetic, programs
// for which there is no room, a stack that runs over. An error at the
// coordinator names the board, which is usable afterwards.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstring>
#include <future>
#include <set>

#include "device/agent/keys.h"
#include "device/agent/session_wire.h"
#include "device/program/image.h"
#include "device/storage/seeds.h"
#include "host/base/entropy.h"
#include "host/engine/board/emulated_nodes.h"
#include "host/engine/common/frame.h"
#include "host/engine/coordinator/testing/open_session.h"
#include "host/engine/workers/drive.h"
#include "host/engine/workers/key_file.h"
#include "host/engine/workers/udp.h"
#include "host/model/import/import.h"
#include "tests/between.h"
#include "tests/board_emulated.h"
#include "tests/command.h"
#include "tests/local_socket.h"
#include "tests/random_net.h"

namespace shoal {
namespace {

class BoardTrouble : public testing::Test {
 protected:
  BoardTrouble() {
    emulated_board();
    shop_.write("m.tflite", model_);
    EXPECT_EQ(
        shop_.shoal({"run", "m.tflite", "random:1", "-o", "want.bin"}).code, 0);
  }

  EmulatedNodesOptions options(const Board& board) const {
    EmulatedNodesOptions o;
    o.firmware = SHOAL_FIRMWARE;
    o.nodes = {{"n", &board}};
    return o;
  }
  std::vector<std::string> words(const std::string& address,
                                 const char* frames = "1") const {
    return {"run",     "m.tflite",       "random:1", "--workers",
            address,   "--frames",       frames,     "-o",
            "out.bin", "--node-timeout", "3",        "--insecure"};
  }
  Told expect_exact(const std::string& address) const {
    Told told = shop_.shoal(words(address));
    EXPECT_EQ(told.code, 0) << told.err;
    EXPECT_EQ(shop_.read("out.bin"), shop_.read("want.bin"));
    return told;
  }

  const Workshop shop_;
  const std::vector<uint8_t> model_ = random_model(random_recipe(105));
};

// Hellos come to the board as one of another arithmetic would say them. Without
// a key anybody can sign them.
bool as_other_arithmetic(std::span<uint8_t> d) {
  Hello h;
  if (d.size() != sizeof h || d[0] != static_cast<uint8_t>(Kind::kHello)) {
    return true;
  }
  std::memcpy(&h, d.data(), sizeof h);
  ++h.head.arithmetic;
  sign(SharedKey{}.data(), h);
  std::memcpy(d.data(), &h, sizeof h);
  return true;
}

// Returns the error of one coordinator without a key; "": nothing fails.
std::string failure(const std::string& address, Exit code,
                    const std::function<void(Coordinator&, const HostTransport&,
                                             const Cluster&)>& with,
                    CoordinatorConfig config = {}) {
  const UdpTransport transport(udp_address(0x7F000001, 0));
  config.transport = &transport.transport();
  config.insecure = true;
  config.entropy = system_entropy;
  const std::vector<WorkerAddress> workers = {
      {address, parse_udp_address(address, ""), {}}};
  try {
    Coordinator c(config);
    const StopAtEnd stop(c, transport);
    c.connect(workers);
    drive(c, transport, nullptr, [&] { return c.connected(); });
    with(c, transport, cluster_of(c, workers, nullptr));
    return "";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), code) << e.what();
    return e.what();
  }
}

TEST_F(BoardTrouble, AnotherArithmeticOrNoRoomIsTold) {
  for (const char* id : {"emcraft-sf2", "lm3s6965evb"}) {
    SCOPED_TRACE(id);
    const EmulatedNodes boards(options(find_board(id)));
    const std::string address = boards.nodes()[0]->address();
    {
      const Between between(address, as_other_arithmetic, pass_on);
      const Told told = shop_.shoal(words(between.address()));
      EXPECT_EQ(told.code, 6) << told.err;
      EXPECT_NE(told.err.find(between.address()), told.err.npos) << told.err;
      EXPECT_NE(told.err.find("its arithmetic is"), told.err.npos) << told.err;
    }
    const auto prepared = [&](Cluster cluster) {
      return prepare(import_tflite(model_, "m"),
                     linked_nodes(std::move(cluster)));
    };
    const auto names_it = [](const std::string& text, const char* why) {
      EXPECT_EQ(text.find("node n ("), 0u) << text;
      EXPECT_NE(text.find(why), text.npos) << text;
    };
    // A program that was made for another one.
    names_it(failure(address, Exit::kNode,
                     [&](Coordinator& c, const HostTransport& t,
                         const Cluster& cluster) {
                       Prepared p = prepared(cluster);
                       Header h;
                       std::memcpy(&h, p.images[0].data(), sizeof h);
                       ++h.arithmetic;
                       std::memcpy(p.images[0].data(), &h, sizeof h);
                       c.deploy(p);
                       drive(c, t, nullptr, [&] { return c.started(); });
                       drive(c, t, nullptr, [] { return false; });
                     }),
             "wants other arithmetic");
    expect_exact(address);
    // One that is larger than what a slot has: it is not sent, and not taken.
    names_it(failure(address, Exit::kDoesNotFit,
                     [&](Coordinator& c, const HostTransport&,
                         const Cluster& cluster) {
                       Prepared p = prepared(cluster);
                       p.images[0].resize(8 << 20);
                       c.deploy(p);
                     }),
             "the program needs 8,388,608 B");
    EXPECT_EQ(
        failure(address, Exit::kOk,
                [&](Coordinator& c, const HostTransport& t, const Cluster&) {
                  const BeginRequest r{8 << 20, {1}};
                  std::vector<uint8_t> data(sizeof r);
                  std::memcpy(data.data(), &r, sizeof r);
                  std::optional<Reply> reply;
                  c.ask(0, Request::kBegin, data,
                        [&](Reply said, std::span<const uint8_t>) {
                          reply = said;
                        });
                  drive(c, t, nullptr, [&] { return reply.has_value(); });
                  EXPECT_EQ(reply, Reply::kTooLarge);
                }),
        "");
    const Told told = expect_exact(address);
    EXPECT_NE(told.err.find("1 of 1 nodes had their program"), told.err.npos)
        << told.err;
  }
}

// A board that answers heartbeats with work that it has done, and whose rows
// never come: the run ends, and the board is usable.
TEST_F(BoardTrouble, RowsThatNeverComeEndARun) {
  const EmulatedNodes boards(options(find_board("emcraft-sf2")));
  const std::string address = boards.nodes()[0]->address();
  std::atomic<bool> lies = false;
  std::atomic<uint32_t> lied = 0;
  const Between liar(address, pass_on, [&](std::span<uint8_t> d) {
    if (!lies) return true;
    change_pong(d, [&](PingAnswer& p) { p.work += ++lied; });
    return d[0] != kDataKind;
  });
  CoordinatorConfig config;
  config.timeout_us = 3'000'000;
  config.patience = 3;
  const std::string text = failure(
      liar.address(), Exit::kNode,
      [&](Coordinator& c, const HostTransport& t, const Cluster& cluster) {
        const Prepared p =
            prepare(import_tflite(model_, "m"), linked_nodes(cluster));
        c.deploy(p);
        drive(c, t, nullptr, [&] { return c.started(); });
        lies = true;
        c.submit(
            std::vector<uint8_t>(static_cast<size_t>(input_bytes(p.graph)), 1));
        drive(c, t, nullptr, [] { return false; });
      },
      config);
  EXPECT_EQ(text.find("node n (" + liar.address() + "): it reports work"), 0u)
      << text;
  // Longer than a run is held in which nothing is said to move.
  EXPECT_GT(lied, 20u);
  lies = false;
  expect_exact(liar.address());
}

// A cluster of more nodes than a board has room for peers: the board starts
// with room for those, and a plan that needs more is refused when it is
// deployed.
TEST_F(BoardTrouble, ManyNodesAreNoReasonNotToStart) {
  for (const int peers : {3, 17, 64}) {
    EmulatedNodesOptions o = options(find_board("emcraft-sf2"));
    o.payload = 128;
    o.peers = peers;
    const EmulatedNodes boards(o);
    EXPECT_EQ(
        failure(boards.nodes()[0]->address(), Exit::kOk,
                [&](Coordinator& c, const HostTransport&, const Cluster&) {
                  const IdentityAnswer& facts = c.identity(0).facts;
                  EXPECT_EQ(facts.max_peers, std::min(peers, 16));
                  EXPECT_EQ(facts.max_payload, 128);
                }),
        "");
  }
}

// The emulator's end of a debugger.
class Debugger {
 public:
  // The board stands still until it has gone.
  explicit Debugger(const std::string& path) : socket_(path) {
    // A debugger that has not asked which registers there are may write none.
    say("qXfer:features:read:target.xml:0,10");
  }
  // Until it is about to run the function that begins there.
  void stop_at(const std::string& address) {
    break_at(address);
    run();
    break_no_more(address);
  }
  void set_register(int number, uint32_t value) {
    char text[32];
    std::snprintf(text, sizeof text, "P%x=%08x", static_cast<unsigned>(number),
                  __builtin_bswap32(value));
    EXPECT_EQ(say(text), "OK");
  }
  uint32_t read_register(int number) {
    char text[32];
    std::snprintf(text, sizeof text, "p%x", static_cast<unsigned>(number));
    return __builtin_bswap32(
        static_cast<uint32_t>(std::stoul(say(text), nullptr, 16)));
  }
  void clear(uint32_t address, uint32_t bytes) {
    char text[32];
    std::snprintf(text, sizeof text, "M%x,%x:", address, bytes);
    EXPECT_EQ(say(text + std::string(size_t{2} * bytes, '0')), "OK");
  }
  void go_on() { EXPECT_EQ(say("D"), "OK"); }
  void break_at(const std::string& address) {
    EXPECT_EQ(say("Z0," + address + ",2"), "OK");
  }
  void break_no_more(const std::string& address) {
    EXPECT_EQ(say("z0," + address + ",2"), "OK");
  }
  // Past the next instruction that stores there. False: it came to a break.
  bool run_past_store(uint32_t address, uint32_t bytes) {
    EXPECT_EQ(say(watchpoint('Z', address, bytes)), "OK");
    const bool stores = run().find("watch:") != std::string::npos;
    EXPECT_EQ(say(watchpoint('z', address, bytes)), "OK");
    if (stores) run("s");
    return stores;
  }
  // Does what its reset line does.
  void reset() {
    EXPECT_EQ(say("qRcmd,73797374656d5f7265736574"), "OK");  // system_reset
  }

 private:
  // Until it stops; why.
  std::string run(const std::string& how = "c") {
    put(how);
    const std::string why = receive();
    EXPECT_EQ(why.find("T05"), 0u);
    return why;
  }
  static std::string watchpoint(char set, uint32_t address, uint32_t bytes) {
    char text[32];
    std::snprintf(text, sizeof text, "%c2,%x,%x", set, address, bytes);
    return text;
  }
  // A packet of its protocol.
  void put(const std::string& text) {
    unsigned sum = 0;
    for (const char c : text) sum += static_cast<uint8_t>(c);
    char end[8];
    std::snprintf(end, sizeof end, "#%02x", sum & 0xFF);
    const std::string packet = "$" + text + end;
    EXPECT_EQ(write(socket_.get(), packet.data(), packet.size()),
              static_cast<ssize_t>(packet.size()));
  }
  // Returns the answer; "T05", that the board has stopped, comes unasked.
  std::string say(const std::string& text) {
    put(text);
    std::string answer = receive();
    while (answer.starts_with("T")) answer = receive();
    return answer;
  }
  std::string receive() {
    std::string answer;
    char c = 0;
    while (c != '$' && read(socket_.get(), &c, 1) == 1) continue;
    while (read(socket_.get(), &c, 1) == 1 && c != '#') answer += c;
    char rest[2];
    for (char& r : rest) EXPECT_EQ(read(socket_.get(), &r, 1), 1);
    // After the last one it may have gone.
    static_cast<void>(send(socket_.get(), "+", 1, MSG_NOSIGNAL));
    return answer;
  }

  LocalSocket socket_;
};

// Returns the address of a function of a board's firmware, in hexadecimal
// digits.
std::string address_in(const std::string& board, const std::string& symbol) {
  const std::string words = "arm-none-eabi-nm " SHOAL_FIRMWARE "/" + board +
                            "/node.elf | grep ' T " + symbol + "$'";
  FILE* const pipe = popen(words.c_str(), "r");
  char line[256] = {};
  EXPECT_NE(std::fgets(line, sizeof line, pipe), nullptr) << words;
  pclose(pipe);
  const std::string text = line;
  return text.substr(0, text.find(' '));
}

// Boards that fall in a run: the guard of the stack, or the CPU, ends what was
// under way before anything else is overwritten. A board says so on its console
// and starts again; the coordinator is told why, and the next one finds what
// the board has kept.
class BoardFalls : public BoardTrouble {
 protected:
  struct Push {
    int number;  // of a register
    uint32_t value;
    const char *console, *told;
  };
  // At the begin of every turn: no room on the stack, code where none may be.
  static constexpr Push kPushes[] = {
      {13, 0x20000008, "stack overflow",
       "it was restarted: its stack ran over"},
      {15, 0xF0000000, "a memory fault",
       "it was restarted: a memory fault at pc 0xf0000000"},
  };

  // Until it has served somebody it would stay down.
  void expect_falls(const char* id, EmulatedNodesOptions o,
                    std::vector<std::string> more, const char* had) const {
    Board board = find_board(id);
    o.nodes[0].board = &board;
    const std::string debugger = shop_.path("debugger");
    board.emulator->options.insert(
        board.emulator->options.end(),
        {"-gdb", "unix:" + debugger + ",server=on,wait=off"});
    const EmulatedNodes boards(o);
    const std::string address = boards.nodes()[0]->address();
    const auto words = [&](const char* frames) {
      std::vector<std::string> all = {
          "run",  "m.tflite", "random:1", "--workers",      address, "--frames",
          frames, "-o",       "out.bin",  "--node-timeout", "5"};
      all.insert(all.end(), more.begin(), more.end());
      return all;
    };
    EmulatedNode& node = *boards.nodes()[0];
    ASSERT_EQ(shop_.shoal(words("1")).code, 0);
    for (const Push& f : kPushes) {
      SCOPED_TRACE(f.console);
      // All that it has said of earlier runs comes first.
      for (int i = 0; i < 5 || (i < 200 && !node.has_run()); ++i) {
        node.listen(std::chrono::milliseconds(100));
      }
      ASSERT_TRUE(node.has_run());
      std::future<Told> run = std::async(
          std::launch::async, [&] { return shop_.shoal(words("100000000")); });
      for (int i = 0; i < 200 && node.has_run(); ++i) {
        node.listen(std::chrono::milliseconds(100));
      }
      EXPECT_FALSE(node.has_run());
      {
        Debugger d(debugger);
        d.stop_at(address_in(id, "_ZN5shoal9NodeAgent4stepEv"));
        d.set_register(f.number, f.value);
        d.go_on();
      }
      const Told told = run.get();
      EXPECT_EQ(told.code, 6) << told.err;
      EXPECT_NE(told.err.find("node n (" + address + "): " + f.told),
                told.err.npos)
          << told.err;
      expect_says(node, "n: " + std::string(id) + ": " + f.console);
      const Told after = shop_.shoal(words("1"));
      EXPECT_EQ(after.code, 0) << after.err;
      EXPECT_EQ(shop_.read("out.bin"), shop_.read("want.bin"));
      EXPECT_NE(after.err.find(had), after.err.npos) << after.err;
    }
  }
  static void expect_says(EmulatedNode& node, const std::string& what) {
    try {
      for (int i = 0; i < 50; ++i) node.listen(std::chrono::milliseconds(100));
      ADD_FAILURE() << "it says nothing";
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kNode);
      EXPECT_EQ(std::string(e.what()).find(what), 0u) << e.what();
    }
  }
};

TEST_F(BoardFalls, TheRunSaysWhyAndTheBoardStartsAnew) {
  for (const char* id : {"emcraft-sf2", "lm3s6965evb", "mps2-an386"}) {
    SCOPED_TRACE(id);
    const bool keeps = !find_board(id).emulator->drive.empty();
    expect_falls(id, options(find_board(id)), {"--insecure"},
                 keeps ? "1 of 1 nodes had" : "0 of 1 nodes had");
  }
}

// A mapped board with a key and a debugger, and what it draws.
class BoardSeeds : public BoardFalls {
 protected:
  BoardSeeds() {
    EXPECT_EQ(shop_.shoal({"keygen", "-o", "k.key"}).code, 0);
    key_ = read_key_file(shop_.path("k.key"));
    board_.emulator->options.insert(
        board_.emulator->options.end(),
        {"-gdb", "unix:" + debugger_ + ",server=on,wait=off"});
    EmulatedNodesOptions o = options(board_);
    o.key = key_;
    boards_.emplace(o);
    address_ = boards_->nodes()[0]->address();
  }
  EmulatedNode& node() { return *boards_->nodes()[0]; }
  uint32_t notes_at() const {
    return static_cast<uint32_t>(board_.emulator->flashed_at + 2048);
  }
  // Its nonce for a hello follows from what it drew when it started.
  void ask() {
    const shoal_transport& t = udp_.transport();
    Hello h{};
    h.head = {Kind::kHello, kSessionVersion, Mode::kPreShared,
              Verdict::kChallenge, kArithmetic};
    h.coordinator_nonce[0] = 7;
    h.body.version = kSessionVersion;
    sign(key_.data(), h);
    std::vector<uint8_t> answer(t.max_payload);
    uint64_t from = 0;
    // Answers of an earlier start are dropped as well.
    while (t.receive(t.user, &from, answer.data(), t.max_payload) != 0)
      continue;
    for (int i = 0; i < 5000; ++i) {
      if (i % 50 == 0) {
        t.send(t.user, parse_udp_address(address_, ""), &h, sizeof h);
      }
      usleep(1000);
      if (t.receive(t.user, &from, answer.data(), t.max_payload) != 0) break;
    }
    std::memcpy(&h, answer.data(), sizeof h);
    ASSERT_EQ(h.head.verdict, Verdict::kChallenge);
    nonces_.insert({h.node_nonce, h.node_nonce + kNonceBytes});
  }

  SharedKey key_{};
  Board board_ = find_board("mps2-an386");
  const std::string debugger_ = shop_.path("debugger");
  std::optional<EmulatedNodes> boards_;
  std::string address_;
  std::set<std::vector<uint8_t>> nonces_;
  const UdpTransport udp_{udp_address(0x7F000001, 0)};
};

// Nobody gives it a new seed: what it draws after a reset is nothing that it
// has drawn before.
TEST_F(BoardSeeds, AfterAFallItDrawsFromANewOne) {
  ask(), ask();
  EXPECT_EQ(nonces_.size(), 1u);  // no session between them
  const std::string take_seed = "_ZN5shoal9take_seedERNS_9SeedNotesEbRA32_h";
  const auto serve_and_fall = [&](bool clears) {
    const Told told =
        shop_.shoal({"run", "m.tflite", "random:1", "--workers", address_,
                     "--key", "k.key", "-o", "out.bin"});
    ASSERT_EQ(told.code, 0) << told.err;
    Debugger d(debugger_);
    d.stop_at(address_in("mps2-an386", "_ZN5shoal9NodeAgent4stepEv"));
    if (clears) d.clear(notes_at(), sizeof(SeedNotes));
    d.set_register(13, 0x20000008);
    if (clears) {
      // A reset in the start that follows does not make it a first one.
      d.stop_at(address_in("mps2-an386", take_seed));
      d.reset();
    }
    d.go_on();
  };
  for (size_t starts = 2; starts < 5; ++starts) {
    serve_and_fall(false);
    expect_says(node(), "n: mps2-an386: stack overflow");
    ask();
    EXPECT_EQ(nonces_.size(), starts);
  }
  // A node that falls may have written anywhere before: without a new seed it
  // stays down.
  serve_and_fall(true);
  std::string said;
  for (int i = 0; i < 100 && !node().has_ended(); ++i) {
    try {
      node().listen(std::chrono::milliseconds(100));
    } catch (const Error& e) {
      said += std::string(e.what()) + '\n';
    }
  }
  EXPECT_TRUE(node().has_ended());
  EXPECT_NE(said.find("no seed that was not used"), said.npos) << said;
}

// Wherever in a start it is reset, the next one draws what none has drawn.
TEST_F(BoardSeeds, AResetAtAnyStoreLeavesASeedThatWasNotUsed) {
  ask();
  const std::string step =
      address_in("mps2-an386", "_ZN5shoal9NodeAgent4stepEv");
  size_t cuts = 0;
  for (bool cut = true; cut; ++cuts) {
    SCOPED_TRACE("reset at store " + std::to_string(cuts));
    {
      Debugger d(debugger_);
      d.reset();
      d.break_at(step);
      for (size_t i = 0; i <= cuts && cut; ++i) {
        cut = d.run_past_store(notes_at(), sizeof(SeedNotes));
      }
      d.break_no_more(step);
      if (cut) d.reset();
      d.go_on();
    }
    ask();
    ASSERT_EQ(nonces_.size(), cuts + 2);
    node().listen(std::chrono::milliseconds(0));  // it has refused nothing
  }
  // A note is eleven words or more, and another one goes.
  EXPECT_GT(cuts, 20u);
}

// A board that has nothing to do waits for an interrupt, whenever one looks.
TEST_F(BoardFalls, ABoardWithoutWorkSleeps) {
  constexpr uint32_t kWaitBytes = 0x44;  // of the function, or some more
  for (const char* id : {"emcraft-sf2", "lm3s6965evb", "mps2-an386"}) {
    SCOPED_TRACE(id);
    Board board = find_board(id);
    const std::string debugger = shop_.path(std::string(id) + ".gdb");
    board.emulator->options.insert(
        board.emulator->options.end(),
        {"-gdb", "unix:" + debugger + ",server=on,wait=off"});
    const EmulatedNodes boards(options(board));
    expect_exact(boards.nodes()[0]->address());
    const auto wait = static_cast<uint32_t>(std::stoul(
        address_in(id, "_ZN5shoal13wait_for_lineEmPFbvE"), nullptr, 16));
    int asleep = 0;
    for (int i = 0; i < 20; ++i) {
      usleep(5000);
      Debugger d(debugger);
      asleep += d.read_register(15) - wait < kWaitBytes;
      d.go_on();
    }
    EXPECT_GT(asleep, 10);
  }
}

// One that nobody has spoken with yet would only fall again.
TEST_F(BoardFalls, ABoardThatHasServedNobodyStaysDown) {
  Board board = find_board("emcraft-sf2");
  const std::string debugger = shop_.path("debugger");
  board.emulator->options = {"-gdb",
                             "unix:" + debugger + ",server=on,wait=off"};
  const EmulatedNodes boards(options(board));
  {
    Debugger d(debugger);
    d.stop_at(address_in("emcraft-sf2", "_ZN5shoal9NodeAgent4stepEv"));
    d.set_register(13, 0x20000008);
    d.go_on();
  }
  EmulatedNode& node = *boards.nodes()[0];
  expect_says(node, "n: emcraft-sf2: stack overflow");
  expect_says(node, "n: the emulator has ended");
  EXPECT_TRUE(node.has_ended());
}

}  // namespace
}  // namespace shoal
