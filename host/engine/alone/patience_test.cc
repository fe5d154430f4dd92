// How long a computer waits for a board: over a line whose clock is the test's.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "device/alone/wire.h"
#include "device/base/crc32c.h"
#include "host/base/error.h"
#include "host/engine/alone/client.h"

namespace shoal {
namespace {

using Datagram = std::vector<uint8_t>;

// A board that is a function of the message and the time.
class PlayedLine final : public HostTransport {
 public:
  PlayedLine() {
    transport_.user = this;
    transport_.max_payload = 128;
    transport_.send = [](void* user, uint64_t, const void* data,
                         uint32_t bytes) {
      auto& line = *static_cast<PlayedLine*>(user);
      const auto* const at = static_cast<const uint8_t*>(data);
      line.heard = alone::Head::get(at);
      line.board(Datagram(at + alone::Head::kBytes, at + bytes));
      return 0;
    };
    transport_.receive = [](void* user, uint64_t* from, void* to,
                            uint32_t) -> uint32_t {
      auto& line = *static_cast<PlayedLine*>(user);
      if (line.answers_.empty()) return 0;
      const Datagram next = std::move(line.answers_.front());
      line.answers_.pop_front();
      *from = 0;
      std::copy(next.begin(), next.end(), static_cast<uint8_t*>(to));
      return static_cast<uint32_t>(next.size());
    };
    transport_.now_us = [](void* user) {
      return static_cast<PlayedLine*>(user)->now;
    };
  }
  void wait(uint64_t until_us, int) const override {
    if (answers_.empty()) now = std::max(now + 1, until_us);
  }

  void answer(alone::MessageType type, const Datagram& body = {}) {
    Datagram all(alone::Head::kBytes);
    alone::Head{type, heard.session, heard.frame}.put(all.data());
    all.insert(all.end(), body.begin(), body.end());
    answers_.push_back(std::move(all));
  }
  void want_all(uint32_t bytes) {
    Datagram body(alone::Piece::kBytes + 4);
    alone::Piece{0, 0, 0}.put(body.data());
    alone::put32(body.data() + alone::Piece::kBytes, bytes);
    answer(alone::MessageType::kWant, body);
  }

  mutable uint64_t now = 1;
  alone::Head heard{};
  std::function<void(const Datagram& body)> board;

 private:
  int descriptor() const override { return -1; }
  bool has_fetched() const override { return !answers_.empty(); }

  std::deque<Datagram> answers_;
};

constexpr uint32_t kInputBytes = 4;

AloneClient::Answer run_on(PlayedLine& line, double most_silence_s,
                           uint32_t output_bytes = 1) {
  AloneFacts facts;
  facts.program.resize(alone::kProgramBytes);
  AloneClient client(line, 0, "the board", most_silence_s);
  return client.run(facts, {std::vector<uint8_t>(kInputBytes, 1)},
                    {output_bytes}, 0);
}

// Returns the text of the error with which a frame ends.
std::string error_on(PlayedLine& line, double most_silence_s) {
  try {
    run_on(line, most_silence_s);
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

// The board has asked twice for the same bytes, as after a repeated question,
// and then computes for a hundred seconds.
TEST(Patience, ABoardThatComputesDoesNotRepeatItself) {
  PlayedLine line;
  uint64_t done = 0;
  line.board = [&](const Datagram&) {
    if (line.heard.type == alone::MessageType::kInput) {
      if (done == 0) done = line.now + 100'000'000;
    } else if (done == 0) {
      line.want_all(kInputBytes + alone::kCheckBytes);
      line.want_all(kInputBytes + alone::kCheckBytes);
    } else if (line.now < done) {
      line.answer(alone::MessageType::kBusy);
    } else {
      Datagram piece(alone::Piece::kBytes + 1 + alone::kCheckBytes);
      alone::Piece{0, 0, 0}.put(piece.data());
      piece[alone::Piece::kBytes] = 42;
      alone::put32(piece.data() + alone::Piece::kBytes + 1,
                   crc32c(0, piece.data() + alone::Piece::kBytes, 1));
      line.answer(alone::MessageType::kOutput, piece);
      line.answer(alone::MessageType::kEnd, Datagram(8));
    }
  };
  EXPECT_EQ(run_on(line, 10).outputs[0], Datagram{42});
}

// It computes, and hears nothing for half a minute; then it answers all
// questions that have come meanwhile, each with a window of its output.
TEST(Patience, ABoardThatWasHeldUpDoesNotRepeatItself) {
  constexpr uint32_t kBytes = 2000, kPiece = 100;
  std::vector<uint8_t> output(kBytes, 42);
  const uint32_t check = crc32c(0, output.data(), kBytes);
  output.resize(kBytes + alone::kCheckBytes);
  alone::put32(output.data() + kBytes, check);
  PlayedLine line;
  uint64_t back = 0;
  uint32_t next = 0;
  int waiting = 0;
  const auto give = [&] {
    const auto all = static_cast<uint32_t>(output.size());
    // The checksum goes by itself.
    const uint32_t stop = next < kBytes ? kBytes : all;
    for (uint32_t n = 0, at = next; n < alone::kWindow && at < stop; ++n) {
      const uint32_t some = std::min(kPiece, stop - at);
      Datagram piece(alone::Piece::kBytes);
      const bool last = n + 1 == alone::kWindow || at + some == stop;
      alone::Piece{0, last, at}.put(piece.data());
      piece.insert(piece.end(), output.begin() + at,
                   output.begin() + at + some);
      line.answer(alone::MessageType::kOutput, piece);
      at += some;
    }
    if (next == all) line.answer(alone::MessageType::kEnd, Datagram(8));
  };
  line.board = [&](const Datagram& body) {
    if (line.heard.type == alone::MessageType::kInput) {
      back = line.now + 30'000'000;
    } else if (back == 0) {
      line.want_all(kInputBytes + alone::kCheckBytes);
    } else if (line.now < back) {
      ++waiting;
    } else {
      if (line.heard.type == alone::MessageType::kTaken) {
        next = alone::Piece::get(body.data()).offset;
      }
      for (; waiting > 0; --waiting) give();
      give();
    }
  };
  EXPECT_EQ(run_on(line, 60, kBytes).outputs[0],
            Datagram(output.begin(), output.begin() + kBytes));
}

// It says nothing at all after that.
TEST(Patience, ASilentBoardDoesNotRepeatItself) {
  PlayedLine line;
  bool is_first = true;
  line.board = [&](const Datagram&) {
    if (!std::exchange(is_first, false)) return;
    line.want_all(kInputBytes + alone::kCheckBytes);
    line.want_all(kInputBytes + alone::kCheckBytes);
  };
  const std::string error = error_on(line, 60);
  EXPECT_NE(error.find("has not answered for 60.0 s"), std::string::npos)
      << error;
  EXPECT_LT(line.now, 62'000'000u);
}

TEST(Patience, ABoardThatRepeatsItselfEndsTheFrameSoon) {
  PlayedLine line;
  line.board = [&](const Datagram&) {
    line.want_all(kInputBytes + alone::kCheckBytes);
  };
  const std::string error = error_on(line, 10);
  EXPECT_NE(error.find("repeats itself"), std::string::npos) << error;
  EXPECT_LT(line.now, 20'000'000u);
}

}  // namespace
}  // namespace shoal
