#include "host/data/evaluate/answer_frames.h"

#include <algorithm>
#include <deque>
#include <exception>
#include <memory>

#include "host/base/parallel.h"

namespace shoal {
namespace {

// More threads than frames would only wait.
int useful(int jobs, const Frames& frames) {
  return static_cast<int>(std::clamp<int64_t>(frames.left(), 1, jobs));
}

void run_frames(Engine& engine, const Frames& frames, Items& items) {
  std::deque<int64_t> under_way;
  int64_t last = -1;  // what fails, as far as can be known
  const auto next = [&]() -> std::optional<Bytes> {
    const std::optional<int64_t> item = items.next();
    if (!item) return std::nullopt;
    last = *item;
    under_way.push_back(last);
    return frames.input(last);
  };
  try {
    engine.stream(next, [&](const Answer& a) {
      items.done(under_way.front(), a.output);
      under_way.pop_front();
    });
  } catch (...) {
    items.failed(last, std::current_exception());
  }
}

}  // namespace

int answer_frames(Engine& engine, int jobs, const Frames& frames,
                  Items& items) {
  std::vector<std::unique_ptr<Engine>> others;
  for (int job = 1; job < useful(jobs, frames); ++job) {
    std::unique_ptr<Engine> other = engine.another();
    if (!other) break;
    others.push_back(std::move(other));
  }
  const int threads = static_cast<int>(others.size()) + 1;
  for_each_item(threads, threads, [&](int, int64_t job) {
    run_frames(job == 0 ? engine : *others[static_cast<size_t>(job) - 1],
               frames, items);
  });
  items.check();
  return threads;
}

int answer_frames(Engine& engine, int jobs, Frames& frames) {
  return answer_frames(engine, jobs, frames, frames);
}

}  // namespace shoal
