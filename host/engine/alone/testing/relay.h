// For tests: a line between a computer and a board that loses and flips bytes.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <random>
#include <thread>
#include <vector>

namespace shoal {

// Both directions of a line. A byte is lost or flipped with `rate`.
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

 private:
  void run() {
    while (!ends_) {
      pollfd both[] = {{computer_[1], POLLIN, 0}, {board_[1], POLLIN, 0}};
      if (poll(both, 2, 20) <= 0) continue;
      pass(computer_[1], board_[1]);
      pass(board_[1], computer_[1]);
    }
  }
  void pass(int from, int to) {
    uint8_t bytes[4096];
    const ssize_t count = read(from, bytes, sizeof bytes);
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
      if (some < 0 && errno != EAGAIN) return;
    }
  }

  std::atomic<double> rate_;
  std::mt19937 random_;
  int computer_[2], board_[2];
  std::atomic<bool> ends_ = false;
  std::thread thread_;
};

}  // namespace shoal
