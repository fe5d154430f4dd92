#include "device/decode/anchor_maps.h"

#include "device/decode/exponential.h"
#include "device/decode/yolo.h"

namespace shoal {
namespace {

float sigmoid(float v) { return 1 / (1 + exponential(-v)); }

float centre_in_cell(AnchorDecoding decoding, float v) {
  return decoding == AnchorDecoding::kYolo5 ? 2 * sigmoid(v) - 0.5f
                                            : sigmoid(v);
}

float size_in_anchors(AnchorDecoding decoding, float v) {
  return decoding == AnchorDecoding::kYolo5 ? 4 * sigmoid(v) * sigmoid(v)
                                            : exponential(v);
}

// The values of one anchor's cell.
struct Cell {
  Cell(const AnchorMap& m, uint32_t anchor, uint32_t at) : values(m.values) {
    const uint32_t cells =
        static_cast<uint32_t>(m.rows) * static_cast<uint32_t>(m.columns);
    const auto each = static_cast<uint32_t>(m.each);
    switch (m.order) {
      case AnchorOrder::kPlanes:
        first = anchor * each * cells + at;
        step = cells;
        return;
      case AnchorOrder::kOutermost:
        first = (anchor * cells + at) * each;
        return;
      case AnchorOrder::kCells:
        first = (at * static_cast<uint32_t>(m.anchors) + anchor) * each;
        return;
    }
  }
  float operator[](int i) const {
    return values[first + static_cast<uint32_t>(i) * step];
  }

  const Values& values;
  uint32_t first = 0, step = 1;
};

}  // namespace

AnchorBoxes::AnchorBoxes(const AnchorMap* maps, uint32_t map_count,
                         AnchorDecoding decoding, float score)
    : maps_(maps), map_count_(map_count), decoding_(decoding), score_(score) {}

uint32_t AnchorBoxes::count() const {
  uint32_t sum = 0;
  for (uint32_t m = 0; m < map_count_; ++m) sum += maps_[m].count();
  return sum;
}

bool AnchorBoxes::get(uint32_t i, DetectedBox& box) const {
  const AnchorMap* m = maps_;
  for (; i >= m->count(); ++m) i -= m->count();
  const uint32_t anchor = i % static_cast<uint32_t>(m->anchors);
  const uint32_t at = i / static_cast<uint32_t>(m->anchors);
  const Cell v(*m, anchor, at);
  // The score is no larger than this, which spares most cells their classes.
  const float objectness = sigmoid(v[4]);
  if (!(objectness >= score_)) return false;
  const int classes = m->each - 5;
  box.index = 0;
  for (int c = 1; c < classes; ++c) {
    if (v[5 + c] > v[5 + box.index]) box.index = c;
  }
  float sure = sigmoid(v[5 + box.index]);
  if (decoding_ == AnchorDecoding::kYolo2) {
    float sum = 0;
    for (int c = 0; c < classes; ++c) {
      sum += exponential(v[5 + c] - v[5 + box.index]);
    }
    sure = 1 / sum;
  }
  box.score = objectness * sure;
  if (!(box.score >= score_)) return false;
  const auto stride = static_cast<float>(m->stride);
  const auto columns = static_cast<uint32_t>(m->columns);
  const float* const size = m->sizes + 2 * anchor;
  set_place(
      (static_cast<float>(at % columns) + centre_in_cell(decoding_, v[0])) *
          stride,
      (static_cast<float>(at / columns) + centre_in_cell(decoding_, v[1])) *
          stride,
      size_in_anchors(decoding_, v[2]) * size[0],
      size_in_anchors(decoding_, v[3]) * size[1], box);
  return true;
}

}  // namespace shoal
