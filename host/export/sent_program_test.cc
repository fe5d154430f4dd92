// Programs that are sent to a board: what stays after a loss of power at every
// write, and what a board refuses.
#include "host/export/sent_program.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <optional>
#include <random>
#include <thread>

#include "device/alone/programs.h"
#include "device/alone/server.h"
#include "device/program/sha256.h"
#include "device/storage/testing/memory_storage.h"
#include "host/base/error.h"
#include "host/board/board.h"
#include "host/engine/alone/client.h"
#include "host/engine/alone/testing/relay.h"
#include "host/engine/common/fenced_arena.h"
#include "host/engine/common/prepare.h"
#include "host/engine/workers/serial.h"
#include "host/model/import/import.h"
#include "host/model/import/testing/model_builder.h"

namespace shoal {
namespace {

using alone::Code;
using alone::Said;
using Bytes = std::vector<uint8_t>;

constexpr uint32_t kBlock = 1024, kUnit = 64, kBlocks = 26;
constexpr int kSide = 6, kChannels = 24;

// Weights of four blocks.
ExportedNetwork network(const std::string& name, uint32_t seed,
                        Needs* needs = nullptr) {
  ModelBuilder b;
  std::mt19937 random(seed);
  std::vector<int8_t> weights(kChannels * 3 * 3 * 16);
  for (int8_t& w : weights) w = static_cast<int8_t>(random());
  const int x = b.input({1, kSide, kSide, 16}, {0.05f, -3});
  const int w = b.weights({kChannels, 3, 3, 16}, weights, {0.004f}, 0);
  b.output(b.conv(x, w, -1, {0.5f, 2}, {.same = true}));
  const Board& board = find_board("host");
  const Prepared p = prepare(import_tflite(b.finish(), name), one_node(board));
  if (needs) *needs = needs_of(p.net, p.plan.nodes[0]);
  ExportedNetwork n = make_network(p, board, Bytes(kSide * kSide * 16, 7));
  n.name = name;
  return n;
}

struct Hashed {
  Bytes bytes;
  uint8_t hash[32];
};

Hashed hashed(Bytes bytes) {
  Hashed h{std::move(bytes), {}};
  Sha256 sha;
  sha.add(h.bytes.data(), h.bytes.size());
  EXPECT_TRUE(sha.finish(h.hash));
  return h;
}

// A head that was changed, with the checksum of what it is now.
Hashed changed(const Hashed& program,
               const std::function<void(SentHead&)>& change) {
  Bytes bytes = program.bytes;
  SentHead h;
  std::memcpy(&h, bytes.data(), sizeof h);
  change(h);
  h.crc = crc_of(h);
  std::memcpy(bytes.data(), &h, sizeof h);
  return hashed(std::move(bytes));
}

// A board after a start, with one network of its own and what its flash keeps.
class StartedBoard {
 public:
  StartedBoard(const ExportedNetwork& own, MemoryStorage& flash)
      : own_(own),
        image_(own.image.size() + 16),
        arena_(own.arena_bytes),
        kept_(64) {
    const auto at = (reinterpret_cast<uintptr_t>(image_.data()) + 15) & ~15;
    auto* const image = reinterpret_cast<uint8_t*>(at);
    std::copy(own.image.begin(), own.image.end(), image);
    shoal_config config{};
    config.image = image;
    config.image_bytes = static_cast<uint32_t>(own.image.size());
    EXPECT_EQ(shoal_open(&node_, &config, arena_.data(), arena_.bytes()),
              SHOAL_OK);
    table_.name = own_.name.c_str();
    table_.node = &node_;
    table_.program[0] = 0xA5;
    table_.kept = kept_.data();
    table_.texts[0] = reinterpret_cast<const uint8_t*>(own_.description.data());
    table_.text_bytes[0] = static_cast<uint32_t>(own_.description.size());
    // Nobody waits for a storage without power.
    face_ = flash.face();
    face_.poll = [](void* user) {
      auto& of = *static_cast<MemoryStorage*>(user);
      return of.is_dead() ? -1 : of.face().poll(user);
    };
    AloneProgramsConfig c{};
    c.storage = &face_;
    c.bytes = kBlocks * kBlock;
    c.write_bytes = kUnit;
    c.erase_bytes = kBlock;
    c.mapped = flash.bytes().data();
    c.board = "host";
    c.networks = &networks;
    c.table = &table_;
    c.kept_bytes = &kKept;
    c.most_ends = 4;
    c.arena = arena_.data();
    c.arena_bytes = arena_.bytes();
    c.nodes = sent_nodes_;
    started = programs.open(c);
  }
  ~StartedBoard() { EXPECT_TRUE(arena_.intact()); }

