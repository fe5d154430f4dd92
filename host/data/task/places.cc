#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <tuple>

#include "device/decode/mask.h"
#include "device/decode/points.h"
#include "host/data/task/heads.h"

namespace shoal {
namespace {

constexpr int kBodyPoints = 17;  // as COCO counts them

template <class Points>
HeadFindings all_points(const Points& points) {
  HeadFindings found;
  for (uint32_t i = 0; i < points.count(); ++i) {
    const FoundPoint p = points.get(i);
    found.points.push_back({p.x, p.y, p.score});
  }
  return found;
}

Values values_of(const RealOutput& output) {
  return {output.v.data(), static_cast<uint32_t>(output.v.size()), true};
}

ValueMap with_values(ValueMap map, const RealOutput& output) {
  map.values = values_of(output);
  return map;
}

std::vector<Shape> shapes_of(const std::vector<RealOutput>& outputs) {
  std::vector<Shape> shapes;
  for (const RealOutput& o : outputs) shapes.push_back(o.shape);
  return shapes;
}

}  // namespace

// A map may lack axes of size 1.
std::optional<ValueMap> map_of(const Shape& s, const HeadInput& in) {
  if (in.width == 0 || s.empty()) return std::nullopt;
  ValueMap map;
  if (s.size() == 2) {
    // A map without a batch has the picture's form; lists of values do not.
    if (int64_t{s[0]} * in.width != int64_t{s[1]} * in.height) {
      return std::nullopt;
    }
    std::tie(map.rows, map.columns) = std::tie(s[0], s[1]);
  } else if (s[0] != 1) {
    return std::nullopt;
  } else if (s.size() == 3) {
    std::tie(map.rows, map.columns) = std::tie(s[1], s[2]);
  } else if (s.size() == 4) {
    // Channels are at the one of two places whose rows and columns are as the
    // picture's.
    const auto apart = [&](int rows, int columns) {
      return std::abs(std::log(static_cast<double>(in.width) / in.height) -
                      std::log(static_cast<double>(columns) / rows));
    };
    map.planes = apart(s[2], s[3]) < apart(s[1], s[2]);
    map.rows = map.planes ? s[2] : s[1];
    map.columns = map.planes ? s[3] : s[2];
    map.channels = map.planes ? s[1] : s[3];
  } else {
    return std::nullopt;
  }
  if (map.rows <= 1 || map.columns <= 1) return std::nullopt;
  return map;
}

bool fits_mask(const std::vector<Shape>& outputs, const HeadInput& in) {
  return outputs.size() == 1 && map_of(outputs[0], in);
}

HeadFindings read_mask(const std::vector<RealOutput>& outputs,
                       const HeadInput& in, const HeadOptions&) {
  const ValueMap map = *map_of(outputs[0].shape, in);
  const std::vector<float>& v = outputs[0].v;
  HeadFindings found;
  found.mask_width = map.columns;
  found.mask_height = map.rows;
  found.mask.resize(static_cast<size_t>(map.rows) *
                    static_cast<size_t>(map.columns));
  const auto places = static_cast<uint32_t>(found.mask.size());
  if (map.channels == 1) {
    const ClassValues classes(values_of(outputs[0]));
    for (uint32_t i = 0; i < places; ++i) found.mask[i] = classes.at(i);
    return found;
  }
  std::vector<float> best(places);
  BestClasses<float, int> classes(places, static_cast<uint32_t>(map.channels),
                                  map.planes, found.mask.data(), best.data());
  for (uint32_t i = 0; i < v.size(); ++i) classes.add(i, v[i]);
  return found;
}

bool fits_movenet(const std::vector<Shape>& outputs, const HeadInput& in) {
  if (outputs.size() != 1 || in.width == 0) return false;
  const Shape s = core_shape(outputs[0]);
  return s.size() == 2 && s[0] >= 4 && s[1] == 3;
}

HeadFindings read_movenet(const std::vector<RealOutput>& outputs,
                          const HeadInput& in, const HeadOptions&) {
  return all_points(RowPoints(values_of(outputs[0]), in.width, in.height));
}

bool fits_heatmaps(const std::vector<Shape>& outputs, const HeadInput& in) {
  if (outputs.empty()) return false;
  const auto map = map_of(outputs[0], in);
  return map && map->channels > 1;
}

bool fits_body_heatmaps(const std::vector<Shape>& outputs,
                        const HeadInput& in) {
  if (outputs.size() != 1) return false;
  const auto map = map_of(outputs[0], in);
  return map && map->channels == kBodyPoints;
}

HeadFindings read_heatmaps(const std::vector<RealOutput>& outputs,
                           const HeadInput& in, const HeadOptions&) {
  const ValueMap map = *map_of(outputs[0].shape, in);
  return all_points(
      PeakPoints(with_values(map, outputs[0]), in.width, in.height));
}

// Two outputs of the same rows and columns, one of which has two channels for
// each of the other's: y of all points, then x.
std::optional<PoseMaps> pose_maps(const std::vector<Shape>& outputs,
                                  const HeadInput& in) {
  for (size_t i = 0; i < outputs.size(); ++i) {
    const auto heat = map_of(outputs[i], in);
    if (!heat || heat->channels != kBodyPoints) continue;
    for (size_t k = 0; k < outputs.size(); ++k) {
      const auto moves = map_of(outputs[k], in);
      if (moves && moves->rows == heat->rows &&
          moves->columns == heat->columns &&
          moves->channels == 2 * heat->channels) {
        return PoseMaps{*heat, *moves, i, k};
      }
    }
  }
  return std::nullopt;
}

bool fits_posenet(const std::vector<Shape>& outputs, const HeadInput& in) {
  return pose_maps(outputs, in).has_value();
}

HeadFindings read_posenet(const std::vector<RealOutput>& outputs,
                          const HeadInput& in, const HeadOptions&) {
  const PoseMaps maps = *pose_maps(shapes_of(outputs), in);
  return all_points(
      MovedPeaks(with_values(maps.heat, outputs[maps.heat_output]),
                 with_values(maps.moves, outputs[maps.moves_output]), in.width,
                 in.height));
}

std::vector<size_t> landmarks_of(const std::vector<Shape>& outputs) {
  int64_t most = 0;
  for (const Shape& s : outputs) most = std::max(most, element_count(s));
  std::vector<size_t> all;
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (element_count(outputs[i]) == most) all.push_back(i);
  }
  return all;
}

