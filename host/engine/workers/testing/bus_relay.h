// A pair of wires between pseudo terminals, in a process of its own. A byte
// takes its time and is heard by all others; two at once spoil each other and
// are counted.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <random>
#include <string>
#include <vector>

namespace shoal {

class BusRelay {
 public:
  // In bytes of a million.
  struct Faults {
    unsigned lost = 0, flipped = 0;
  };

  BusRelay(size_t parties, Faults faults)
      : faults_(faults),
        counts_(static_cast<Counts*>(mmap(nullptr, sizeof(Counts),
                                          PROT_READ | PROT_WRITE,
                                          MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {
    for (size_t i = 0; i < parties; ++i) add_party();
    const pid_t parent = getpid();
    process_ = fork();
    while (process_ == 0) {
      step();
      if (getppid() != parent) _exit(0);  // a test that broke off
    }
  }
  ~BusRelay() {
    if (process_ > 0) {
      kill(process_, SIGKILL);
      waitpid(process_, nullptr, 0);
    }
    for (const Party& p : parties_) {
      close(p.line);
      close(p.held);
    }
    munmap(counts_, sizeof(Counts));
  }
  BusRelay(const BusRelay&) = delete;
  BusRelay& operator=(const BusRelay&) = delete;

  // The device of one party.
  const std::string& device(size_t party) const {
    return parties_[party].device;
  }
  // How often one began while another one was sending.
  int collisions() const { return counts_->collisions; }
  int64_t bytes() const { return counts_->bytes; }
  int spoilt() const { return counts_->spoilt; }

 private:
  static constexpr uint64_t kByteUs = 10;
  struct Counts {
    volatile int collisions, spoilt;
    volatile int64_t bytes;
  };
  struct Party {
    int line, held;
    std::string device;
    uint64_t sends_until = 0;
  };
  struct Byte {
    uint64_t heard_us;
    size_t from;
    uint8_t byte;
  };

  void add_party() {
    const int line = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    EXPECT_EQ(grantpt(line), 0);
    EXPECT_EQ(unlockpt(line), 0);
    const std::string device = ptsname(line);
    // Raw before anybody uses it; held, because a line without another end is
    // none.
    const int held = open(device.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
    termios settings{};
    EXPECT_EQ(tcgetattr(held, &settings), 0);
    cfmakeraw(&settings);
    EXPECT_EQ(tcsetattr(held, TCSANOW, &settings), 0);
    parties_.push_back({line, held, device});
  }

  static uint64_t now_us() {
    using namespace std::chrono;
    return static_cast<uint64_t>(
        duration_cast<microseconds>(steady_clock::now().time_since_epoch())
            .count());
  }

  void step() {
    std::vector<pollfd> lines;
    for (const Party& p : parties_) lines.push_back({p.line, POLLIN, 0});
    uint64_t us = 100'000;
    if (!wire_.empty()) {
      const uint64_t now = now_us();
      us = wire_.front().heard_us > now ? wire_.front().heard_us - now : 0;
    }
    const timespec t{0, static_cast<long>(us * 1000)};
    ppoll(lines.data(), lines.size(), &t, nullptr);
    for (size_t i = 0; i < parties_.size(); ++i) take(i);
    deliver();
  }

  void take(size_t from) {
    std::array<uint8_t, 4096> bytes;
    const ssize_t n = read(parties_[from].line, bytes.data(), bytes.size());
    if (n <= 0) return;
    const uint64_t now = now_us();
    uint64_t at = std::max(now, parties_[from].sends_until);
    bool is_spoilt = false;
    for (size_t i = 0; i < parties_.size(); ++i) {
      is_spoilt |= i != from && parties_[i].sends_until > at;
    }
    if (is_spoilt) {
      counts_->collisions = counts_->collisions + 1;
      for (Byte& b : wire_) b.byte ^= 0x55;
    }
    for (ssize_t i = 0; i < n; ++i) {
      at += kByteUs;
      uint8_t byte = bytes[static_cast<size_t>(i)];
      if (is_spoilt) byte ^= 0xAA;
      counts_->bytes = counts_->bytes + 1;
      const unsigned luck = random_() % 1'000'000;
      if (luck < faults_.lost + faults_.flipped) {
        counts_->spoilt = counts_->spoilt + 1;
        if (luck < faults_.lost) continue;
        byte ^= static_cast<uint8_t>(1u << random_() % 8);
      }
      wire_.push_back({at, from, byte});
    }
    parties_[from].sends_until = at;
    std::stable_sort(
        wire_.begin(), wire_.end(),
        [](const Byte& a, const Byte& b) { return a.heard_us < b.heard_us; });
  }

  void deliver() {
    const uint64_t now = now_us();
    while (!wire_.empty() && wire_.front().heard_us <= now) {
      const size_t from = wire_.front().from;
      std::vector<uint8_t> some;
      while (!wire_.empty() && wire_.front().heard_us <= now &&
             wire_.front().from == from) {
        some.push_back(wire_.front().byte);
        wire_.pop_front();
      }
      for (size_t i = 0; i < parties_.size(); ++i) {
        if (i == from) continue;
        // A full terminal is that of a process that is gone.
        if (write(parties_[i].line, some.data(), some.size()) < 0) continue;
      }
    }
  }

  Faults faults_;
  Counts* counts_;
  std::vector<Party> parties_;
  std::deque<Byte> wire_;
  std::mt19937 random_{1};
  pid_t process_ = -1;
};

}  // namespace shoal
