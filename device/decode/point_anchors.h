/// @file
/// Boxes with points around anchors, as MediaPipe's detectors of faces, palms
/// and bodies give them. An anchor is the centre of a cell.
#pragma once

#include <cstdint>

#include "device/decode/boxes.h"
#include "device/decode/points.h"
#include "device/decode/values.h"

namespace shoal {

struct PointAnchorGrid {
  int stride = 0;   ///< pixels of a cell
  int anchors = 0;  ///< candidates of a cell, which come one after another
};

/// Some of the candidates: a row of `boxes` and one value of `scores` each.
struct PointAnchorPart {
  Values boxes, scores;
};

/// The candidates, for strongest(): grid by grid, cell by cell.
class PointAnchorBoxes {
 public:
  /// The parts hold the candidates of all grids, and must outlive it as the
  /// grids must. `width`, `height`: of the input in pixels. Weaker candidates
  /// than `score` do not count.
  PointAnchorBoxes(const PointAnchorGrid* grids, uint32_t grid_count,
                   const PointAnchorPart* parts, uint32_t part_count, int width,
                   int height, float score);

  uint32_t count() const { return count_; }
  bool get(uint32_t candidate, DetectedBox&) const;

  /// Returns the points of each box.
  uint32_t points() const { return (values_ - 4) / 2; }
  /// Returns a point of a candidate, whose number is DetectedBox::candidate.
  FoundPoint point(uint32_t candidate, uint32_t point) const;

 private:
  // Returns the part of a candidate, which then counts from its first one.
  const PointAnchorPart& part_of(uint32_t& candidate) const;
  FoundPoint anchor_of(uint32_t candidate) const;

  const PointAnchorGrid* const grids_;
  const uint32_t grid_count_;
  const PointAnchorPart* const parts_;
  const int width_, height_;
  const float score_;
  uint32_t count_ = 0, values_ = 4;  // `values_`: of a box
};

/// Returns the cells along a side of the input; the last one may be cut.
inline int point_anchor_cells(int pixels, int stride) {
  return (pixels + stride - 1) / stride;
}

}  // namespace shoal
