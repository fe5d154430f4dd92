// A thread is the second core in tests. It waits by the kernel's futex and
// takes no locks, so that ThreadSanitizer sees the order of the runtime's own
// words and no other.
#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <ctime>
#include <thread>

#include "device/shoal_cores.h"

namespace shoal::test {

class ThreadPair {
 public:
  // `speed`: as in shoal_second_core.
  explicit ThreadPair(uint32_t speed = 0) {
    core_.speed = speed;
    if (shoal_start_pair(&pair_, &core_) != SHOAL_OK) std::abort();
  }
  ~ThreadPair() {
    if (shoal_stop_pair(&pair_) != SHOAL_OK) std::abort();
    thread_.join();
  }
  ThreadPair(const ThreadPair&) = delete;
  ThreadPair& operator=(const ThreadPair&) = delete;

  shoal_pair* get() { return &pair_; }
  // Returns the number of jobs that the second core has been given.
  uint32_t jobs() const { return pair_.asked - 1; }

 private:
  static void futex(const uint32_t* word, int what, uint32_t value,
                    const timespec* most) {
    syscall(SYS_futex, word, what, value, most, nullptr, 0);
  }
  static int start(void* user, shoal_pair* pair) {
    static_cast<ThreadPair*>(user)->thread_ =
        std::thread([pair] { shoal_serve_pair(pair); });
    return 0;
  }
  static void ring(void* user) {
    const shoal_pair& pair = static_cast<ThreadPair*>(user)->pair_;
    futex(&pair.asked, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr);
    futex(&pair.done, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr);
  }
  static int wait(void*, const uint32_t* word, uint32_t value, uint32_t us) {
    constexpr uint32_t kSecond = 1000000;
    const timespec most = {us / kSecond, us % kSecond * 1000L};
    for (int looks = 0;; ++looks) {
      const uint32_t now = shoal_read_word(word);
      if (now == value) return 0;
      if (us && looks > 1) return -1;
      futex(word, FUTEX_WAIT_PRIVATE, now, us ? &most : nullptr);
    }
  }

  std::thread thread_;
  shoal_pair pair_;
  shoal_second_core core_ = {this, start, ring, wait, 60000000, 1, nullptr, 0};
};

}  // namespace shoal::test