  // As the server does.
  Said send(const Hashed& p, uint32_t* kept = nullptr) {
    uint32_t at = 0;
    const auto bytes = static_cast<uint32_t>(p.bytes.size());
    Said said = programs.begin(p.bytes.data(), bytes, p.hash, at);
    if (kept) *kept = at;
    while (said.is_good() && at < bytes) {
      const uint32_t some = std::min(200u, bytes - at);
      said = programs.write(at, p.bytes.data() + at, some);
      at += some;
    }
    return said.is_good() ? programs.end(nullptr, nullptr) : said;
  }

  // The output for the test input, which all networks here have.
  Bytes output() {
    Bytes out(own_.test_output.size());
    struct Ends {
      const Bytes& in;
      Bytes& out;
    } both = {own_.test_input, out};
    const FrameEnds ends = {
        &both,
        [](void* user, uint32_t, uint32_t offset, uint8_t* to, uint32_t count) {
          const Bytes& in = static_cast<Ends*>(user)->in;
          std::copy_n(in.begin() + offset, count, to);
          return true;
        },
        [](void* user, uint32_t, uint32_t offset, const uint8_t* from,
           uint32_t count) {
          Bytes& to = static_cast<Ends*>(user)->out;
          std::copy_n(from, count, to.begin() + offset);
          return true;
        },
        nullptr, nullptr};
    EXPECT_EQ(networks.run(0, ends), SHOAL_OK);
    return out;
  }
  std::string name() const { return table_.name; }

 private:
  static constexpr uint32_t kKept = 64;
  shoal_storage face_{};
  const ExportedNetwork& own_;
  Bytes image_;
  Arena arena_;
  Bytes kept_;
  shoal_node node_{}, sent_nodes_[2] = {};
  AloneNetwork table_{};

 public:
  Networks networks{&table_, 1};
  AlonePrograms programs;
  Said started{};
};

class SentPrograms : public testing::Test {
 protected:
  SentPrograms() {
    StartedBoard board(own_, flash_);
    room_ = board.programs.room(0);
    a_ = program(network_a_);
    b_ = program(network_b_);
  }
  Hashed program(const ExportedNetwork& n) const {
    return hashed(sent_program(n, needs_, room_, "host", "the board"));
  }
  void expect(StartedBoard& board, const ExportedNetwork& n) {
    EXPECT_EQ(board.name(), n.name);
    EXPECT_EQ(board.output(), n.test_output) << n.name;
  }
  void expect_refused(const Hashed& p, Code code) {
    StartedBoard board(own_, flash_);
    EXPECT_EQ(board.send(p).code, code);
    expect(board, network_a_);
    StartedBoard again(own_, flash_);
    expect(again, network_a_);
  }

