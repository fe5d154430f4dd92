/// @file
/// Boxes of YOLO networks whose outputs are rows of box and scores, one for
/// each candidate, from grids of 8, 16 and 32 pixels.
#pragma once

#include <cstdint>

#include "device/decode/boxes.h"
#include "device/decode/values.h"

namespace shoal {

/// Some columns of a table of rows.
struct TablePart {
  Values values;
  uint32_t columns = 0;
  bool is_turned = false;  ///< columns x rows instead of rows x columns
};

/// A table of `rows` rows whose columns may lie in several outputs, as
/// `shoal quantize` ends a model whose columns have unlike ranges. The parts
/// must outlive it.
struct RowTable {
  const TablePart* parts = nullptr;
  uint32_t part_count = 0;
  uint32_t rows = 0;

  uint32_t columns() const;
  float at(uint32_t row, uint32_t column) const;
  /// Returns the largest value of a row from column `first` on, and its place
  /// behind `first`; 1 and 0 if there is no such column.
  float largest(uint32_t row, uint32_t first, int& place) const;
};

/// The candidates of a YOLO network by Ultralytics, for strongest(): rows of
/// centre and size, in YOLOv5 an objectness, and a score for each class.
class YoloBoxes {
 public:
  /// The table has at least five columns. `width`, `height`: of the input in
  /// pixels. Weaker candidates than `score` do not count.
  YoloBoxes(const RowTable&, bool has_objectness, int width, int height,
            float score);

  uint32_t count() const { return table_.rows; }
  bool get(uint32_t row, DetectedBox&) const;

 private:
  const RowTable table_;
  const bool has_objectness_;
  const float score_;
  float unit_x_ = 1, unit_y_ = 1;  // pixels of a unit of the coordinates
};

/// The candidates of a YOLOX network, for strongest(): the same rows with an
/// objectness, but centres are offsets in cells, sizes logarithms in cells.
class YoloxBoxes {
 public:
  /// The table has at least six columns; else as YoloBoxes.
  YoloxBoxes(const RowTable& table, int width, int height, float score)
      : table_(table), width_(width), height_(height), score_(score) {}

  uint32_t count() const { return table_.rows; }
  bool get(uint32_t row, DetectedBox&) const;

 private:
  const RowTable table_;
  const int width_, height_;
  const float score_;
};

/// Makes a box of its centre and size.
void set_place(float x, float y, float width, float height, DetectedBox&);

/// Returns the cells of the grids of a picture.
uint32_t yolo_cells(int width, int height);

}  // namespace shoal
