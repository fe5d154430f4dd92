// A board that runs alone and takes programs by wire, which may be any bytes,
// for fuzz_sent and the writer of its seeds. An input is
//   u8  number of the sample program that the board was exported with
//   u8  1: the head is put right where the board compares it; 2: the image's
//       tags and hash are; 4: power goes while the program comes; 8: the board
//       has a key, and the program comes sealed; 16: with a bit of it flipped
//   u8  bytes of a piece, less one; u8 the write or erasure in which power goes
// then a sent program (device/alone/sent.h).
#pragma once

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "device/alone/frame.h"
#include "device/alone/seal.h"
#include "device/alone/testing/program_board.h"
#include "device/link/cipher.h"
#include "device/program/sha256.h"
#include "device/program/testing/seal_image.h"
#include "device/runtime/testing/sample_programs.h"

namespace shoal::test {

class SentBoard {
 public:
  static constexpr uint8_t kHeadRight = 1, kImageRight = 2, kPowerGoes = 4,
                           kSealed = 8, kSealBroken = 16;
  static constexpr size_t kFirst = 4;  // byte of the program

  // Returns how the last attempt to send it ended; other codes than those of
  // refusals, and whatever a sanitizer finds, end the process.
  static alone::Said run(const Bytes& input) {
    if (input.size() < kFirst) return {alone::Code::kNoProgram};
    SentBoard board(input);
    return board.send_all();
  }

  // The samples that are mapped, as boards that run alone have them.
  static const std::vector<std::unique_ptr<AlignedBytes>>& images() {
    static const auto all = [] {
      std::vector<std::unique_ptr<AlignedBytes>> built;
      std::vector<Sample> samples = sample_programs();
      for (Sample& s : samples) {
        if (!s.program.mapped) continue;
        auto image = std::make_unique<AlignedBytes>(s.program.build());
        if (opens(*image)) built.push_back(std::move(image));
      }
      return built;
    }();
    return all;
  }

 private:
  // Some need more than a board that runs alone has.
  static bool opens(AlignedBytes& image) {
    AlignedBytes arena{Bytes(kArenaBytes)};
    shoal_node node;
    shoal_config config{};
    config.image = image.data();
    config.image_bytes = static_cast<uint32_t>(image.size());
    return shoal_open(&node, &config, arena.data(), kArenaBytes) == SHOAL_OK;
  }

  static constexpr uint32_t kBlocks = 64;
  static constexpr uint32_t kArenaBytes = 1 << 16, kFence = 64, kKept = 256;

  // A start makes all of this.
  struct Started : ProgramBoard {
    using ProgramBoard::start;
    using ProgramBoard::table;
  };

  explicit SentBoard(const Bytes& input)
      : own_(*images()[input[0] % images().size()]),
        options_(input[1]),
        piece_(input[2] + 1u),
        cut_(input[3]),
        program_(input.begin() + kFirst, input.end()),
        arena_(Bytes(kArenaBytes + kFence, 0xA5)) {
    put_right();
    Sha256 sha;
    sha.add(program_.data(), program_.size());
    if (!sha.finish(hash_)) abort();
  }

  void put_right() {
    if (program_.size() < sizeof(SentHead)) return;
    if (options_ & kImageRight) {
      AlignedBytes image(
          Bytes(program_.begin() + sizeof(SentHead), program_.end()));
      SentHead h;
      std::memcpy(&h, program_.data(), sizeof h);
      const size_t texts = size_t{h.description_bytes} + h.label_bytes;
      if (texts <= image.size()) {
        seal_image(image.data(), static_cast<uint32_t>(image.size() - texts));
        std::copy_n(image.data(), image.size(),
                    program_.begin() + sizeof(SentHead));
      }
    }
    if (!(options_ & kHeadRight)) return;
    SentHead h;
    std::memcpy(&h, program_.data(), sizeof h);
    h.magic = kSentMagic;
    h.version = kSentVersion;
    std::memset(h.board, 0, sizeof h.board);
    std::memcpy(h.board, "board", 5);
    std::memset(h.replaces, 7, sizeof h.replaces);
    h.name[sizeof h.name - 1] = 0;
    h.arithmetic = kArithmetic;
    h.network = 0;
    const auto rest = static_cast<uint32_t>(program_.size() - sizeof h);
    const uint64_t texts = uint64_t{h.description_bytes} + h.label_bytes;
    if (texts <= rest) h.image_bytes = static_cast<uint32_t>(rest - texts);
    h.crc = crc_of(h);
    std::memcpy(program_.data(), &h, sizeof h);
  }

