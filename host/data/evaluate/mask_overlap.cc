#include "host/data/evaluate/mask_overlap.h"

#include <algorithm>
#include <cmath>

namespace shoal {
namespace {

// Returns the place of the mask that each pixel's centre lies on along an axis;
// -1: the model does not see it.
std::vector<int> places(int pixels, double begin, double step, int input,
                        int mask) {
  std::vector<int> at;
  for (int i = 0; i < pixels; ++i) {
    const double v = (i + 0.5 - begin) / step;  // in pixels of the input
    const bool seen = v >= 0 && v < input;
    at.push_back(seen ? std::min(static_cast<int>(v * mask / input), mask - 1)
                      : -1);
  }
  return at;
}

}  // namespace

MaskCounts compare_mask(const ClassMap& truth, const HeadFindings& said,
                        int input_width, int input_height, const Placement& p) {
  const std::vector<int> columns =
      places(truth.width, p.left, p.columns, input_width, said.mask_width);
  const std::vector<int> rows =
      places(truth.height, p.top, p.rows, input_height, said.mask_height);
  MaskCounts counts;
  for (size_t y = 0; y < rows.size(); ++y) {
    for (size_t x = 0; x < columns.size(); ++x) {
      const int right = truth.classes[y * columns.size() + x];
      if (rows[y] < 0 || columns[x] < 0 || right == kIgnoredClass) continue;
      const auto place =
          static_cast<size_t>(rows[y]) * static_cast<size_t>(said.mask_width) +
          static_cast<size_t>(columns[x]);
      ++counts[{right, said.mask[place]}];
    }
  }
  return counts;
}

double ClassOverlap::overlap() const {
  return either() > 0
             ? static_cast<double>(right) / static_cast<double>(either())
             : 0;
}

int MaskOverlap::classes_seen() const {
  return static_cast<int>(std::ranges::count_if(
      classes, [](const ClassOverlap& c) { return c.either() > 0; }));
}

double MaskOverlap::mean() const {
  double sum = 0;
  for (const ClassOverlap& c : classes) sum += c.overlap();
  return sum / std::max(classes_seen(), 1);
}

MaskOverlap mask_overlap(const MaskCounts& counts, int64_t frames) {
  MaskOverlap m;
  m.frames = frames;
  const auto of = [&m](int c) -> ClassOverlap& {
    const auto at = static_cast<size_t>(c);
    if (m.classes.size() <= at) m.classes.resize(at + 1);
    return m.classes[at];
  };
  for (const auto& [pair, pixels] : counts) {
    const auto& [truth, said] = pair;
    of(truth).truth += pixels;
    of(said).said += pixels;
    m.pixels += pixels;
    if (truth != said) continue;
    of(truth).right += pixels;
    m.right += pixels;
  }
  return m;
}

}  // namespace shoal
