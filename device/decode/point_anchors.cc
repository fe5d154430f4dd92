#include "device/decode/point_anchors.h"

#include "device/decode/exponential.h"
#include "device/decode/yolo.h"

namespace shoal {

PointAnchorBoxes::PointAnchorBoxes(const PointAnchorGrid* grids,
                                   uint32_t grid_count,
                                   const PointAnchorPart* parts,
                                   uint32_t part_count, int width, int height,
                                   float score)
    : grids_(grids),
      grid_count_(grid_count),
      parts_(parts),
      width_(width),
      height_(height),
      score_(score) {
  for (uint32_t p = 0; p < part_count; ++p) count_ += parts[p].scores.count;
  if (count_ > 0) values_ = parts[0].boxes.count / parts[0].scores.count;
}

const PointAnchorPart& PointAnchorBoxes::part_of(uint32_t& candidate) const {
  const PointAnchorPart* part = parts_;
  for (; candidate >= part->scores.count; ++part) {
    candidate -= part->scores.count;
  }
  return *part;
}

FoundPoint PointAnchorBoxes::anchor_of(uint32_t candidate) const {
  for (uint32_t g = 0; g < grid_count_; ++g) {
    const int columns = point_anchor_cells(width_, grids_[g].stride);
    const int rows = point_anchor_cells(height_, grids_[g].stride);
    const auto anchors = static_cast<uint32_t>(grids_[g].anchors);
    const uint32_t all = static_cast<uint32_t>(columns * rows) * anchors;
    if (candidate >= all) {
      candidate -= all;
      continue;
    }
    const auto cell = static_cast<int>(candidate / anchors);
    const float across =
        static_cast<float>(width_) / static_cast<float>(columns);
    const float down = static_cast<float>(height_) / static_cast<float>(rows);
    return {(static_cast<float>(cell % columns) + 0.5f) * across,
            (static_cast<float>(cell / columns) + 0.5f) * down};
  }
  return {};
}

bool PointAnchorBoxes::get(uint32_t candidate, DetectedBox& box) const {
  uint32_t row = candidate;
  const PointAnchorPart& part = part_of(row);
  box.score = 1 / (1 + exponential(-part.scores[row]));
  if (!(box.score >= score_)) return false;
  const FoundPoint anchor = anchor_of(candidate);
  const uint32_t at = row * values_;
  set_place(anchor.x + part.boxes[at], anchor.y + part.boxes[at + 1],
            part.boxes[at + 2], part.boxes[at + 3], box);
  box.index = 0;
  return true;
}

FoundPoint PointAnchorBoxes::point(uint32_t candidate, uint32_t point) const {
  uint32_t row = candidate;
  const PointAnchorPart& part = part_of(row);
  const FoundPoint anchor = anchor_of(candidate);
  const uint32_t at = row * values_ + 4 + 2 * point;
  return {anchor.x + part.boxes[at], anchor.y + part.boxes[at + 1]};
}

}  // namespace shoal
