#include "device/decode/yolo.h"

#include "device/decode/exponential.h"

namespace shoal {
namespace {

constexpr int kStrides[] = {8, 16, 32};
// Exports to ONNX give coordinates in pixels, those to .tflite in parts of the
// picture. A network for pictures of 32 pixels or more has no largest
// coordinate below this in pixels, so the values tell.
constexpr float kLargestPart = 2;

}  // namespace

uint32_t yolo_cells(int width, int height) {
  uint32_t cells = 0;
  for (const int stride : kStrides) {
    cells += static_cast<uint32_t>(width / stride) *
             static_cast<uint32_t>(height / stride);
  }
  return cells;
}

uint32_t RowTable::columns() const {
  uint32_t sum = 0;
  for (uint32_t p = 0; p < part_count; ++p) sum += parts[p].columns;
  return sum;
}

float RowTable::at(uint32_t row, uint32_t column) const {
  const TablePart* part = parts;
  for (; column >= part->columns; ++part) column -= part->columns;
  return part->values[part->is_turned ? column * rows + row
                                      : row * part->columns + column];
}

float RowTable::largest(uint32_t row, uint32_t first, int& place) const {
  place = 0;
  const uint32_t end = columns();
  if (first >= end) return 1;
  float most = at(row, first);
  for (uint32_t c = first + 1; c < end; ++c) {
    const float value = at(row, c);
    if (!(value > most)) continue;
    most = value;
    place = static_cast<int>(c - first);
  }
  return most;
}

void set_place(float x, float y, float width, float height, DetectedBox& box) {
  box.left = x - width / 2;
  box.right = x + width / 2;
  box.top = y - height / 2;
  box.bottom = y + height / 2;
}

YoloBoxes::YoloBoxes(const RowTable& table, bool has_objectness, int width,
                     int height, float score)
    : table_(table), has_objectness_(has_objectness), score_(score) {
  for (uint32_t row = 0; row < table.rows; ++row) {
    for (uint32_t c = 0; c < 4; ++c) {
      if (table.at(row, c) > kLargestPart) return;
    }
  }
  unit_x_ = static_cast<float>(width);
  unit_y_ = static_cast<float>(height);
}

bool YoloBoxes::get(uint32_t row, DetectedBox& box) const {
  box.score = table_.largest(row, has_objectness_ ? 5 : 4, box.index);
  if (has_objectness_) box.score *= table_.at(row, 4);
  if (!(box.score >= score_)) return false;
  set_place(table_.at(row, 0) * unit_x_, table_.at(row, 1) * unit_y_,
            table_.at(row, 2) * unit_x_, table_.at(row, 3) * unit_y_, box);
  return true;
}

bool YoloxBoxes::get(uint32_t row, DetectedBox& box) const {
  box.score = table_.largest(row, 5, box.index) * table_.at(row, 4);
  if (!(box.score >= score_)) return false;
  uint32_t cell = row;
  for (const int stride : kStrides) {
    const auto columns = static_cast<uint32_t>(width_ / stride);
    const uint32_t cells = columns * static_cast<uint32_t>(height_ / stride);
    if (cell >= cells) {
      cell -= cells;
      continue;
    }
    const auto s = static_cast<float>(stride);
    set_place((table_.at(row, 0) + static_cast<float>(cell % columns)) * s,
              (table_.at(row, 1) + static_cast<float>(cell / columns)) * s,
              exponential(table_.at(row, 2)) * s,
              exponential(table_.at(row, 3)) * s, box);
    return true;
  }
  return false;  // the table has more rows than the grids cells
}

}  // namespace shoal
