// Tests have here a board with one network of its own, which takes programs
// into an emulated flash.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "device/alone/testing/program_board.h"
#include "device/program/sha256.h"
#include "host/board/board.h"
#include "host/engine/alone/client.h"
#include "host/engine/alone/testing/board_thread.h"
#include "host/engine/common/fenced_arena.h"
#include "host/engine/common/prepare.h"
#include "host/engine/workers/serial.h"
#include "host/export/sent_program.h"
#include "host/model/import/import.h"
#include "host/model/import/testing/model_builder.h"

namespace shoal::test {

using alone::Code;
using alone::Said;
using Bytes = std::vector<uint8_t>;

inline constexpr uint32_t kBlocks = 26;  // of its flash
inline constexpr int kSide = 6, kChannels = 24;

// Weights of four blocks.
inline ExportedNetwork network(const std::string& name, uint32_t seed,
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

inline Hashed hashed(Bytes bytes) {
  Hashed h{std::move(bytes), {}};
  Sha256 sha;
  sha.add(h.bytes.data(), h.bytes.size());
  EXPECT_TRUE(sha.finish(h.hash));
  return h;
}

// A head that was changed, with the checksum of what it is now.
inline Hashed changed(const Hashed& program,
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
class StartedBoard : public ProgramBoard {
 public:
  // `seal`: as in AloneProgramsConfig.
  StartedBoard(const ExportedNetwork& own, MemoryStorage& flash,
               ProgramSeal* seal = nullptr)
      : own_(own),
        image_(own.image.size() + 16),
        arena_(own.arena_bytes),
        kept_(64) {
    const auto at = (reinterpret_cast<uintptr_t>(image_.data()) + 15) & ~15;
    auto* const image = reinterpret_cast<uint8_t*>(at);
    std::copy(own.image.begin(), own.image.end(), image);
    AloneNetwork table{};
    table.name = own_.name.c_str();
    table.program[0] = 0xA5;
    table.texts[0] = reinterpret_cast<const uint8_t*>(own_.description.data());
    table.text_bytes[0] = static_cast<uint32_t>(own_.description.size());
    started =
        start({"host", flash, image, static_cast<uint32_t>(own.image.size()),
               arena_.data(), arena_.bytes(), kept_.data(),
               static_cast<uint32_t>(kept_.size())},
              table, 4, seal);
  }
  ~StartedBoard() { EXPECT_TRUE(arena_.intact()); }

  Said send(const Hashed& p, uint32_t* kept = nullptr) {
    return ProgramBoard::send(p.bytes.data(),
                              static_cast<uint32_t>(p.bytes.size()), p.hash,
                              200, kept);
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
  std::string name() const { return table().name; }

  Said started{};

 private:
  const ExportedNetwork& own_;
  Bytes image_;
  Arena arena_;
  Bytes kept_;
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

// A board at the end of a line. Its clock goes five times as fast.
class LinedBoard {
 public:
  LinedBoard(const ExportedNetwork& own, MemoryStorage& flash, int line,
             ProgramSeal* seal = nullptr)
      : started_(own, flash, seal),
        thread_(served(std::make_unique<SerialTransport>(line))) {}

 private:
  BoardThread served(std::unique_ptr<HostTransport> line) {
    shoal_transport transport = line->transport();
    transport.now_us = fast_us;
    AloneBoard board{};
    board.networks = &started_.networks;
    board.name = "host";
    board.programs = &started_.programs;
    return {std::move(line), transport, board};
  }

  StartedBoard started_;
  BoardThread thread_;
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

}  // namespace shoal::test
