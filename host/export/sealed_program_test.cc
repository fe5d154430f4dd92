// Sealed programs: a board with a key takes what was sealed with it for this
// time, and nothing else.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "device/alone/seal.h"
#include "device/alone/server.h"
#include "device/link/cipher.h"
#include "host/base/error.h"
#include "host/engine/alone/client.h"
#include "host/engine/alone/testing/relay.h"
#include "host/export/testing/started_board.h"

namespace shoal {
namespace {

using test::Computer;
using test::Hashed;
using test::LinedBoard;
using test::StartedBoard;
using SealBytes = std::vector<uint8_t>;

SharedKey key_of(uint8_t first) {
  SharedKey key{};
  for (size_t i = 0; i < key.size(); ++i) {
    key[i] = static_cast<uint8_t>(first + i);
  }
  return key;
}

// A computer at the other end of an AloneServer's line, in the same thread: it
// gives the board the bytes of a stream that it wants.
class OneSender {
 public:
  explicit OneSender(StartedBoard& board)
      : line_{this, kPayload, send, receive, now_us}, packets_(2 * kPayload) {
    AloneBoard b{};
    b.transport = &line_;
    b.networks = &board.networks;
    b.name = "host";
    b.programs = &board.programs;
    b.packets = packets_.data();
    b.checks = checks_;
    board_ = &board;
    described_ = b;
  }

  // Sends this message, then `stream`. Returns how the board ended it; nothing
  // that it said: kOtherComputer.
  alone::Said offer(const SealBytes& message, const SealBytes& stream) {
    AloneServer server(described_);
    said_ = {alone::Code::kOtherComputer};
    stream_ = stream;
    first_wanted_ = ~0u;
    to_board_ = {message};
    while (!to_board_.empty()) server.poll();
    return said_;
  }
  alone::Said offer(const Hashed& of, const SealBytes& sealed, uint32_t count) {
    return offer(ask(of, count), sealed);
  }
  // The message that announces a program.
  static SealBytes ask(const Hashed& of, uint32_t count) {
    SealBytes m(alone::kSealedAskBytes);
    alone::Head{alone::MessageType::kProgram, 77, 1}.put(m.data());
    alone::put32(&m[alone::Head::kBytes],
                 static_cast<uint32_t>(of.bytes.size()));
    std::copy_n(of.hash, sizeof of.hash, &m[alone::Head::kBytes + 4]);
    alone::put32(&m[alone::kProgramAskBytes], count);
    return m;
  }
  // Where the board went on behind the first block.
  uint32_t first_wanted() const { return first_wanted_; }

 private:
  static constexpr uint32_t kPayload = 128;

  static int send(void* self, uint64_t, const void* data, uint32_t bytes) {
    auto& s = *static_cast<OneSender*>(self);
    const auto* const at = static_cast<const uint8_t*>(data);
    switch (alone::Head::get(at).type) {
      case alone::MessageType::kWant:
        s.give(alone::Piece::get(at + alone::Head::kBytes).offset,
               alone::get32(at + alone::kPieceAt));
        break;
      case alone::MessageType::kEnd:
        s.said_ = {};
        break;
      case alone::MessageType::kSaid: {
        const uint8_t* const body = at + alone::Head::kBytes;
        s.said_ = {static_cast<alone::Code>(body[0]), alone::get32(body + 1),
                   alone::get32(body + 5)};
        break;
      }
      default:
        break;
    }
    EXPECT_LE(bytes, kPayload);
    return 0;
  }
  void give(uint32_t from, uint32_t bytes) {
    if (from > 0) first_wanted_ = std::min(first_wanted_, from);
    const uint32_t most = kPayload - alone::kPieceAt;
    for (uint32_t at = from; at < from + bytes; at += most) {
      const uint32_t some = std::min(most, from + bytes - at);
      SealBytes m(alone::kPieceAt + some);
      alone::Head{alone::MessageType::kInput, 77, 1}.put(m.data());
      alone::Piece{0, 0, at}.put(&m[alone::Head::kBytes]);
      for (uint32_t i = 0; i < some && at + i < stream_.size(); ++i) {
        m[alone::kPieceAt + i] = stream_[at + i];
      }
      to_board_.push_back(m);
    }
  }
  static uint32_t receive(void* self, uint64_t* from, void* to,
                          uint32_t capacity) {
    auto& s = *static_cast<OneSender*>(self);
    if (s.to_board_.empty()) return 0;
    const SealBytes m = s.to_board_.front();
    s.to_board_.pop_front();
    *from = 1;
    EXPECT_LE(m.size(), capacity);
    std::copy(m.begin(), m.end(), static_cast<uint8_t*>(to));
    return static_cast<uint32_t>(m.size());
  }
  // A board waits for a lost message for ten seconds.
  static uint64_t now_us(void* self) {
    return static_cast<OneSender*>(self)->time_us_ += 100'000;
  }

