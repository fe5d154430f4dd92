// A line between a computer and a board that loses and flips bytes.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <random>
#include <thread>
#include <vector>

namespace shoal {

// Both directions of a line. A byte is lost or flipped with `rate`. To the
// board it may have a speed.
class Relay {
 public:
  Relay(double rate, uint32_t seed) : rate_(rate), random_(seed) {
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, computer_),
              0);
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, board_), 0);
    thread_ = std::thread([this] { run(); });
  }
  ~Relay() {
    ends_ = true;
    thread_.join();
    close(computer_[1]);
    close(board_[1]);
  }
  int computer() const { return computer_[0]; }  // its user closes it
  int board() const { return board_[0]; }
  void set_rate(double rate) { rate_ = rate; }
  void set_speed(int bytes_per_s) { speed_ = bytes_per_s; }
  // Bytes that have gone to the board.
  uint64_t carried() const { return carried_; }

 private:
  void run() {
    while (!ends_) {
      pollfd both[] = {{computer_[1], POLLIN, 0}, {board_[1], POLLIN, 0}};
      if (poll(both, 2, 20) <= 0) continue;
      carried_ += pass(computer_[1], board_[1], speed_);
      pass(board_[1], computer_[1], 0);
    }
  }
  // Returns how many bytes went on. A speed of 0 is none.
  uint64_t pass(int from, int to, int speed) {
    uint8_t bytes[4096];
    const ssize_t count = read(from, bytes, speed ? 64 : sizeof bytes);
    if (speed && count > 0) {
      std::this_thread::sleep_for(
          std::chrono::microseconds(count * 1'000'000 / speed));
    }
    std::vector<uint8_t> kept;
    std::uniform_real_distribution<double> chance(0, 1);
    for (ssize_t i = 0; i < count; ++i) {
      if (chance(random_) >= rate_) {
        kept.push_back(bytes[i]);
      } else if (random_() & 1) {
        kept.push_back(bytes[i] ^ static_cast<uint8_t>(1u << random_() % 8));
      }
    }
    for (size_t at = 0; at < kept.size() && !ends_;) {
      const ssize_t some =
          ::send(to, kept.data() + at, kept.size() - at, MSG_NOSIGNAL);
      if (some > 0) at += static_cast<size_t>(some);
      if (some < 0 && errno != EAGAIN) break;
    }
    return kept.size();
  }

  std::atomic<double> rate_;
  std::atomic<int> speed_ = 0;
  std::atomic<uint64_t> carried_ = 0;
  std::mt19937 random_;
  int computer_[2], board_[2];
  std::atomic<bool> ends_ = false;
  std::thread thread_;
};

}  // namespace shoal