  Needs needs_;
  const ExportedNetwork own_ = network("own", 1, &needs_),
                        network_a_ = network("first", 2),
                        network_b_ = network("second", 3);
  MemoryStorage flash_{kBlocks, kBlock, kUnit};
  alone::ProgramRoom room_{};
  Hashed a_, b_;
};

TEST_F(SentPrograms, ReplaceTheNetworkAndStay) {
  {
    StartedBoard board(own_, flash_);
    EXPECT_TRUE(board.started.is_good());
    EXPECT_FALSE(board.programs.is_sent(0));
    expect(board, own_);
    EXPECT_TRUE(board.send(a_).is_good());
    EXPECT_TRUE(board.programs.is_sent(0));
    expect(board, network_a_);
    EXPECT_TRUE(board.send(b_).is_good());
    expect(board, network_b_);
  }
  StartedBoard again(own_, flash_);
  expect(again, network_b_);
  EXPECT_TRUE(flash_.violations().empty());
}

// The older one is in its slot, whole; it is the network again, and stays it.
TEST_F(SentPrograms, TheOneBeforeComesBackForItsLastPiece) {
  {
    StartedBoard board(own_, flash_);
    ASSERT_TRUE(board.send(a_).is_good());
    ASSERT_TRUE(board.send(b_).is_good());
    uint32_t kept = 0;
    ASSERT_TRUE(board.send(a_, &kept).is_good());
    EXPECT_GT(kept, a_.bytes.size() / 2);
    expect(board, network_a_);
    ASSERT_TRUE(board.send(a_, &kept).is_good());
    EXPECT_EQ(kept, a_.bytes.size());
    expect(board, network_a_);
  }
  StartedBoard again(own_, flash_);
  expect(again, network_a_);
  EXPECT_TRUE(flash_.violations().empty());
}

// Power goes in the n-th write or erasure while `next` comes, for each n: what
// was there is there, or `next`, whole; then it comes and stays.
void cut_everywhere(const std::vector<const Hashed*>& before,
                    const ExportedNetwork& own, const ExportedNetwork& old,
                    const Hashed& next, const ExportedNetwork& want,
                    uint32_t least_cuts) {
  uint32_t cuts = 0, resumed = 0;
  for (const uint32_t share : {0u, 300u, 1000u}) {
    for (uint32_t n = 0;; ++n) {
      SCOPED_TRACE(std::to_string(n) + " " + std::to_string(share));
      MemoryStorage flash(kBlocks, kBlock, kUnit);
      {
        StartedBoard board(own, flash);
        for (const Hashed* p : before) ASSERT_TRUE(board.send(*p).is_good());
        flash.cut_at(n, share);
        static_cast<void>(board.send(next));
      }
      if (!flash.is_dead()) break;
      flash.power_on();
      ++cuts;
      {
        StartedBoard board(own, flash);
        EXPECT_TRUE(board.started.is_good());
        const bool is_new = board.name() == want.name;
        EXPECT_TRUE(is_new || board.name() == old.name) << board.name();
        EXPECT_EQ(board.output(), is_new ? want.test_output : old.test_output);
        uint32_t kept = 0;
        ASSERT_TRUE(board.send(next, &kept).is_good());
        resumed += kept > 0;
        EXPECT_EQ(board.output(), want.test_output);
      }
      StartedBoard again(own, flash);
      EXPECT_EQ(again.name(), want.name);
      EXPECT_EQ(again.output(), want.test_output);
      EXPECT_TRUE(flash.violations().empty());
    }
  }
  EXPECT_GT(cuts, least_cuts);
  EXPECT_GT(resumed, cuts / 3);
}

TEST_F(SentPrograms, APowerCutLeavesTheOldOneOrTheNewOne) {
  cut_everywhere({}, own_, own_, a_, network_a_, 200);
  cut_everywhere({&a_}, own_, network_a_, b_, network_b_, 200);
  // That of the older slot loses its notes and gets others.
  cut_everywhere({&a_, &b_}, own_, network_b_, a_, network_a_, 10);
}

TEST_F(SentPrograms, AFlashThatFailsLeavesWhatIsThere) {
  StartedBoard board(own_, flash_);
  ASSERT_TRUE(board.send(a_).is_good());
  bool is_over = false;
  for (uint32_t n = 0; !is_over; n += 3) {
    SCOPED_TRACE(n);
    flash_.fail_at(n);
    const Said said = board.send(b_);
    is_over = said.is_good();
    flash_.fail_at(0, 0);
    if (is_over) break;
    EXPECT_EQ(said.code, Code::kFlashFails);
    expect(board, network_a_);
  }
  expect(board, network_b_);
}

TEST_F(SentPrograms, ABoardRefusesWhatDoesNotFitByNumber) {
  {
    StartedBoard board(own_, flash_);
    ASSERT_TRUE(board.send(a_).is_good());
  }
  const auto refused = [&](Code code,
                           const std::function<void(SentHead&)>& change) {
    expect_refused(changed(b_, change), code);
  };
  refused(Code::kOtherBoard, [](SentHead& h) { h.board[0] = 'H'; });
  refused(Code::kOtherExport, [](SentHead& h) { h.replaces[1] = 1; });
  refused(Code::kOtherExport, [](SentHead& h) { h.network = 1; });
  refused(Code::kNoArena, [](SentHead& h) { h.arena_bytes = 1 << 20; });
  refused(Code::kNoVariables, [](SentHead& h) { h.variable_bytes = 65; });
  refused(Code::kTooManyEnds, [](SentHead& h) { h.inputs = 4; });
  refused(Code::kNoOperator, [](SentHead& h) { h.kinds |= 1ull << 63; });
  refused(Code::kNoOperator, [](SentHead& h) { h.wide |= 1ull << 63; });
  refused(Code::kFailed, [](SentHead& h) { h.arithmetic = 7; });
  refused(Code::kNoProgram, [](SentHead& h) { h.version = 2; });
  refused(Code::kNoProgram, [](SentHead& h) { h.image_bytes += 16; });
  refused(Code::kNoProgram, [](SentHead& h) { h.label_bytes = ~0u; });
  refused(Code::kNoProgram, [](SentHead& h) { std::memset(h.name, 'x', 48); });
  // A head that says more than the image has is found out when it is opened.
  refused(Code::kNoProgram, [](SentHead& h) { h.inputs = 2; });
  refused(Code::kNoProgram, [](SentHead& h) { h.variable_bytes = 8; });
  Hashed large = changed(b_, [](SentHead& h) { h.label_bytes += 9000; });
  large.bytes.resize(large.bytes.size() + 9000);
  expect_refused(hashed(large.bytes), Code::kNoFlash);
}

TEST_F(SentPrograms, TheComputerRefusesThemBeforeItSends) {
  const auto refuses = [&](Exit code, const char* what, alone::ProgramRoom room,
                           Needs needs) {
    try {
      sent_program(network_b_, needs, room, "host", "the board");
      FAIL() << what;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), code) << what;
      EXPECT_NE(std::string(e.what()).find(what), std::string::npos)
          << e.what();
    }
  };
  alone::ProgramRoom room = room_;
  room.flash_bytes = 1024;
  refuses(Exit::kDoesNotFit, "room for 1,024 B", room, needs_);
  room = room_;
  room.arena_bytes = 16;
  refuses(Exit::kDoesNotFit, "the program's arena has", room, needs_);
  room = room_;
  room.ends = 1;
  refuses(Exit::kDoesNotFit, "2 inputs and outputs", room, needs_);
  room = room_;
  room.arithmetic = 7;
  refuses(Exit::kUnsupported, "another version", room, needs_);
  room = room_;
  room.kinds &= ~uint64_t{1};
  refuses(Exit::kUnsupported, "conv", room, needs_);
  Needs int4 = needs_;
  int4.int4 = true;
  room = room_;
  room.flags = 0;
  refuses(Exit::kUnsupported, "int4", room, int4);
}

