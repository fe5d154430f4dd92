// MediaPipe's detectors of faces, palms and bodies. Their anchors are points:
// each layer of the network that makes boxes has its stride, and two anchors at
// the centre of every cell (the detector of distant faces one). Layers of one
// stride lie together cell by cell, and come as one output or with all others
// in one.
#include <optional>
#include <utility>

#include "device/decode/point_anchors.h"
#include "host/data/task/heads.h"

namespace shoal {
namespace {

// Faces near (and palms) of 128 or 192 pixels; faces of 256; palms of 256 and
// bodies; distant faces.
const std::vector<std::vector<PointAnchorGrid>> kGrids = {
    {{8, 2}, {16, 6}},
    {{16, 2}, {32, 6}},
    {{8, 2}, {16, 2}, {32, 6}},
    {{4, 1}}};

int rows_of(const PointAnchorGrid& g, const HeadInput& in) {
  return point_anchor_cells(in.width, g.stride) *
         point_anchor_cells(in.height, g.stride) * g.anchors;
}

// Returns the rows x values: an axis that is absent is 1.
std::pair<int, int> table_of(const Shape& shape) {
  const Shape s = core_shape(shape);
  if (s.empty() || s.size() > 2) return {0, 0};
  return {s[0], s.size() == 2 ? s[1] : 1};
}

std::optional<PointAnchorLayout> layout_of(
    const std::vector<Shape>& outputs,
    const std::vector<PointAnchorGrid>& grids, const HeadInput& in) {
  PointAnchorLayout layout{grids, {}, {}};
  std::vector<int> parts;
  for (const PointAnchorGrid& g : grids) parts.push_back(rows_of(g, in));
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

}  // namespace

std::optional<PointAnchorLayout> point_anchor_layout(
    const std::vector<Shape>& outputs, const HeadInput& in) {
  if (in.width == 0) return std::nullopt;
  for (const std::vector<PointAnchorGrid>& grids : kGrids) {
    if (auto layout = layout_of(outputs, grids, in)) return layout;
  }
  return std::nullopt;
}

bool fits_blazeface(const std::vector<Shape>& outputs, const HeadInput& in) {
  return point_anchor_layout(outputs, in).has_value();
}

HeadFindings read_blazeface(const std::vector<RealOutput>& outputs,
                            const HeadInput& in, const HeadOptions& options) {
  std::vector<Shape> shapes;
  for (const RealOutput& o : outputs) shapes.push_back(o.shape);
  const PointAnchorLayout layout = *point_anchor_layout(shapes, in);
  const auto values = [&](size_t output) {
    const std::vector<float>& v = outputs[output].v;
    return Values{v.data(), static_cast<uint32_t>(v.size()), true};
  };
  std::vector<PointAnchorPart> parts;
  for (size_t p = 0; p < layout.boxes.size(); ++p) {
    parts.push_back({values(layout.boxes[p]), values(layout.scores[p])});
  }
  const PointAnchorBoxes all(layout.grids.data(),
                             static_cast<uint32_t>(layout.grids.size()),
                             parts.data(), static_cast<uint32_t>(parts.size()),
                             in.width, in.height, options.score);
  HeadFindings found;
  for (uint32_t i = 0; i < all.count(); ++i) {
    DetectedBox b;
    if (!all.get(i, b)) continue;
    Detection& to = found.boxes.emplace_back(
        Detection{b.left, b.top, b.right, b.bottom, b.index, b.score});
    for (uint32_t p = 0; p < all.points(); ++p) {
      const FoundPoint point = all.point(i, p);
      to.points.push_back({point.x, point.y});
    }
  }
  return found;
}

}  // namespace shoal
