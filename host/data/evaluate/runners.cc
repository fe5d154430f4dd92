#include "host/data/evaluate/runners.h"

#include <algorithm>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>

namespace shoal {
namespace {

// Runs work(0), ..., work(jobs - 1) at the same time. The first error ends the
// others after the frames that they are at.
template <class Work>
void in_threads(int jobs, Frames& frames, const Work& work) {
  std::mutex mutex;
  std::exception_ptr error;
  const auto guarded = [&](int job) {
    try {
      work(job);
    } catch (...) {
      {
        const std::lock_guard lock(mutex);
        if (!error) error = std::current_exception();
      }
      frames.abandon();
    }
  };
  std::vector<std::jthread> threads;
  for (int job = 1; job < jobs; ++job) threads.emplace_back(guarded, job);
  guarded(0);
  threads.clear();
  if (error) std::rethrow_exception(error);
}

// More threads than frames would only wait.
int useful(int jobs, const Frames& frames) {
  return static_cast<int>(std::clamp<int64_t>(frames.left(), 1, jobs));
}

void run_frames(Engine& engine, Frames& frames) {
  std::deque<int64_t> items;  // in flight
  const auto next = [&]() -> std::optional<Bytes> {
    const std::optional<int64_t> item = frames.next();
    if (!item) return std::nullopt;
    items.push_back(*item);
    return frames.input(*item);
  };
  engine.stream(next, [&](const Answer& a) {
    frames.done(items.front(), a.output);
    items.pop_front();
  });
}

}  // namespace

void answer_frames(Engine& engine, int jobs, Frames& frames) {
  std::vector<std::unique_ptr<Engine>> others;
  for (int job = 1; job < useful(jobs, frames); ++job) {
    std::unique_ptr<Engine> other = engine.another();
    if (!other) break;
    others.push_back(std::move(other));
  }
  in_threads(static_cast<int>(others.size()) + 1, frames, [&](int job) {
    run_frames(job == 0 ? engine : *others[static_cast<size_t>(job) - 1],
               frames);
  });
}

}  // namespace shoal
