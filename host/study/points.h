// The points of a study, each computed once. Questions ask for points and get
// empty ones at first; compute() makes what was asked for, then the questions
// are asked again, until they ask for nothing new.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "host/base/error.h"
#include "host/base/parallel.h"
#include "host/study/study_result.h"

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

  // Returns the point, or an empty one that compute() will make. Null until
  // then.
  const Value* find(const Key&);
  // Makes what find() did not find; false if there is nothing.
  bool compute(int threads, const Progress&);
  const std::map<Key, Value>& all() const { return made_; }

 private:
  Measure measure_;
  std::map<Key, Value> made_;
  std::vector<Key> wanted_;  // in the order in which they were asked for
};

// Makes the value for a point that could not be made.
template <class Value>
Value failed_point(const Error& e) {
  Value point;
  point.error = e.what();
  if (!e.fix().empty()) point.error += "; " + e.fix();
  point.is_broken = e.code() == Exit::kInternal || e.code() == Exit::kCorrupt;
  return point;
}

// Points, and why others are missing. Settings can be described.
template <class Key, class Value>
class PointFinder {
 public:
  explicit PointFinder(PointsOf<Key, Value>& points) : points_(points) {}

  // Returns the point, or null if there is none (yet); then the reason becomes
  // a note.
  const Value* find(const Key& key) {
    const Value* const point = points_.find(key);
    if (point == nullptr || point->error.empty()) return point;
    const std::string note = describe(key) + ": " + point->error;
    if (seen_.insert(note).second) notes_.push_back(note);
    if (point->is_broken) broken_.insert(note);
    return nullptr;
  }
  // Notes since the last call, each once in a study.
  std::vector<std::string> take_notes() { return std::exchange(notes_, {}); }
  std::vector<std::string> broken() const {
    return {broken_.begin(), broken_.end()};
  }

 protected:
  void add_broken(const std::string& what) { broken_.insert(what); }

 private:
  PointsOf<Key, Value>& points_;
  std::vector<std::string> notes_;
  std::set<std::string> seen_, broken_;
};

// Asks until no point is missing. `ask` has an asker of its own each time and
// gives the study and what is broken.
template <class Key, class Value, class Ask>
StudyResult ask_until_made(
    PointsOf<Key, Value>& points, int threads,
    const typename PointsOf<Key, Value>::Progress& progress, const Ask& ask) {
  for (;;) {
    StudyResult result = ask();
    if (!points.compute(threads, progress)) return result;
  }
}

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
  const size_t before = made_.size();
  std::vector<Value> points(work.size());
  std::mutex mutex;
  size_t done = 0;
  for_each_item(static_cast<int64_t>(work.size()), threads,
                [&](int, int64_t item) {
                  const auto k = static_cast<size_t>(item);
                  {
                    const std::lock_guard lock(mutex);
                    if (progress) {
                      progress(before + done, before + work.size(), work[k]);
                    }
                  }
                  points[k] = measure_(work[k]);
                  const std::lock_guard lock(mutex);
                  ++done;
                });
  for (size_t k = 0; k < work.size(); ++k) {
    made_.emplace(work[k], std::move(points[k]));
  }
  return true;
}

}  // namespace shoal
