#include "host/base/parallel.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace shoal {
namespace {

class Pool {
 public:
  Pool(int64_t items, int threads,
       const std::function<void(int, int64_t)>& work)
      : items_(items), running_(threads), failed_(items), work_(work) {}

  void run(const std::function<void(int64_t)>& done) {
    std::vector<std::jthread> threads;
    start(threads);
    std::unique_lock lock(mutex_);
    int64_t told = 0;
    while (running_ > 0 || told < done_) {
      changed_.wait(lock, [&] { return running_ == 0 || told < done_; });
      if (told == done_) continue;
      told = done_;
      lock.unlock();
      if (done) done(told);
      lock.lock();
    }
    if (error_) std::rethrow_exception(error_);
  }

 private:
  // Starts as many threads as the system permits, which may be short of memory
  // for their stacks; without any the caller does the work.
  void start(std::vector<std::jthread>& threads) {
    const int all = running_;
    for (int t = 0; t < all; ++t) {
      try {
        threads.emplace_back([this, t] { serve(t); });
      } catch (const std::system_error&) {
        std::unique_lock lock(mutex_);
        running_ -= all - std::max(t, 1);
        lock.unlock();
        if (t == 0) serve(0);
        return;
      }
    }
  }

  void serve(int thread) {
    for (int64_t item; (item = take()) >= 0;) {
      try {
        work_(thread, item);
        const std::scoped_lock lock(mutex_);
        ++done_;
      } catch (...) {
        const std::scoped_lock lock(mutex_);
        if (item < failed_) {
          failed_ = item;
          error_ = std::current_exception();
        }
      }
      changed_.notify_one();
    }
    const std::scoped_lock lock(mutex_);
    --running_;
    changed_.notify_one();
  }

  // -1: no more. After an error only what might have failed earlier counts,
  // and all of that has been taken.
  int64_t take() {
    const std::scoped_lock lock(mutex_);
    return next_ < items_ && !error_ ? next_++ : -1;
  }

  const int64_t items_;
  int64_t next_ = 0, done_ = 0;
  int running_;
  int64_t failed_;  // the lowest
  std::exception_ptr error_;
  const std::function<void(int, int64_t)>& work_;
  std::mutex mutex_;
  std::condition_variable changed_;
};

}  // namespace

int core_count() {
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

void for_each_item(int64_t count, int threads,
                   const std::function<void(int, int64_t)>& work,
                   const std::function<void(int64_t)>& done) {
  const auto useful = static_cast<int>(std::min<int64_t>(count, threads));
  if (useful > 1) return Pool(count, useful, work).run(done);
  for (int64_t item = 0; item < count; ++item) {
    work(0, item);
    if (done) done(item + 1);
  }
}

}  // namespace shoal
