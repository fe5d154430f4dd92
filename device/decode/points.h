/// @file
/// Points that a network finds, such as the joints of a body or the corners of
/// a face, in pixels of its input.
#pragma once

#include <cstdint>

#include "device/decode/values.h"

namespace shoal {

struct FoundPoint {
  float x = 0, y = 0;
  float score = 1;
};

/// An output with values for every place of a picture.
struct ValueMap {
  Values values;
  int rows = 0, columns = 0, channels = 1;
  bool planes = false;  ///< channels x rows x columns, else channels last

  float at(int row, int column, int channel) const;
};

/// Rows of y, x (in parts of the picture) and score, as MoveNet has them.
class RowPoints {
 public:
  /// `width`, `height`: of the input in pixels.
  RowPoints(const Values& values, int width, int height)
      : values_(values), width_(width), height_(height) {}
  uint32_t count() const { return values_.count / 3; }
  FoundPoint get(uint32_t i) const;

 private:
  const Values values_;
  const int width_, height_;
};

/// The highest place of each channel; of equal ones the first.
class PeakPoints {
 public:
  /// As RowPoints.
  PeakPoints(const ValueMap& map, int width, int height)
      : map_(map), width_(width), height_(height) {}
  uint32_t count() const { return static_cast<uint32_t>(map_.channels); }
  FoundPoint get(uint32_t i) const;

 private:
  const ValueMap map_;
  const int width_, height_;
};

/// The highest place of each channel, moved by what a second map says there: y
/// of all points, then x, in pixels (PoseNet). The first place is the first
/// pixel, the last place the last pixel.
class MovedPeaks {
 public:
  /// Both maps have the same rows and columns, at least two of each. Otherwise
  /// as RowPoints.
  MovedPeaks(const ValueMap& heat, const ValueMap& moves, int width, int height)
      : heat_(heat), moves_(moves), width_(width), height_(height) {}
  uint32_t count() const { return static_cast<uint32_t>(heat_.channels); }
  FoundPoint get(uint32_t i) const;

 private:
  const ValueMap heat_, moves_;
  const int width_, height_;
};

/// Points of x, y and maybe z: in pixels or, if none of x and y is above 2, in
/// parts of the picture.
class Landmarks {
 public:
  /// `numbers`: of a point, 2 or 3. Otherwise as RowPoints.
  Landmarks(const Values& values, int width, int height, uint32_t numbers);
  uint32_t count() const { return values_.count / step_; }
  FoundPoint get(uint32_t i) const;
  /// Returns the largest x or y of the values.
  float largest() const { return largest_; }

 private:
  const Values values_;
  const uint32_t step_;
  float largest_ = 0;
  float unit_x_ = 1, unit_y_ = 1;  // pixels of a unit of the coordinates
};

/// Returns those with the largest coordinate; of equal ones the first.
/// MediaPipe's networks give the same points in pixels and in metres.
Landmarks in_pixels(const Landmarks* all, uint32_t count);

}  // namespace shoal