  void start() {
    board_ = std::make_unique<Started>();
    AloneNetwork own{};
    own.name = "own";
    std::memset(own.program, 7, sizeof own.program);
    board_->start(
        {"board", flash_, own_.data(), static_cast<uint32_t>(own_.size()),
         arena_.data(), kArenaBytes, kept_, kKept},
        own, 8, options_ & kSealed ? &seal_ : nullptr);
    use();
  }

  alone::Said send() {
    const auto bytes = static_cast<uint32_t>(program_.size());
    if (bytes < sizeof(SentHead)) return {alone::Code::kNoProgram};
    if (options_ & kSealed) return send_sealed();
    return board_->send(program_.data(), bytes, hash_, piece_);
  }

  // The seal opens with the bytes that were sealed, or it does not.
  alone::Said send_sealed() {
    AlonePrograms& to = board_->programs;
    const auto bytes = static_cast<uint32_t>(program_.size());
    const uint32_t count = to.room(0).count;
    seal_.begin(hash_, bytes, count);
    Bytes block(alone::kSealedBlock + alone::kSealBytes);
    const uint32_t broken = cut_ * 61u % (bytes + alone::kSealBytes);
    alone::Said said = to.expect(hash_, bytes, count);
    uint32_t from = 0;
    for (uint32_t at = 0; said.is_good() && at < bytes;
         at += alone::kSealedBlock) {
      const uint32_t some = std::min(alone::kSealedBlock, bytes - at);
      std::copy_n(program_.begin() + at, some, block.begin());
      if (!seal_.seal(at / alone::kSealedBlock, block.data(), some)) abort();
      const bool breaks = (options_ & kSealBroken) && broken >= at &&
                          broken < at + some + alone::kSealBytes;
      if (breaks) block[broken - at] ^= static_cast<uint8_t>(1 << piece_ % 8);
      said = to.unseal(at / alone::kSealedBlock, block.data(), some);
      if (said.is_good() == breaks) abort();
      if (!said.is_good()) return said;
      if (!std::equal(block.begin(), block.begin() + some,
                      program_.begin() + at)) {
        abort();
      }
      if (at == 0) said = to.begin(block.data(), bytes, hash_, from);
      if (said.is_good() && at + some > from) {
        said = to.write(at, block.data(), some);
      }
    }
    return said.is_good() ? to.end(nullptr, nullptr) : said;
  }

  alone::Said send_all() {
    start();
    if (options_ & kPowerGoes) {
      flash_.cut_at(cut_, 500);
      send();
      flash_.power_on();
      start();
    }
    const alone::Said said = send();
    use();
    start();
    if (said.is_good() && !board_->programs.is_sent(0)) abort();
    if (!flash_.violations().empty()) abort();
    return said;
  }

  // Reads all that the network says, and runs a frame of zeros, or some of it.
  void use() {
    const AloneNetwork& n = board_->table();
    uint32_t sum = static_cast<uint32_t>(std::strlen(n.name));
    for (uint32_t t = 0; t < alone::kTexts; ++t) {
      for (uint32_t i = 0; i < n.text_bytes[t]; ++i) sum += n.texts[t][i];
    }
    steps_ = 2000 + sum % 2;
    const FrameEnds ends = {
        this,
        [](void*, uint32_t, uint32_t, uint8_t* to, uint32_t count) {
          std::memset(to, 0, count);
          return true;
        },
        [](void*, uint32_t, uint32_t, const uint8_t*, uint32_t) {
          return true;
        },
        [](void* self) { return --static_cast<SentBoard*>(self)->steps_ > 0; },
        nullptr};
    board_->networks.run(0, ends);
    for (uint32_t i = 0; i < kFence; ++i) {
      if (arena_.data()[kArenaBytes + i] != 0xA5) abort();
    }
  }

  AlignedBytes& own_;
  const uint8_t options_;
  const uint32_t piece_, cut_;
  Bytes program_;
  uint8_t hash_[alone::kHashBytes] = {};
  MemoryStorage flash_{kBlocks, kBlock, kUnit};
  AlignedBytes arena_;
  uint8_t kept_[kKept] = {};
  const uint8_t key_[kProgramKeyBytes] = {1, 2, 3};
  KeyedSeal seal_{chacha20_poly1305(), key_};
  std::unique_ptr<Started> board_;
  uint32_t steps_ = 0;
};

}  // namespace shoal::test
