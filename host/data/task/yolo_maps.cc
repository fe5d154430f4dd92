// YOLO networks that end before their boxes are decoded: a map for each grid,
// with (centre, size, objectness, classes) of every anchor in its channels. The
// anchors are not in the file.
#include <algorithm>
#include <cstdint>
#include <optional>

#include "host/data/task/candidates.h"
#include "host/data/task/heads.h"

namespace shoal {
namespace {

// Widths and heights in pixels, of the finest grid first: of YOLOv3-tiny, and
// of YOLOv3 and YOLOv5, all for COCO.
const std::vector<float> kTiny = {10, 14, 23,  27,  37,  58,
                                  81, 82, 135, 169, 344, 319};
const std::vector<float> kThree = {10, 13, 16,  30,  33, 23,  30,  61,  62,
                                   45, 59, 119, 116, 90, 156, 198, 373, 326};

// A grid of whole cells as wide as they are high.
bool set_grid(AnchorMap& m, int rows, int columns, const HeadInput& in) {
  if (rows < 1 || columns < 1 || in.width % columns != 0 ||
      in.height % rows != 0) {
    return false;
  }
  m.rows = rows;
  m.columns = columns;
  m.stride = in.width / columns;
  return m.stride >= 8 && m.stride <= 64 && in.height / rows == m.stride;
}

// Channels of `anchors` anchors, each of the same number of values.
bool set_values(AnchorMap& m, int channels, int anchors) {
  constexpr int kLeast = 6;
  if (channels % anchors != 0) return false;
  m.anchors = anchors;
  m.each = channels / anchors;
  return m.each >= kLeast;
}

std::optional<AnchorMap> map_of(const Shape& s, int anchors,
                                const HeadInput& in) {
  AnchorMap m;
  if (s.empty() || s[0] != 1) return std::nullopt;
  if (s.size() == 4) {
    if (set_grid(m, s[1], s[2], in) && set_values(m, s[3], anchors)) return m;
    m.order = AnchorOrder::kPlanes;
    if (set_grid(m, s[2], s[3], in) && set_values(m, s[1], anchors)) return m;
  } else if (s.size() == 5) {
    const auto channels = [&s, anchors](int n) {
      return n == anchors ? s[4] * anchors : 0;
    };
    if (set_grid(m, s[1], s[2], in) && set_values(m, channels(s[3]), anchors)) {
      return m;
    }
    m.order = AnchorOrder::kOutermost;
    if (set_grid(m, s[2], s[3], in) && set_values(m, channels(s[1]), anchors)) {
      return m;
    }
  }
  return std::nullopt;
}

const std::vector<float>* anchors_for(size_t maps, const HeadInput& in) {
  if (!in.anchors.empty()) return &in.anchors;
  if (maps == 2) return &kTiny;
  return maps == 3 ? &kThree : nullptr;
}

HeadFindings read_maps(const std::vector<RealOutput>& outputs,
                       const HeadInput& in, AnchorDecoding decoding,
                       const HeadOptions& options) {
  std::vector<Shape> shapes;
  for (const RealOutput& o : outputs) shapes.push_back(o.shape);
  std::vector<AnchorMap> maps;
  for (const OutputMap& m : anchor_maps(shapes, in)) {
    const std::vector<float>& v = outputs[m.output].v;
    maps.push_back(m.map);
    maps.back().values = {v.data(), static_cast<uint32_t>(v.size()), true};
  }
  return all_of(AnchorBoxes(maps.data(), static_cast<uint32_t>(maps.size()),
                            decoding, options.score));
}

}  // namespace

std::vector<OutputMap> anchor_maps(const std::vector<Shape>& outputs,
                                   const HeadInput& in) {
  const std::vector<float>* const anchors = anchors_for(outputs.size(), in);
  if (in.width == 0 || anchors == nullptr) return {};
  const size_t each = anchors->size() / 2 / outputs.size();
  if (each == 0 || each * outputs.size() * 2 != anchors->size()) return {};
  std::vector<OutputMap> maps;
  for (size_t i = 0; i < outputs.size(); ++i) {
    const auto map = map_of(outputs[i], static_cast<int>(each), in);
    if (!map) return {};
    maps.push_back({*map, i});
    if (map->each != maps[0].map.each) return {};
  }
  const auto stride = [](const OutputMap& m) { return m.map.stride; };
  std::ranges::sort(maps, {}, stride);
  if (std::ranges::adjacent_find(maps, {}, stride) != maps.end()) return {};
  const float* sizes = anchors->data();
  for (OutputMap& m : maps) {
    m.map.sizes = sizes;
    sizes += 2 * each;
  }
  return maps;
}

std::string assumed_anchors(size_t maps, const HeadInput& in) {
  if (!in.anchors.empty()) return "";
  std::string text;
  for (const float v : *anchors_for(maps, in)) {
    text += (text.empty() ? "" : ",") + std::to_string(static_cast<int>(v));
  }
  return text;
}

// No anchors are well known for one map.
bool fits_yolov2_map(const std::vector<Shape>& outputs, const HeadInput& in) {
  return outputs.size() == 1 && !anchor_maps(outputs, in).empty();
}

// Two maps are the tiny networks' of before YOLOv5; three may be either's, and
// those of YOLOv5 and later are more likely small enough to be here.
bool fits_yolov3_maps(const std::vector<Shape>& outputs, const HeadInput& in) {
  return !anchor_maps(outputs, in).empty() &&
         !(in.guessing && outputs.size() == 3);
}

bool fits_yolov5_maps(const std::vector<Shape>& outputs, const HeadInput& in) {
  return !anchor_maps(outputs, in).empty();
}

HeadFindings read_yolov2_map(const std::vector<RealOutput>& outputs,
                             const HeadInput& in, const HeadOptions& options) {
  return read_maps(outputs, in, AnchorDecoding::kYolo2, options);
}

HeadFindings read_yolov3_maps(const std::vector<RealOutput>& outputs,
                              const HeadInput& in, const HeadOptions& options) {
  return read_maps(outputs, in, AnchorDecoding::kYolo3, options);
}

HeadFindings read_yolov5_maps(const std::vector<RealOutput>& outputs,
                              const HeadInput& in, const HeadOptions& options) {
  return read_maps(outputs, in, AnchorDecoding::kYolo5, options);
}

}  // namespace shoal