  const shoal_transport line_;
  SealBytes packets_;
  uint32_t checks_[8] = {};
  StartedBoard* board_;
  AloneBoard described_{};
  std::deque<SealBytes> to_board_;
  SealBytes stream_;
  alone::Said said_{};
  uint32_t first_wanted_ = 0;
  uint64_t time_us_ = 0;
};

class SealedPrograms : public test::SentPrograms {
 protected:
  SealBytes sealed(const Hashed& of, uint32_t count) const {
    return sealed_program(of.bytes, key_, count);
  }
  alone::Said give(StartedBoard& board, const Hashed& of, uint32_t count) {
    return OneSender(board).offer(of, sealed(of, count), count);
  }

  const SharedKey key_ = key_of(3), other_key_ = key_of(4);
  KeyedSeal seal_{chacha20_poly1305(), key_.data()};
};

// The bytes were computed by other implementations (hmac and hashlib of Python,
// and its package cryptography).
TEST(ProgramSealVector, IsHkdfAndChaCha20Poly1305) {
  uint8_t hash[32], made[32];
  for (uint8_t i = 0; i < 32; ++i) hash[i] = static_cast<uint8_t>(0x80 + i);
  derive_program_key(key_of(1).data(), hash, 0x01020304, 5, made);
  const uint8_t expected[] = {0x3A, 0x8E, 0xDE, 0xBC, 0x34, 0x78, 0xF4, 0x52,
                              0x28, 0x6F, 0x5E, 0xEF, 0x92, 0xD9, 0x96, 0x3E,
                              0x3F, 0x0C, 0x03, 0x01, 0xC2, 0xB5, 0x41, 0xE1,
                              0x9F, 0x73, 0xB9, 0xD5, 0x7B, 0xB4, 0xDF, 0x47};
  EXPECT_TRUE(std::equal(made, made + 32, expected));
  const SharedKey key = key_of(1);
  KeyedSeal seal(chacha20_poly1305(), key.data());
  seal.begin(hash, 0x01020304, 5);
  uint8_t block[5 + alone::kSealBytes] = {'s', 'h', 'o', 'a', 'l'};
  ASSERT_TRUE(seal.seal(0x0A0B, block, 5));
  const uint8_t sealed[] = {0x90, 0x1B, 0xE7, 0xF3, 0xF7, 0x4C, 0x53,
                            0x54, 0xA1, 0x8D, 0x79, 0xE4, 0xD7, 0x30,
                            0x47, 0x29, 0x22, 0x92, 0xF7, 0x77, 0xAF};
  EXPECT_TRUE(std::equal(block, block + sizeof block, sealed));
  ASSERT_TRUE(seal.open(0x0A0B, block, 5));
  EXPECT_EQ(std::memcmp(block, "shoal", 5), 0);
}

TEST_F(SealedPrograms, ReplaceTheNetworkAndStay) {
  {
    StartedBoard board(own_, flash_, &seal_);
    EXPECT_EQ(board.programs.room(0).count, 1u);
    ASSERT_TRUE(give(board, a_, 1).is_good());
    expect(board, network_a_);
    EXPECT_EQ(board.programs.room(0).count, 2u);
    ASSERT_TRUE(give(board, b_, 2).is_good());
    // The older one, which is there except for its last piece, and the newest.
    ASSERT_TRUE(give(board, a_, 3).is_good());
    ASSERT_TRUE(give(board, a_, 4).is_good());
    expect(board, network_a_);
  }
  StartedBoard again(own_, flash_, &seal_);
  expect(again, network_a_);
  EXPECT_EQ(again.programs.room(0).count, 4u);
  EXPECT_TRUE(flash_.violations().empty());
}

TEST_F(SealedPrograms, WhatHasNoSealOrAnotherKeyIsRefused) {
  StartedBoard board(own_, flash_, &seal_);
  const SealBytes before(flash_.bytes().begin(), flash_.bytes().end());
  OneSender sender(board);
  EXPECT_EQ(sender.offer(a_, a_.bytes, 0).code, alone::Code::kNotSealed);
  SealBytes old = OneSender::ask(a_, 1);
  old.resize(alone::kProgramAskBytes);
  EXPECT_EQ(sender.offer(old, a_.bytes).code, alone::Code::kNotSealed);
  EXPECT_EQ(sender.offer(a_, a_.bytes, 1).code, alone::Code::kWrongSeal);
  EXPECT_EQ(sender.offer(a_, sealed_program(a_.bytes, other_key_, 1), 1).code,
            alone::Code::kWrongSeal);
  EXPECT_EQ(sender.offer(a_, sealed(a_, 1), 2).code, alone::Code::kOldSeal);
  // The seal of one program does not open another one.
  EXPECT_EQ(sender.offer(b_, sealed(a_, 1), 1).code, alone::Code::kWrongSeal);
  // None of it has cost the flash anything.
  EXPECT_TRUE(std::equal(before.begin(), before.end(), flash_.bytes().begin()));
  expect(board, own_);
  ASSERT_TRUE(sender.offer(a_, sealed(a_, 1), 1).is_good());
  expect(board, network_a_);
}

TEST_F(SealedPrograms, ABoardWithoutAKeyRefusesThem) {
  StartedBoard board(own_, flash_);
  EXPECT_EQ(board.programs.room(0).count, 0u);
  EXPECT_EQ(give(board, a_, 1).code, alone::Code::kNoKey);
  expect(board, own_);
}

TEST_F(SealedPrograms, OneFlippedBitInEveryByteIsFound) {
  StartedBoard board(own_, flash_, &seal_);
  OneSender sender(board);
  const SealBytes right = sealed(a_, 1);
  for (size_t at = 0; at < right.size(); ++at) {
    SealBytes flipped = right;
    flipped[at] ^= static_cast<uint8_t>(1u << at % 8);
    const alone::Code code = sender.offer(a_, flipped, 1).code;
    ASSERT_EQ(code, at < alone::sealed_at(1) ? alone::Code::kWrongSeal
                                             : alone::Code::kDamagedProgram)
        << at;
    ASSERT_EQ(board.programs.room(0).count, 1u);
  }
  expect(board, own_);
  ASSERT_TRUE(sender.offer(a_, right, 1).is_good());
  expect(board, network_a_);
}

// Blocks of the same program, each sealed rightly, in places of others.
TEST_F(SealedPrograms, BlocksThatChangePlacesAreFound) {
  StartedBoard board(own_, flash_, &seal_);
  OneSender sender(board);
  const SealBytes right = sealed(a_, 1);
  SealBytes swapped = right;
  std::swap_ranges(swapped.begin() + alone::sealed_at(2),
                   swapped.begin() + alone::sealed_at(3),
                   swapped.begin() + alone::sealed_at(5));
  EXPECT_EQ(sender.offer(a_, swapped, 1).code, alone::Code::kDamagedProgram);
  EXPECT_TRUE(sender.offer(a_, right, 1).is_good());
  expect(board, network_a_);
}

TEST_F(SealedPrograms, CutOffMessagesAndStreamsChangeNothing) {
  StartedBoard board(own_, flash_, &seal_);
  OneSender sender(board);
  const SealBytes right = sealed(a_, 1), ask = OneSender::ask(a_, 1);
  for (size_t bytes = 0; bytes < ask.size(); ++bytes) {
    const SealBytes cut(ask.begin(), ask.begin() + static_cast<long>(bytes));
    const alone::Code code = sender.offer(cut, right).code;
    ASSERT_EQ(code, bytes < alone::kProgramAskBytes
                        ? alone::Code::kOtherComputer
                        : alone::Code::kNotSealed)
        << bytes;
  }
  for (size_t bytes = 0; bytes < right.size(); bytes += 41) {
    const SealBytes cut(right.begin(),
                        right.begin() + static_cast<long>(bytes));
    const alone::Code code = sender.offer(a_, cut, 1).code;
    ASSERT_TRUE(code == alone::Code::kWrongSeal ||
                code == alone::Code::kDamagedProgram)
        << bytes;
  }
  // A program that is announced as shorter has another key.
  for (size_t less = 1; less < a_.bytes.size(); less += 53) {
    SealBytes shorter = ask;
    alone::put32(&shorter[alone::Head::kBytes],
                 static_cast<uint32_t>(a_.bytes.size() - less));
    const alone::Code code = sender.offer(shorter, right).code;
    ASSERT_TRUE(code == alone::Code::kWrongSeal ||
                code == alone::Code::kNoProgram)
        << less;
  }
  expect(board, own_);
  EXPECT_TRUE(sender.offer(a_, right, 1).is_good());
}

TEST_F(SealedPrograms, ARecordedTransferIsWorthNothingAfterTheNextProgram) {
  const SealBytes first = sealed(a_, 1), second = sealed(b_, 2);
  {
    StartedBoard board(own_, flash_, &seal_);
    OneSender sender(board);
    ASSERT_TRUE(sender.offer(a_, first, 1).is_good());
    ASSERT_TRUE(sender.offer(b_, second, 2).is_good());
  }
  StartedBoard board(own_, flash_, &seal_);
  OneSender sender(board);
  EXPECT_EQ(sender.offer(a_, first, 1).code, alone::Code::kOldSeal);
  const alone::Said old = sender.offer(b_, second, 2);
  EXPECT_EQ(old.code, alone::Code::kOldSeal);
  EXPECT_EQ(old.first, 2u);
  EXPECT_EQ(old.second, 3u);
  // Another count in the message is another key.
  EXPECT_EQ(sender.offer(a_, first, 3).code, alone::Code::kWrongSeal);
  expect(board, network_b_);
}

TEST_F(SealedPrograms, APowerCutLeavesTheOldOneOrTheNewOne) {
  uint32_t cuts = 0, resumed = 0;
  for (uint32_t n = 0;; ++n) {
    SCOPED_TRACE(n);
    MemoryStorage flash(test::kBlocks, test::kBlock, test::kUnit);
    {
      StartedBoard board(own_, flash, &seal_);
      ASSERT_TRUE(give(board, a_, 1).is_good());
      flash.cut_at(n, 300);
      static_cast<void>(give(board, b_, 2));
    }
    if (!flash.is_dead()) break;
    flash.power_on();
    ++cuts;
    {
      StartedBoard board(own_, flash, &seal_);
      const uint32_t count = board.programs.room(0).count;
      expect(board, count == 3 ? network_b_ : network_a_);
      OneSender sender(board);
      ASSERT_TRUE(sender.offer(b_, sealed(b_, count), count).is_good());
      resumed += sender.first_wanted() > alone::sealed_at(1);
    }
    StartedBoard again(own_, flash, &seal_);
    expect(again, network_b_);
    EXPECT_TRUE(flash.violations().empty());
  }
  EXPECT_GT(cuts, 60u);
  EXPECT_GT(resumed, cuts / 3);
}

TEST_F(SealedPrograms, ComeWholeOverABadLine) {
  Relay relay(0.001, 6);
  LinedBoard board(own_, flash_, relay.board(), &seal_);
  Computer computer(relay.computer());
  const auto refused = [&](const std::optional<SharedKey>& key, uint32_t count,
                           const char* why) {
    try {
      (*computer).send_program(a_.bytes, nullptr, key, count);
      FAIL() << why;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kUsage);
      EXPECT_NE(std::string(e.what()).find(why), std::string::npos) << e.what();
    }
  };
  for (uint32_t i = 0; i < 4; ++i) {
    const AloneFacts facts = (*computer).read_facts("");
    const auto room = (*computer).read_room(facts);
    EXPECT_EQ(room.count, 1 + i);
    refused(std::nullopt, 0, "takes only sealed programs");
    refused(other_key_, room.count, "sealed with another key");
    refused(key_, room.count + 5, "another count");
    const ExportedNetwork& n = i % 2 ? network_b_ : network_a_;
    const auto done = (*computer).send_program(
        sent_program(n, needs_, room, facts.board, "the board"), nullptr, key_,
        room.count);
    if (i < 2) {
      EXPECT_EQ(done.kept, 0u);
    } else {
      EXPECT_GT(done.kept, 1000u);
    }
    EXPECT_EQ((*computer).read_facts("").networks[0], n.name);
  }
}

}  // namespace
}  // namespace shoal
