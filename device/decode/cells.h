/// @file
/// Things of networks that give scores of classes for every cell of a grid, of
/// which class 0 is the background (FOMO): cells that touch are one thing.
#pragma once

#include <cstdint>

#include "device/decode/boxes.h"
#include "device/decode/values.h"

namespace shoal {

class CellThings {
 public:
  /// `values`: rows x columns x classes. `scratch`: rows x columns bytes. Both
  /// must outlive it. `width`, `height`: of the input in pixels. Weaker cells
  /// than `score` belong to nothing.
  CellThings(const Values& values, int rows, int columns, int classes,
             int width, int height, float score, uint8_t* scratch);

  /// Finds the next thing: class by class, from the top left; false: none is
  /// left.
  bool next(DetectedBox&);

 private:
  enum : uint8_t { kNothing, kStrong, kOfThis };

  float score(int x, int y) const;
  bool touches(int x, int y) const;
  void begin_class();
  void join(int x, int y, DetectedBox&);

  const Values values_;
  const int rows_, columns_, classes_;
  const float cell_width_, cell_height_, least_;
  uint8_t* const states_;  // by cell, of the class
  int class_ = 0, at_ = 0;
};

}  // namespace shoal
