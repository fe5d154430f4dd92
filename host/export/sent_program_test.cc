// Programs that are sent to a board: what stays after a loss of power at every
// write, and what a board refuses.
#include "host/export/sent_program.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "host/base/error.h"
#include "host/engine/alone/client.h"
#include "host/engine/alone/testing/relay.h"
#include "host/export/testing/started_board.h"

namespace shoal {
namespace {

using namespace test;

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

// The same program then comes whole, and not as one that is there.
TEST_F(SentPrograms, ASlotThatIsDamagedLaterIsWrittenAgain) {
  for (const bool is_running : {false, true}) {
    MemoryStorage flash(kBlocks, kBlock, kUnit);
    auto board = std::make_unique<StartedBoard>(own_, flash);
    ASSERT_TRUE(board->send(a_).is_good());
    const auto damaged = flash.bytes().begin() + kBlock + sizeof(SentHead) + 40;
    *damaged ^= 1;
    if (!is_running) {
      board.reset();
      board = std::make_unique<StartedBoard>(own_, flash);
      EXPECT_EQ(board->started.code, Code::kFailed);
      expect(*board, own_);
    }
    EXPECT_EQ(board->send(a_).code, Code::kFailed);
    expect(*board, own_);
    uint32_t kept = 1;
    ASSERT_TRUE(board->send(a_, &kept).is_good());
    EXPECT_EQ(kept, 0u);
    expect(*board, network_a_);
    StartedBoard again(own_, flash);
    expect(again, network_a_);
  }
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
