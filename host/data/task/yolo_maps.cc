// YOLO networks that end before their boxes are decoded: a map for each grid,
// with (centre, size, objectness, classes) of every anchor in its channels. The
// anchors are not in the file.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <optional>

#include "host/data/task/heads.h"

namespace shoal {
namespace {

// Widths and heights in pixels, of the finest grid first: of YOLOv3-tiny, and
// of YOLOv3 and YOLOv5, all for COCO.
const std::vector<float> kTiny = {10, 14, 23,  27,  37,  58,
                                  81, 82, 135, 169, 344, 319};
const std::vector<float> kThree = {10, 13, 16,  30,  33, 23,  30,  61,  62,
                                   45, 59, 119, 116, 90, 156, 198, 373, 326};

struct AnchorMap {
  int rows = 0, columns = 0, stride = 0, anchors = 0, values = 0;
  size_t output = 0;
  bool planes = false;     // channels first
  bool outermost = false;  // anchors first: anchors x rows x columns x values
  // Returns the first value of an anchor's cell, and how far the next one is.
  size_t first(int a, int y, int x) const {
    const auto at = static_cast<size_t>(y * columns + x);
    const auto cells = static_cast<size_t>(rows * columns);
    const auto anchor = static_cast<size_t>(a);
    const auto count = static_cast<size_t>(values);
    if (planes) return anchor * count * cells + at;
    if (outermost) return (anchor * cells + at) * count;
    return (at * static_cast<size_t>(anchors) + anchor) * count;
  }
  size_t step() const {
    return planes ? static_cast<size_t>(rows * columns) : 1;
  }
};

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
  m.values = channels / anchors;
  return m.values >= kLeast;
}

std::optional<AnchorMap> map_of(const Shape& s, int anchors,
                                const HeadInput& in) {
  AnchorMap m;
  if (s.empty() || s[0] != 1) return std::nullopt;
  if (s.size() == 4) {
    if (set_grid(m, s[1], s[2], in) && set_values(m, s[3], anchors)) return m;
    m.planes = true;
    if (set_grid(m, s[2], s[3], in) && set_values(m, s[1], anchors)) return m;
  } else if (s.size() == 5) {
    const auto channels = [&s, anchors](int n) {
      return n == anchors ? s[4] * anchors : 0;
    };
    if (set_grid(m, s[1], s[2], in) && set_values(m, channels(s[3]), anchors)) {
      return m;
    }
    m.outermost = true;
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

// Returns the maps, the finest first; none: these are other outputs.
std::vector<AnchorMap> maps_of(const std::vector<Shape>& outputs,
                               const HeadInput& in) {
  const std::vector<float>* const anchors = anchors_for(outputs.size(), in);
  if (in.width == 0 || anchors == nullptr) return {};
  const size_t each = anchors->size() / 2 / outputs.size();
  if (each == 0 || each * outputs.size() * 2 != anchors->size()) return {};
  std::vector<AnchorMap> maps;
  for (size_t i = 0; i < outputs.size(); ++i) {
    const auto map = map_of(outputs[i], static_cast<int>(each), in);
    if (!map) return {};
    maps.push_back(*map);
    maps.back().output = i;
    if (maps.back().values != maps[0].values) return {};
  }
  std::ranges::sort(maps, {}, &AnchorMap::stride);
  const auto twice = std::ranges::adjacent_find(maps, {}, &AnchorMap::stride);
  return twice == maps.end() ? maps : std::vector<AnchorMap>{};
}

float sigmoid(float v) { return 1 / (1 + std::exp(-v)); }

// How far a centre lies in its cell, a size in anchors, and whether classes
// exclude each other.
struct Decoding {
  float (*centre)(float);
  float (*size)(float);
  bool softmax = false;
};
float exponential(float v) { return std::exp(v); }
float wider(float v) { return 2 * sigmoid(v) - 0.5f; }
float squared(float v) { return 4 * sigmoid(v) * sigmoid(v); }
constexpr Decoding kOldest{sigmoid, exponential, true};
constexpr Decoding kOlder{sigmoid, exponential};
constexpr Decoding kNewer{wider, squared};

void read_map(const AnchorMap& m, const std::vector<float>& v,
              const float* anchors, const Decoding& decoding, float score,
              std::vector<Detection>& found) {
  for (int y = 0; y < m.rows; ++y) {
    for (int x = 0; x < m.columns; ++x) {
      for (int a = 0; a < m.anchors; ++a) {
        const size_t first = m.first(a, y, x), step = m.step();
        const auto at = [&](int i) {
          return v[first + static_cast<size_t>(i) * step];
        };
        Detection box;
        for (int c = 1; c < m.values - 5; ++c) {
          if (at(5 + c) > at(5 + box.index)) box.index = c;
        }
        float sure = sigmoid(at(5 + box.index));
        if (decoding.softmax) {
          float sum = 0;
          for (int c = 0; c < m.values - 5; ++c) {
            sum += std::exp(at(5 + c) - at(5 + box.index));
          }
          sure = 1 / sum;
        }
        box.score = sigmoid(at(4)) * sure;
        if (!(box.score >= score)) continue;
        const auto stride = static_cast<float>(m.stride);
        const float cx =
            (static_cast<float>(x) + decoding.centre(at(0))) * stride;
        const float cy =
            (static_cast<float>(y) + decoding.centre(at(1))) * stride;
        const float w = decoding.size(at(2)) * anchors[2 * a];
        const float h = decoding.size(at(3)) * anchors[2 * a + 1];
        box.left = cx - w / 2;
        box.right = cx + w / 2;
        box.top = cy - h / 2;
        box.bottom = cy + h / 2;
        found.push_back(box);
      }
    }
  }
}

HeadFindings read_maps(const std::vector<RealOutput>& outputs,
                       const HeadInput& in, const Decoding& decoding,
                       const HeadOptions& options) {
  std::vector<Shape> shapes;
  for (const RealOutput& o : outputs) shapes.push_back(o.shape);
  const float* anchors = anchors_for(outputs.size(), in)->data();
  HeadFindings found;
  for (const AnchorMap& m : maps_of(shapes, in)) {
    read_map(m, outputs[m.output].v, anchors, decoding, options.score,
             found.boxes);
    anchors += std::ptrdiff_t{2} * m.anchors;
  }
  return found;
}

}  // namespace

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
  return outputs.size() == 1 && !maps_of(outputs, in).empty();
}

// Two maps are the tiny networks' of before YOLOv5; three may be either's, and
// those of YOLOv5 and later are more likely small enough to be here.
bool fits_yolov3_maps(const std::vector<Shape>& outputs, const HeadInput& in) {
  return !maps_of(outputs, in).empty() && !(in.guessing && outputs.size() == 3);
}

bool fits_yolov5_maps(const std::vector<Shape>& outputs, const HeadInput& in) {
  return !maps_of(outputs, in).empty();
}

HeadFindings read_yolov2_map(const std::vector<RealOutput>& outputs,
                             const HeadInput& in, const HeadOptions& options) {
  return read_maps(outputs, in, kOldest, options);
}

HeadFindings read_yolov3_maps(const std::vector<RealOutput>& outputs,
                              const HeadInput& in, const HeadOptions& options) {
  return read_maps(outputs, in, kOlder, options);
}

HeadFindings read_yolov5_maps(const std::vector<RealOutput>& outputs,
                              const HeadInput& in, const HeadOptions& options) {
  return read_maps(outputs, in, kNewer, options);
}

}  // namespace shoal
