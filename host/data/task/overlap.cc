#include "host/data/task/overlap.h"

#include <algorithm>

#include "device/decode/boxes.h"

namespace shoal {
float intersection_over_union(const Detection& a, const Detection& b) {
  return intersection_over_union(
      DetectedBox{a.left, a.top, a.right, a.bottom, a.index, a.score},
      DetectedBox{b.left, b.top, b.right, b.bottom, b.index, b.score});
}

std::vector<Detection> strongest(std::vector<Detection> boxes, float score,
                                 float overlap, int most) {
  // "Not at least", so that what is no number goes too.
  std::erase_if(boxes, [&](const Detection& b) { return !(b.score >= score); });
  std::ranges::stable_sort(boxes, std::ranges::greater{}, &Detection::score);
  std::vector<Detection> kept;
  for (const Detection& b : boxes) {
    if (static_cast<int>(kept.size()) == most) break;
    const bool known = std::ranges::any_of(kept, [&](const Detection& k) {
      return k.index == b.index && intersection_over_union(k, b) > overlap;
    });
    if (!known) kept.push_back(b);
  }
  return kept;
}

}  // namespace shoal
