#include <algorithm>
#include <cmath>

#include "host/data/task/heads.h"

namespace shoal {
namespace {

constexpr int kBodyPoints = 17;  // as COCO counts them

// Rows x columns x channels of a map, or of one that lacks axes of size 1.
struct Map {
  int rows = 0, columns = 0, channels = 1;
  bool planes = false;  // channels first
};

bool is_map(const Shape& s, const HeadInput& in, Map& map) {
  if (in.width == 0 || s.empty()) return false;
  if (s.size() == 2) {
    // A map without a batch has the picture's form; lists of values do not.
    map = {s[0], s[1], 1, false};
    return s[0] > 1 && s[1] > 1 &&
           int64_t{s[0]} * in.width == int64_t{s[1]} * in.height;
  }
  if (s[0] != 1) return false;
  if (s.size() == 3) {
    map = {s[1], s[2], 1, false};
  } else if (s.size() == 4) {
    // Channels are at the one of two places whose rows and columns are as the
    // picture's.
    const auto apart = [&](int rows, int columns) {
      return std::abs(std::log(static_cast<double>(in.width) / in.height) -
                      std::log(static_cast<double>(columns) / rows));
    };
    const bool planes = apart(s[2], s[3]) < apart(s[1], s[2]);
    map = planes ? Map{s[2], s[3], s[1], true} : Map{s[1], s[2], s[3], false};
  } else {
    return false;
  }
  return map.rows > 1 && map.columns > 1;
}

float at(const RealOutput& v, const Map& m, int y, int x, int c) {
  const auto place = static_cast<size_t>(y) * m.columns + x;
  return m.planes ? v.v[static_cast<size_t>(c) * m.rows * m.columns + place]
                  : v.v[place * m.channels + c];
}

struct MapPlace {
  int x = 0, y = 0;
};

// Returns the first of the highest.
MapPlace peak_of(const RealOutput& v, const Map& m, int c) {
  MapPlace best;
  for (int y = 0; y < m.rows; ++y) {
    for (int x = 0; x < m.columns; ++x) {
      if (at(v, m, y, x, c) > at(v, m, best.y, best.x, c)) best = {x, y};
    }
  }
  return best;
}

}  // namespace

bool fits_mask(const std::vector<Shape>& outputs, const HeadInput& in) {
  Map map;
  return outputs.size() == 1 && is_map(outputs[0], in, map);
}

// One channel of real values is the probability of a foreground (0.5 and more
// is class 1), or the class itself.
HeadFindings read_mask(const std::vector<RealOutput>& outputs,
                       const HeadInput& in, const HeadOptions&) {
  Map map;
  is_map(outputs[0].shape, in, map);
  HeadFindings found;
  found.mask_width = map.columns;
  found.mask_height = map.rows;
  const bool classes = std::ranges::all_of(
      outputs[0].v, [](float v) { return v >= 0 && v == std::floor(v); });
  for (int y = 0; y < map.rows; ++y) {
    for (int x = 0; x < map.columns; ++x) {
      int best = 0;
      for (int c = 1; c < map.channels; ++c) {
        if (at(outputs[0], map, y, x, c) > at(outputs[0], map, y, x, best)) {
          best = c;
        }
      }
      if (map.channels == 1) {
        const float v = at(outputs[0], map, y, x, 0);
        best = classes ? static_cast<int>(std::min(v, 65535.f)) : v >= 0.5f;
      }
      found.mask.push_back(best);
    }
  }
  return found;
}

bool fits_movenet(const std::vector<Shape>& outputs, const HeadInput& in) {
  if (outputs.size() != 1 || in.width == 0) return false;
  const Shape s = core_shape(outputs[0]);
  return s.size() == 2 && s[0] >= 4 && s[1] == 3;
}

// y, x in parts of the picture, score.
HeadFindings read_movenet(const std::vector<RealOutput>& outputs,
                          const HeadInput& in, const HeadOptions&) {
  HeadFindings found;
  const std::vector<float>& v = outputs[0].v;
  for (size_t i = 0; i + 2 < v.size(); i += 3) {
    found.points.push_back({v[i + 1] * static_cast<float>(in.width),
                            v[i] * static_cast<float>(in.height), v[i + 2]});
  }
  return found;
}

bool fits_heatmaps(const std::vector<Shape>& outputs, const HeadInput& in) {
  Map map;
  return !outputs.empty() && is_map(outputs[0], in, map) && map.channels > 1;
}

bool fits_body_heatmaps(const std::vector<Shape>& outputs,
                        const HeadInput& in) {
  Map map;
  return outputs.size() == 1 && is_map(outputs[0], in, map) &&
         map.channels == kBodyPoints;
}

// Returns the peak of every channel of the first output.
HeadFindings read_heatmaps(const std::vector<RealOutput>& outputs,
                           const HeadInput& in, const HeadOptions&) {
  Map map;
  is_map(outputs[0].shape, in, map);
  HeadFindings found;
  for (int c = 0; c < map.channels; ++c) {
    const auto [px, py] = peak_of(outputs[0], map, c);
    const float sx = static_cast<float>(in.width) / map.columns;
    const float sy = static_cast<float>(in.height) / map.rows;
    found.points.push_back({(static_cast<float>(px) + 0.5f) * sx,
                            (static_cast<float>(py) + 0.5f) * sy,
                            at(outputs[0], map, py, px, c)});
  }
  return found;
}

namespace {

struct PoseMaps {
  Map heat, offsets;
  size_t heat_output = 0, offsets_output = 0;
};

// Two outputs of the same rows and columns, one of which has two channels for
// each of the other's: y of all points, then x.
bool find_pose(const std::vector<Shape>& outputs, const HeadInput& in,
               PoseMaps& found) {
  for (size_t i = 0; i < outputs.size(); ++i) {
    Map heat;
    if (!is_map(outputs[i], in, heat) || heat.channels != kBodyPoints) continue;
    for (size_t k = 0; k < outputs.size(); ++k) {
      Map offsets;
      if (!is_map(outputs[k], in, offsets) || offsets.rows != heat.rows ||
          offsets.columns != heat.columns ||
          offsets.channels != 2 * heat.channels) {
        continue;
      }
      found = {heat, offsets, i, k};
      return true;
    }
  }
  return false;
}

}  // namespace

bool fits_posenet(const std::vector<Shape>& outputs, const HeadInput& in) {
  PoseMaps maps;
  return find_pose(outputs, in, maps);
}

// The first place of a map is the first pixel, the last one the last pixel; an
// offset is in pixels.
HeadFindings read_posenet(const std::vector<RealOutput>& outputs,
                          const HeadInput& in, const HeadOptions&) {
  std::vector<Shape> shapes;
  for (const RealOutput& o : outputs) shapes.push_back(o.shape);
  PoseMaps maps;
  find_pose(shapes, in, maps);
  const Map& heat = maps.heat;
  const RealOutput& scores = outputs[maps.heat_output];
  const RealOutput& moves = outputs[maps.offsets_output];
  const float step_x =
      static_cast<float>(in.width - 1) / static_cast<float>(heat.columns - 1);
  const float step_y =
      static_cast<float>(in.height - 1) / static_cast<float>(heat.rows - 1);
  HeadFindings found;
  for (int c = 0; c < heat.channels; ++c) {
    const auto [px, py] = peak_of(scores, heat, c);
    const float down = at(moves, maps.offsets, py, px, c);
    const float right = at(moves, maps.offsets, py, px, heat.channels + c);
    found.points.push_back({static_cast<float>(px) * step_x + right,
                            static_cast<float>(py) * step_y + down,
                            1 / (1 + std::exp(-at(scores, heat, py, px, c)))});
  }
  return found;
}

namespace {

// The output that has most values, as coordinates: those of MediaPipe are
// triples. 0: none.
size_t landmarks_of(const std::vector<Shape>& outputs) {
  size_t best = 0;
  for (size_t i = 1; i < outputs.size(); ++i) {
    if (element_count(outputs[i]) > element_count(outputs[best])) best = i;
  }
  return best;
}

int values_of_point(int64_t count) { return count % 3 == 0 ? 3 : 2; }

}  // namespace

bool fits_landmarks(const std::vector<Shape>& outputs, const HeadInput& in) {
  if (outputs.empty() || in.width == 0) return false;
  const Shape s = core_shape(outputs[landmarks_of(outputs)]);
  return s.size() == 1 && s[0] >= 8 && (s[0] % 3 == 0 || s[0] % 2 == 0);
}

bool fits_known_landmarks(const std::vector<Shape>& outputs,
                          const HeadInput& in) {
  // x and y of 68, 98 or 106 points of a face; x, y and z of a hand's 21, or of
  // a face's 468 or 478.
  constexpr int kCounts[] = {136, 196, 212, 63, 1404, 1434};
  if (!fits_landmarks(outputs, in)) return false;
  const Shape s = core_shape(outputs[landmarks_of(outputs)]);
  return std::ranges::count(kCounts, s[0]) > 0;
}

// x, y and perhaps z, in pixels of the input or, if none is above 2, in parts.
HeadFindings read_landmarks(const std::vector<RealOutput>& outputs,
                            const HeadInput& in, const HeadOptions&) {
  std::vector<Shape> shapes;
  for (const RealOutput& o : outputs) shapes.push_back(o.shape);
  const std::vector<float>& v = outputs[landmarks_of(shapes)].v;
  const auto step =
      static_cast<size_t>(values_of_point(static_cast<int64_t>(v.size())));
  float largest = 0;
  for (size_t i = 0; i < v.size(); i += step) {
    largest = std::max({largest, v[i], v[i + 1]});
  }
  const bool parts = largest <= 2;
  HeadFindings found;
  for (size_t i = 0; i < v.size(); i += step) {
    found.points.push_back(
        {v[i] * (parts ? static_cast<float>(in.width) : 1.f),
         v[i + 1] * (parts ? static_cast<float>(in.height) : 1.f), 1});
  }
  return found;
}

}  // namespace shoal
