/// @file
/// Boxes that a detector found, and which of them are one thing. No function
/// needs memory beside what its caller gives.
#pragma once

#include <cstdint>

namespace shoal {

struct DetectedBox {
  float left = 0, top = 0, right = 0, bottom = 0;  ///< pixels of the input
  int index = 0;                                   ///< of the class
  float score = 0;
  uint32_t candidate = 0;  ///< its number among those of which it was chosen
};

/// Returns the intersection over union of the areas; 0 if they do not touch.
float intersection_over_union(const DetectedBox&, const DetectedBox&);

/// Candidates that lie in an array.
class BoxArray {
 public:
  BoxArray(const DetectedBox* boxes, uint32_t count)
      : boxes_(boxes), count_(count) {}
  uint32_t count() const { return count_; }
  bool get(uint32_t i, DetectedBox& box) const {
    box = boxes_[i];
    return true;
  }

 private:
  const DetectedBox* const boxes_;
  const uint32_t count_;
};

/// Writes the strongest candidates to `to`, which has room for `most`, and
/// returns how many: of two of one class that overlap by more than `overlap`
/// (intersection over union) only the stronger one; of equal ones the first.
///
/// `candidates.get(i, box)` is false for one that does not count. Instead of
/// sorting in a buffer, this looks at all candidates once for each box that it
/// finds.
template <class Candidates>
uint32_t strongest(const Candidates& candidates, float overlap, DetectedBox* to,
                   uint32_t most) {
  uint32_t kept = 0, last = 0;  // `last`: the candidate of the box before
  while (kept < most) {
    DetectedBox best;
    uint32_t found = candidates.count();
    for (uint32_t i = 0; i < candidates.count(); ++i) {
      DetectedBox box;
      if (!candidates.get(i, box)) continue;
      if (found < candidates.count() && !(box.score > best.score)) continue;
      if (kept > 0) {  // weaker ones are left, or equal ones behind the last
        const float before = to[kept - 1].score;
        if (box.score > before || (box.score == before && i <= last)) continue;
      }
      bool is_known = false;
      for (uint32_t k = 0; k < kept && !is_known; ++k) {
        is_known = to[k].index == box.index &&
                   intersection_over_union(to[k], box) > overlap;
      }
      if (is_known) continue;
      best = box, found = best.candidate = i;
    }
    if (found == candidates.count()) break;
    to[kept++] = best;
    last = found;
  }
  return kept;
}

}  // namespace shoal
