#include "host/data/task/overlap.h"

#include <algorithm>

namespace shoal {
namespace {

float area(const Detection& b) {
  return std::max(0.f, b.right - b.left) * std::max(0.f, b.bottom - b.top);
}

}  // namespace

float intersection_over_union(const Detection& a, const Detection& b) {
  const Detection common{std::max(a.left, b.left), std::max(a.top, b.top),
                         std::min(a.right, b.right),
                         std::min(a.bottom, b.bottom)};
  const float both = area(common);
  const float either = area(a) + area(b) - both;
  return either > 0 ? both / either : 0;
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
