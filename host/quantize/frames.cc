#include "host/quantize/frames.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>

namespace shoal {
namespace {

class Pool {
 public:
  Pool(int64_t frames, const std::function<void(int, int64_t)>& work)
      : frames_(frames), failed_(frames), work_(work) {}

  void run(const std::function<void(int64_t)>& done) {
    std::vector<std::jthread> threads;
    running_ = worker_count(frames_);
    for (int w = 0; w < worker_count(frames_); ++w) {
      threads.emplace_back([this, w] { serve(w); });
    }
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
  void serve(int worker) {
    for (int64_t frame; (frame = take()) >= 0;) {
      try {
        work_(worker, frame);
        const std::scoped_lock lock(mutex_);
        ++done_;
      } catch (...) {
        const std::scoped_lock lock(mutex_);
        if (frame < failed_) {
          failed_ = frame;
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
    return next_ < frames_ && !error_ ? next_++ : -1;
  }

  const int64_t frames_;
  int64_t next_ = 0, done_ = 0;
  int64_t failed_;
  int running_ = 0;
  std::exception_ptr error_;
  const std::function<void(int, int64_t)>& work_;
  std::mutex mutex_;
  std::condition_variable changed_;
};

}  // namespace

int worker_count(int64_t frames) {
  const int64_t cores = std::max(1u, std::thread::hardware_concurrency());
  return static_cast<int>(std::clamp<int64_t>(frames, 1, cores));
}

void for_each_frame(int64_t frames,
                    const std::function<void(int, int64_t)>& work,
                    const std::function<void(int64_t)>& done) {
  Pool(frames, work).run(done);
}

std::vector<int64_t> spread_frames(int64_t count, int64_t some) {
  some = std::min(count, some);
  std::vector<int64_t> frames;
  for (int64_t i = 0; i < some; ++i) frames.push_back(i * count / some);
  return frames;
}

}  // namespace shoal