TEST_F(SentPrograms, FlippedBitsAndTruncationAreFound) {
  {
    StartedBoard board(own_, flash_);
    ASSERT_TRUE(board.send(a_).is_good());
  }
  StartedBoard board(own_, flash_);
  // Other bytes come than those that were announced.
  for (size_t at = sizeof(SentHead); at < b_.bytes.size(); at += 61) {
    Hashed flipped = b_;
    flipped.bytes[at] ^= static_cast<uint8_t>(1u << at % 8);
    ASSERT_EQ(board.send(flipped).code, Code::kDamagedProgram) << at;
  }
  // Bytes are damaged that were announced so: a bit of each byte of the head,
  // then the beginning of the image, whose own tags find it.
  for (size_t at = 0; at < sizeof(SentHead); ++at) {
    Bytes flipped = b_.bytes;
    flipped[at] ^= static_cast<uint8_t>(1u << at % 8);
    ASSERT_EQ(board.send(hashed(flipped)).code, Code::kNoProgram) << at;
  }
  for (size_t cut = 1; cut < b_.bytes.size(); cut += 97) {
    Bytes rest(b_.bytes.begin(), b_.bytes.end() - static_cast<long>(cut));
    rest.resize(std::max(rest.size(), sizeof(SentHead)));
    ASSERT_EQ(board.send(hashed(rest)).code, Code::kNoProgram) << cut;
  }
  expect(board, network_a_);
  for (size_t at = sizeof(SentHead); at < sizeof(SentHead) + 256; ++at) {
    Bytes flipped = b_.bytes;
    flipped[at] ^= static_cast<uint8_t>(1u << at % 8);
    ASSERT_EQ(board.send(hashed(flipped)).code, Code::kFailed) << at;
  }
  expect(board, network_a_);
  ASSERT_TRUE(board.send(b_).is_good());
  expect(board, network_b_);
}

