#include <algorithm>
#include <vector>

#include "host/data/task/heads.h"

namespace shoal {
namespace {

// The only output as rows x columns x channels.
bool is_map(const std::vector<Shape>& outputs) {
  return outputs.size() == 1 && outputs[0].size() == 4 && outputs[0][0] == 1;
}

// A grid of a class's cells that are strong enough; takes them out as it finds
// them.
class Grid {
 public:
  Grid(const RealOutput& v, int index, float least)
      : values_(v), index_(index), left_(at_least(least)) {}

  std::vector<Detection> things() {
    std::vector<Detection> found;
    for (int y = 0; y < rows(); ++y) {
      for (int x = 0; x < columns(); ++x) {
        if (left_[place(x, y)]) found.push_back(thing(x, y));
      }
    }
    return found;
  }

 private:
  int rows() const { return values_.shape[1]; }
  int columns() const { return values_.shape[2]; }
  size_t place(int x, int y) const {
    return static_cast<size_t>(y) * columns() + x;
  }
  float score(int x, int y) const {
    return values_.v[place(x, y) * values_.shape[3] + index_];
  }
  std::vector<char> at_least(float least) const {
    std::vector<char> strong(static_cast<size_t>(rows()) * columns());
    for (int y = 0; y < rows(); ++y) {
      for (int x = 0; x < columns(); ++x) {
        strong[place(x, y)] = score(x, y) >= least;
      }
    }
    return strong;
  }

  // Joins all cells that touch this one, corners too, to one box in units of
  // cells.
  Detection thing(int x, int y) {
    Detection box{static_cast<float>(x),
                  static_cast<float>(y),
                  static_cast<float>(x + 1),
                  static_cast<float>(y + 1),
                  index_,
                  0};
    std::vector<std::pair<int, int>> todo = {{x, y}};
    left_[place(x, y)] = 0;
    while (!todo.empty()) {
      const auto [cx, cy] = todo.back();
      todo.pop_back();
      box.left = std::min(box.left, static_cast<float>(cx));
      box.top = std::min(box.top, static_cast<float>(cy));
      box.right = std::max(box.right, static_cast<float>(cx + 1));
      box.bottom = std::max(box.bottom, static_cast<float>(cy + 1));
      box.score = std::max(box.score, score(cx, cy));
      for (int ny = std::max(0, cy - 1); ny <= std::min(rows() - 1, cy + 1);
           ++ny) {
        for (int nx = std::max(0, cx - 1);
             nx <= std::min(columns() - 1, cx + 1); ++nx) {
          if (!left_[place(nx, ny)]) continue;
          left_[place(nx, ny)] = 0;
          todo.emplace_back(nx, ny);
        }
      }
    }
    return box;
  }

  const RealOutput& values_;
  const int index_;
  std::vector<char> left_;
};

}  // namespace

bool fits_cells(const std::vector<Shape>& outputs, const HeadInput& in) {
  if (!is_map(outputs) || in.width == 0) return false;
  const Shape& s = outputs[0];
  const int stride = in.height / s[1];
  return (stride == 8 || stride == 16) && in.width / s[2] == stride &&
         s[3] >= 2;
}

HeadFindings read_cells(const std::vector<RealOutput>& outputs,
                        const HeadInput& in, const HeadOptions& options) {
  const RealOutput& v = outputs[0];
  const float sx = static_cast<float>(in.width) / v.shape[2];
  const float sy = static_cast<float>(in.height) / v.shape[1];
  HeadFindings found;
  for (int c = 1; c < v.shape[3]; ++c) {
    for (Detection box : Grid(v, c, options.score).things()) {
      box.left *= sx;
      box.right *= sx;
      box.top *= sy;
      box.bottom *= sy;
      found.boxes.push_back(box);
    }
  }
  return found;
}

}  // namespace shoal
