// Arithmetic on boxes: the least box around two, and what is left of one
// without the other.
#pragma once

#include <algorithm>
#include <vector>

#include "host/base/box.h"

namespace shoal {

// Returns the least box around both; an empty box counts as nothing.
inline Box hull(const Box& a, const Box& b) {
  if (a.empty()) return b;
  if (b.empty()) return a;
  return {std::min(a.y0, b.y0), std::max(a.y1, b.y1), std::min(a.x0, b.x0),
          std::max(a.x1, b.x1), std::min(a.c0, b.c0), std::max(a.c1, b.c1)};
}

// Returns `a` without `b` as disjoint boxes: rows above and below, then
// columns, then channels on either side.
inline std::vector<Box> without(Box a, const Box& b) {
  std::vector<Box> rest;
  const Box both = common(a, b);
  if (a.empty()) return rest;
  if (both.empty()) return {a};
  const auto take = [&](int Box::*lo, int Box::*hi) {
    if (a.*lo < both.*lo) {
      rest.push_back(a);
      rest.back().*hi = both.*lo;
    }
    if (both.*hi < a.*hi) {
      rest.push_back(a);
      rest.back().*lo = both.*hi;
    }
    a.*lo = both.*lo;
    a.*hi = both.*hi;
  };
  take(&Box::y0, &Box::y1);
  take(&Box::x0, &Box::x1);
  take(&Box::c0, &Box::c1);
  return rest;
}

}  // namespace shoal
