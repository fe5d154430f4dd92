// MediaPipe's detectors of faces, palms and bodies. Their anchors are points:
// each layer of the network that makes boxes has its stride, and two anchors at
// the centre of every cell (the detector of distant faces one). Layers of one
// stride lie together cell by cell, and come as one output or with all others
// in one.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>

#include "host/data/task/heads.h"

namespace shoal {
namespace {

// Layers of one stride.
struct AnchorGrid {
  int stride, anchors;  // in every cell
};
// Faces near (and palms) of 128 or 192 pixels; faces of 256; palms of 256 and
// bodies; distant faces.
const std::vector<std::vector<AnchorGrid>> kGrids = {{{8, 2}, {16, 6}},
                                                     {{16, 2}, {32, 6}},
                                                     {{8, 2}, {16, 2}, {32, 6}},
                                                     {{4, 1}}};

int cells_along(int pixels, int stride) {
  return (pixels + stride - 1) / stride;
}

int rows_of(const AnchorGrid& g, const HeadInput& in) {
  return cells_along(in.width, g.stride) * cells_along(in.height, g.stride) *
         g.anchors;
}

// Returns the rows x values: an axis that is absent is 1.
std::pair<int, int> table_of(const Shape& shape) {
  const Shape s = core_shape(shape);
  if (s.empty() || s.size() > 2) return {0, 0};
  return {s[0], s.size() == 2 ? s[1] : 1};
}

// Which outputs have the boxes and the scores of the grids, in their order.
struct AnchorLayout {
  std::vector<AnchorGrid> grids;
  std::vector<size_t> boxes, scores;
  int values = 0;  // of a box
};

std::optional<AnchorLayout> layout_of(const std::vector<Shape>& outputs,
                                      const std::vector<AnchorGrid>& grids,
                                      const HeadInput& in) {
  AnchorLayout layout{grids, {}, {}};
  std::vector<int> parts;
  for (const AnchorGrid& g : grids) parts.push_back(rows_of(g, in));
  if (outputs.size() == 2) {
    int all = 0;
    for (const int rows : parts) all += rows;
    parts = {all};
  }
  if (outputs.size() != 2 * parts.size()) return std::nullopt;
  for (const int rows : parts) {
    for (size_t i = 0; i < outputs.size(); ++i) {
      const auto [found, values] = table_of(outputs[i]);
      if (found != rows) continue;
      const bool known = layout.values == 0 || layout.values == values;
      if (values == 1) {
        layout.scores.push_back(i);
      } else if (values >= 6 && values % 2 == 0 && known) {
        layout.values = values;
        layout.boxes.push_back(i);
      }
    }
  }
  if (layout.boxes.size() != parts.size() ||
      layout.scores.size() != parts.size()) {
    return std::nullopt;
  }
  return layout;
}

std::optional<AnchorLayout> layout_of(const std::vector<Shape>& outputs,
                                      const HeadInput& in) {
  if (in.width == 0) return std::nullopt;
  for (const std::vector<AnchorGrid>& grids : kGrids) {
    if (auto layout = layout_of(outputs, grids, in)) return layout;
  }
  return std::nullopt;
}

std::vector<float> joined(const std::vector<RealOutput>& outputs,
                          const std::vector<size_t>& parts) {
  std::vector<float> all;
  for (const size_t i : parts) {
    all.insert(all.end(), outputs[i].v.begin(), outputs[i].v.end());
  }
  return all;
}

// Centre, size and points, in pixels around the anchor.
Detection box_at(const float* v, int values, float x, float y, float score) {
  Detection box{x + v[0] - v[2] / 2,
                y + v[1] - v[3] / 2,
                x + v[0] + v[2] / 2,
                y + v[1] + v[3] / 2,
                0,
                score};
  for (int i = 4; i + 1 < values; i += 2) {
    box.points.push_back({x + v[i], y + v[i + 1]});
  }
  return box;
}

}  // namespace

bool fits_blazeface(const std::vector<Shape>& outputs, const HeadInput& in) {
  return layout_of(outputs, in).has_value();
}

HeadFindings read_blazeface(const std::vector<RealOutput>& outputs,
                            const HeadInput& in, const HeadOptions& options) {
  std::vector<Shape> shapes;
  for (const RealOutput& o : outputs) shapes.push_back(o.shape);
  const AnchorLayout layout = *layout_of(shapes, in);
  const std::vector<float> boxes = joined(outputs, layout.boxes);
  const std::vector<float> scores = joined(outputs, layout.scores);
  HeadFindings found;
  size_t row = 0;
  for (const AnchorGrid& g : layout.grids) {
    const int columns = cells_along(in.width, g.stride);
    const int lines = cells_along(in.height, g.stride);
    const float across = static_cast<float>(in.width) / columns;
    const float down = static_cast<float>(in.height) / lines;
    for (int i = 0; i < columns * lines * g.anchors; ++i, ++row) {
      const float score = 1 / (1 + std::exp(-scores[row]));
      if (!(score >= options.score)) continue;
      const int cell = i / g.anchors;
      const float x = (static_cast<float>(cell % columns) + 0.5f) * across;
      const float y = (static_cast<float>(cell / columns) + 0.5f) * down;
      found.boxes.push_back(
          box_at(&boxes[row * static_cast<size_t>(layout.values)],
                 layout.values, x, y, score));
    }
  }
  return found;
}

}  // namespace shoal
