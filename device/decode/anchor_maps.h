/// @file
/// Boxes of YOLO networks that end before their boxes are decoded: a map for
/// each grid, with (centre, size, objectness, classes) of every anchor in its
/// channels.
#pragma once

#include <cstdint>

#include "device/decode/boxes.h"
#include "device/decode/values.h"

namespace shoal {

/// Where the values of an anchor's cell lie.
enum class AnchorOrder : uint8_t {
  kCells,      ///< rows x columns x anchors x values
  kPlanes,     ///< anchors x values x rows x columns
  kOutermost,  ///< anchors x rows x columns x values
};

struct AnchorMap {
  Values values;
  AnchorOrder order = AnchorOrder::kCells;
  int rows = 0, columns = 0;
  int stride = 0;   ///< pixels of a cell
  int anchors = 0;  ///< of a cell
  int each = 0;     ///< values of an anchor's cell, at least 6
  /// Width and height in pixels of each anchor; must outlive the map.
  const float* sizes = nullptr;

  uint32_t count() const {
    return static_cast<uint32_t>(rows) * static_cast<uint32_t>(columns) *
           static_cast<uint32_t>(anchors);
  }
};

/// How far a centre lies in its cell, a size in anchors, and whether classes
/// exclude each other: as in YOLOv2, in those up to YOLOv4, and from YOLOv5 on.
enum class AnchorDecoding : uint8_t { kYolo2, kYolo3, kYolo5 };

/// The candidates of all maps, for strongest(): map by map, cell by cell.
class AnchorBoxes {
 public:
  /// The maps must outlive it, and have the same number of values. Weaker
  /// candidates than `score` do not count.
  AnchorBoxes(const AnchorMap* maps, uint32_t map_count, AnchorDecoding,
              float score);

  uint32_t count() const;
  bool get(uint32_t i, DetectedBox&) const;

 private:
  const AnchorMap* const maps_;
  const uint32_t map_count_;
  const AnchorDecoding decoding_;
  const float score_;
};

}  // namespace shoal
