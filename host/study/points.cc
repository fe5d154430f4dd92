#include "host/study/points.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

namespace shoal {

const Point* Points::find(const Setting& setting) {
  const auto found = made_.find(setting);
  if (found != made_.end()) return &found->second;
  if (std::find(wanted_.begin(), wanted_.end(), setting) == wanted_.end()) {
    wanted_.push_back(setting);
  }
  return nullptr;
}

bool Points::compute(int threads, const Progress& progress) {
  if (wanted_.empty()) return false;
  const std::vector<Setting> work = std::move(wanted_);
  wanted_.clear();
  const size_t before = made_.size(), all = before + work.size();
  std::vector<Point> points(work.size());
  std::mutex mutex;
  size_t next = 0, done = 0;
  std::exception_ptr failure;
  const auto run = [&] {
    for (;;) {
      size_t mine = 0;
      {
        const std::lock_guard lock(mutex);
        if (next == work.size() || failure) return;
        mine = next++;
        if (progress) progress(before + done, all, work[mine]);
      }
      try {
        points[mine] = measure_(work[mine]);
      } catch (...) {
        const std::lock_guard lock(mutex);
        failure = std::current_exception();
        return;
      }
      const std::lock_guard lock(mutex);
      ++done;
    }
  };
  std::vector<std::thread> crew;
  for (int k = 1; k < threads; ++k) crew.emplace_back(run);
  run();
  for (std::thread& thread : crew) thread.join();
  if (failure) std::rethrow_exception(failure);
  for (size_t k = 0; k < work.size(); ++k) {
    made_.emplace(work[k], std::move(points[k]));
  }
  return true;
}

}  // namespace shoal
