#include "host/data/evaluate/runners.h"

#include <algorithm>
#include <deque>
#include <memory>

#include "host/base/parallel.h"

namespace shoal {
namespace {

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

int answer_frames(Engine& engine, int jobs, Frames& frames) {
  std::vector<std::unique_ptr<Engine>> others;
  for (int job = 1; job < useful(jobs, frames); ++job) {
    std::unique_ptr<Engine> other = engine.another();
    if (!other) break;
    others.push_back(std::move(other));
  }
  const int threads = static_cast<int>(others.size()) + 1;
  for_each_item(threads, threads, [&](int, int64_t job) {
    try {
      run_frames(job == 0 ? engine : *others[static_cast<size_t>(job) - 1],
                 frames);
    } catch (...) {
      frames.abandon();  // the others end after those that they are at
      throw;
    }
  });
  return threads;
}

}  // namespace shoal
