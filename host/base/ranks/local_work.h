// The work of a rank in a thread of its own, beside the one that talks to other
// ranks, and how that one waits.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "host/base/ranks/team.h"

namespace shoal {

// For something in its own process it is woken, for packets it looks now and
// then.
class Bell {
 public:
  void ring() {
    {
      const std::lock_guard lock(mutex_);
      rung_ = true;
    }
    changed_.notify_one();
  }
  // Until it rings; each time for longer, up to a millisecond, until it has.
  void wait() {
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, pause_, [this] { return rung_; })) {
      rung_ = false;
      pause_ = kShortest;
    } else {
      pause_ = std::min(2 * pause_, kLongest);
    }
  }

 private:
  static constexpr std::chrono::microseconds kShortest{20}, kLongest{1000};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool rung_ = false;
  std::chrono::microseconds pause_ = kShortest;
};

class LocalWork {
 public:
  LocalWork(Items& items, const Team::Work& work, Bell& bell)
      : bell_(bell), thread_([this, &items, &work] { run(items, work); }) {}

  bool is_done() const {
    const std::lock_guard lock(mutex_);
    return done_;
  }
  // Returns the result once the work is done. Throws what it threw.
  Team::Bytes result() {
    if (thrown_) std::rethrow_exception(thrown_);
    return std::move(result_);
  }

 private:
  void run(Items& items, const Team::Work& work) {
    try {
      result_ = work(items);
    } catch (...) {
      thrown_ = std::current_exception();
      // The error belongs to no item; those that failed come before it.
      items.failed(INT64_MAX, thrown_);
    }
    {
      const std::lock_guard lock(mutex_);
      done_ = true;
    }
    bell_.ring();
  }

  Bell& bell_;
  mutable std::mutex mutex_;
  bool done_ = false;
  Team::Bytes result_;
  std::exception_ptr thrown_;
  std::jthread thread_;  // the last: it uses the others
};

}  // namespace shoal