std::optional<int> landmark_numbers(const Shape& output, int asked) {
  // x and y of a hand's 21 points, a body's 33 or a face's 468.
  constexpr int kPairs[] = {42, 66, 936};
  constexpr int kLeast = 8;
  const Shape s = core_shape(output);
  if (s.empty() || s.size() > 2 || element_count(s) < kLeast) return {};
  if (s.size() == 2) {
    const bool fits = asked > 0 ? s[1] == asked : s[1] == 2 || s[1] == 3;
    return fits ? std::optional(s[1]) : std::nullopt;
  }
  const bool pairs = s[0] % 3 != 0 || std::ranges::count(kPairs, s[0]) > 0;
  const int numbers = asked > 0 ? asked : pairs ? 2 : 3;
  return s[0] % numbers == 0 ? std::optional(numbers) : std::nullopt;
}

bool fits_landmark_rows(const std::vector<Shape>& outputs,
                        const HeadInput& in) {
  if (outputs.empty() || in.width == 0) return false;
  return std::ranges::all_of(landmarks_of(outputs), [&](size_t o) {
    return landmark_numbers(outputs[o], in.numbers).has_value();
  });
}

bool fits_landmarks(const std::vector<Shape>& outputs, const HeadInput& in) {
  return fits_landmark_rows(outputs, in) &&
         core_shape(outputs[landmarks_of(outputs)[0]]).size() == 1;
}

bool fits_known_landmarks(const std::vector<Shape>& outputs,
                          const HeadInput& in) {
  // x and y of 68, 98 or 106 points of a face; x, y and z of a hand's 21, or of
  // a face's 468 or 478. In rows they are more than a number.
  constexpr int kCounts[] = {136, 196, 212, 63, 1404, 1434};
  constexpr int kPoints[] = {21, 33, 68, 98, 106, 468, 478};
  if (!fits_landmark_rows(outputs, in)) return false;
  const Shape s = core_shape(outputs[landmarks_of(outputs)[0]]);
  return s.size() == 1 ? std::ranges::count(kCounts, s[0]) > 0
                       : std::ranges::count(kPoints, s[0]) > 0;
}

HeadFindings read_landmarks(const std::vector<RealOutput>& outputs,
                            const HeadInput& in, const HeadOptions&) {
  std::vector<Landmarks> all;
  for (const size_t o : landmarks_of(shapes_of(outputs))) {
    const int numbers = *landmark_numbers(outputs[o].shape, in.numbers);
    all.emplace_back(values_of(outputs[o]), in.width, in.height,
                     static_cast<uint32_t>(numbers));
  }
  return all_points(in_pixels(all.data(), static_cast<uint32_t>(all.size())));
}

}  // namespace shoal
