// Rows x columns x channels of a tensor, half open.
#pragma once

#include <algorithm>
#include <cstdint>

namespace shoal {

struct Box {
  int y0 = 0, y1 = 0, x0 = 0, x1 = 0, c0 = 0, c1 = 0;

  int rows() const { return y1 - y0; }
  int columns() const { return x1 - x0; }
  int channels() const { return c1 - c0; }
  int64_t elements() const {
    return int64_t{1} * rows() * columns() * channels();
  }
  bool empty() const {
    return rows() <= 0 || columns() <= 0 || channels() <= 0;
  }
  bool operator==(const Box&) const = default;
};

constexpr bool contains(const Box& a, const Box& b) {
  return a.y0 <= b.y0 && b.y1 <= a.y1 && a.x0 <= b.x0 && b.x1 <= a.x1 &&
         a.c0 <= b.c0 && b.c1 <= a.c1;
}
constexpr bool overlap(const Box& a, const Box& b) {
  return a.y0 < b.y1 && b.y0 < a.y1 && a.x0 < b.x1 && b.x0 < a.x1 &&
         a.c0 < b.c1 && b.c0 < a.c1;
}
// The part that both have; empty if they do not overlap.
constexpr Box common(const Box& a, const Box& b) {
  return {std::max(a.y0, b.y0), std::min(a.y1, b.y1), std::max(a.x0, b.x0),
          std::min(a.x1, b.x1), std::max(a.c0, b.c0), std::min(a.c1, b.c1)};
}

}  // namespace shoal
