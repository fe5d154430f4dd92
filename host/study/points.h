// The points of a study, each computed once. Questions ask for points and get
// empty ones at first; compute() makes what was asked for, then the questions
// are asked again, until they ask for nothing new.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "host/study/point.h"

namespace shoal {

class Points {
 public:
  using Measure = std::function<Point(const Setting&)>;
  // Called before each point: how many are done, of how many.
  using Progress =
      std::function<void(size_t done, size_t all, const Setting& next)>;

  // `measure` is called from several threads at once.
  explicit Points(Measure measure) : measure_(std::move(measure)) {}

  // The point, or an empty one that compute() will make. Null until then.
  const Point* find(const Setting&);
  // Makes what find() did not find; false if there is nothing.
  bool compute(int threads, const Progress&);
  const std::map<Setting, Point>& all() const { return made_; }

 private:
  Measure measure_;
  std::map<Setting, Point> made_;
  std::vector<Setting> wanted_;  // in the order in which they were asked for
};

}  // namespace shoal
