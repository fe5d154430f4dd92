// The points of a study, each computed once. Questions ask for points and get
// empty ones at first; compute() makes what was asked for, then the questions
// are asked again, until they ask for nothing new.
#pragma once

#include <algorithm>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "host/base/error.h"
#include "host/study/point.h"

namespace shoal {

template <class Key, class Value>
class PointsOf {
 public:
  using Measure = std::function<Value(const Key&)>;
  // Called before each point: how many are done, of how many.
  using Progress =
      std::function<void(size_t done, size_t all, const Key& next)>;

  // `measure` is called from several threads at once.
  explicit PointsOf(Measure measure) : measure_(std::move(measure)) {}

  // The point, or an empty one that compute() will make. Null until then.
  const Value* find(const Key&);
  // Makes what find() did not find; false if there is nothing.
  bool compute(int threads, const Progress&);
  const std::map<Key, Value>& all() const { return made_; }

 private:
  Measure measure_;
  std::map<Key, Value> made_;
  std::vector<Key> wanted_;  // in the order in which they were asked for
};

// In place of a point that could not be made.
template <class Value>
Value failed_point(const Error& e) {
  Value point;
  point.error = e.what();
  if (!e.fix().empty()) point.error += "; " + e.fix();
  point.is_broken = e.code() == Exit::kInternal || e.code() == Exit::kCorrupt;
  return point;
}

// Of a split study.
using Points = PointsOf<Setting, Point>;

template <class Key, class Value>
const Value* PointsOf<Key, Value>::find(const Key& key) {
  const auto found = made_.find(key);
  if (found != made_.end()) return &found->second;
  if (std::find(wanted_.begin(), wanted_.end(), key) == wanted_.end()) {
    wanted_.push_back(key);
  }
  return nullptr;
}

template <class Key, class Value>
bool PointsOf<Key, Value>::compute(int threads, const Progress& progress) {
  if (wanted_.empty()) return false;
  const std::vector<Key> work = std::move(wanted_);
  wanted_.clear();
  const size_t before = made_.size(), all = before + work.size();
  std::vector<Value> points(work.size());
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