// The flash keeps what was sent when another project is flashed.
TEST_F(SentPrograms, AnotherExportDoesNotUseThem) {
  {
    StartedBoard board(own_, flash_);
    ASSERT_TRUE(board.send(a_).is_good());
  }
  // The slot's copy of the head says another network.
  Hashed other = changed(a_, [](SentHead& h) { h.replaces[0] = 1; });
  std::copy_n(other.bytes.begin(), sizeof(SentHead),
              flash_.bytes().begin() + kBlock);
  StartedBoard board(own_, flash_);
  EXPECT_EQ(board.started.code, Code::kOtherExport);
  expect(board, own_);
  ASSERT_TRUE(board.send(b_).is_good());
  expect(board, network_b_);
}

uint64_t now_us() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

// A board at the end of a line, on a thread of its own. Its clock goes five
// times as fast.
class LinedBoard {
 public:
  LinedBoard(const ExportedNetwork& own, MemoryStorage& flash, int line)
      : started_(own, flash), line_(std::make_unique<SerialTransport>(line)) {
    thread_ = std::thread([this] { run(); });
  }
  ~LinedBoard() {
    ends_ = true;
    thread_.join();
  }

 private:
  void run() {
    std::vector<uint8_t> packets(2 * line_->transport().max_payload);
    uint32_t checks[8];
    shoal_transport transport = line_->transport();
    transport.now_us = [](void*) { return 5 * now_us(); };
    AloneBoard board{};
    board.transport = &transport;
    board.networks = &started_.networks;
    board.name = "host";
    board.user = this;
    board.idle = [](void* self) {
      static_cast<LinedBoard*>(self)->line_->wait(now_us() + 2000);
    };
    board.programs = &started_.programs;
    board.packets = packets.data();
    board.checks = checks;
    AloneServer server(board);
    while (!ends_) {
      if (!server.poll()) line_->wait(now_us() + 2000);
    }
  }

  StartedBoard started_;
  std::unique_ptr<HostTransport> line_;
  std::atomic<bool> ends_ = false;
  std::thread thread_;
};

class Computer {
 public:
  explicit Computer(int line)
      : line_(line), client_(line_, kSerialAddress, "the board", 10) {}
  AloneClient& operator*() { return client_; }

 private:
  SerialTransport line_;
  AloneClient client_;
};

TEST_F(SentPrograms, ComeWholeOverABadLine) {
  Relay relay(0.001, 5);
  LinedBoard board(own_, flash_, relay.board());
  Computer computer(relay.computer());
  for (int i = 0; i < 4; ++i) {
    const AloneFacts facts = (*computer).read_facts("");
    const auto room = (*computer).read_room(facts);
    EXPECT_EQ(room.flash_bytes, room_.flash_bytes);
    const ExportedNetwork& n = i % 2 ? network_b_ : network_a_;
    (*computer).send_program(
        sent_program(n, needs_, room, facts.board, "the board"), nullptr);
    EXPECT_EQ((*computer).read_facts("").networks[0], n.name);
  }
}

// Half a program, then silence: another computer goes on behind it.
TEST_F(SentPrograms, TwoComputersAtOnce) {
  Relay relay(0, 5);
  LinedBoard board(own_, flash_, relay.board());
  struct Gone {};
  {
    Computer first(dup(relay.computer()));
    const auto stop = [&](uint32_t done, uint32_t of) {
      if (done > of / 2) throw Gone();
    };
    EXPECT_THROW((*first).send_program(a_.bytes, stop), Gone);
  }
  Computer second(relay.computer());
  // It is the old one that computes, and other questions are answered.
  EXPECT_EQ((*second).read_facts("").networks[0], own_.name);
  const AloneClient::Transfer done = (*second).send_program(a_.bytes, nullptr);
  EXPECT_GT(done.kept, a_.bytes.size() / 4);
  EXPECT_EQ((*second).read_facts("").networks[0], network_a_.name);
  try {
    (*second).send_program(
        changed(b_, [](SentHead& h) { h.board[0] = 'H'; }).bytes, nullptr);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kUsage);
  }
  EXPECT_EQ((*second).read_facts("").networks[0], network_a_.name);
}

}  // namespace
}  // namespace shoal
