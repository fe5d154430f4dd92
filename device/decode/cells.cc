#include "device/decode/cells.h"

namespace shoal {

CellThings::CellThings(const Values& values, int rows, int columns, int classes,
                       int width, int height, float score, uint8_t* scratch)
    : values_(values),
      rows_(rows),
      columns_(columns),
      classes_(classes),
      cell_width_(static_cast<float>(width) / static_cast<float>(columns)),
      cell_height_(static_cast<float>(height) / static_cast<float>(rows)),
      least_(score),
      states_(scratch),
      at_(rows * columns) {}

bool CellThings::next(DetectedBox& box) {
  for (;;) {
    for (; at_ < rows_ * columns_; ++at_) {
      if (states_[at_] != kStrong) continue;
      box = {};
      box.index = class_;
      join(at_ % columns_, at_ / columns_, box);
      return true;
    }
    if (class_ + 1 >= classes_) return false;
    ++class_;
    begin_class();
  }
}

float CellThings::score(int x, int y) const {
  return values_[static_cast<uint32_t>((y * columns_ + x) * classes_ + class_)];
}

void CellThings::begin_class() {
  for (int y = 0; y < rows_; ++y) {
    for (int x = 0; x < columns_; ++x) {
      states_[y * columns_ + x] = score(x, y) >= least_ ? kStrong : kNothing;
    }
  }
  at_ = 0;
}

bool CellThings::touches(int x, int y) const {
  for (int ny = y > 0 ? y - 1 : 0; ny <= y + 1 && ny < rows_; ++ny) {
    for (int nx = x > 0 ? x - 1 : 0; nx <= x + 1 && nx < columns_; ++nx) {
      if (states_[ny * columns_ + nx] == kOfThis) return true;
    }
  }
  return false;
}

// Goes over all cells until none touches the thing any more: no stack or list
// of cells is needed.
void CellThings::join(int x, int y, DetectedBox& box) {
  int left = x, top = y, right = x, bottom = y;
  states_[y * columns_ + x] = kOfThis;
  box.score = score(x, y);
  for (bool any = true; any;) {
    any = false;
    const int from_y = top > 0 ? top - 1 : 0, from_x = left > 0 ? left - 1 : 0;
    for (int cy = from_y; cy <= bottom + 1 && cy < rows_; ++cy) {
      for (int cx = from_x; cx <= right + 1 && cx < columns_; ++cx) {
        uint8_t& state = states_[cy * columns_ + cx];
        if (state != kStrong || !touches(cx, cy)) continue;
        state = kOfThis;
        any = true;
        if (cx < left) left = cx;
        if (cx > right) right = cx;
        if (cy < top) top = cy;
        if (cy > bottom) bottom = cy;
        const float value = score(cx, cy);
        if (value > box.score) box.score = value;
      }
    }
  }
  for (int cy = top; cy <= bottom; ++cy) {
    for (int cx = left; cx <= right; ++cx) {
      uint8_t& state = states_[cy * columns_ + cx];
      if (state == kOfThis) state = kNothing;
    }
  }
  box.left = static_cast<float>(left) * cell_width_;
  box.top = static_cast<float>(top) * cell_height_;
  box.right = static_cast<float>(right + 1) * cell_width_;
  box.bottom = static_cast<float>(bottom + 1) * cell_height_;
}

}  // namespace shoal
