#include "device/decode/points.h"

#include "device/decode/exponential.h"

namespace shoal {
namespace {

struct MapPeak {
  int row = 0, column = 0;
  float value = 0;
};

MapPeak peak_of(const ValueMap& map, int channel) {
  MapPeak best{0, 0, map.at(0, 0, channel)};
  for (int y = 0; y < map.rows; ++y) {
    for (int x = 0; x < map.columns; ++x) {
      const float value = map.at(y, x, channel);
      if (value > best.value) best = {y, x, value};
    }
  }
  return best;
}

}  // namespace

float ValueMap::at(int row, int column, int channel) const {
  const auto place = static_cast<uint32_t>(row * columns + column);
  const auto c = static_cast<uint32_t>(channel);
  return values[planes ? c * static_cast<uint32_t>(rows * columns) + place
                       : place * static_cast<uint32_t>(channels) + c];
}

FoundPoint RowPoints::get(uint32_t i) const {
  return {values_[3 * i + 1] * static_cast<float>(width_),
          values_[3 * i] * static_cast<float>(height_), values_[3 * i + 2]};
}

FoundPoint PeakPoints::get(uint32_t i) const {
  const MapPeak peak = peak_of(map_, static_cast<int>(i));
  const float across =
      static_cast<float>(width_) / static_cast<float>(map_.columns);
  const float down =
      static_cast<float>(height_) / static_cast<float>(map_.rows);
  return {(static_cast<float>(peak.column) + 0.5f) * across,
          (static_cast<float>(peak.row) + 0.5f) * down, peak.value};
}

FoundPoint MovedPeaks::get(uint32_t i) const {
  const auto c = static_cast<int>(i);
  const MapPeak peak = peak_of(heat_, c);
  const float across =
      static_cast<float>(width_ - 1) / static_cast<float>(heat_.columns - 1);
  const float down =
      static_cast<float>(height_ - 1) / static_cast<float>(heat_.rows - 1);
  const float move_x = moves_.at(peak.row, peak.column, heat_.channels + c);
  const float move_y = moves_.at(peak.row, peak.column, c);
  return {static_cast<float>(peak.column) * across + move_x,
          static_cast<float>(peak.row) * down + move_y,
          1 / (1 + exponential(-peak.value))};
}

Landmarks::Landmarks(const Values& values, int width, int height,
                     uint32_t numbers)
    : values_(values), step_(numbers) {
  for (uint32_t i = 0; i + 1 < values.count; i += step_) {
    if (values[i] > largest_) largest_ = values[i];
    if (values[i + 1] > largest_) largest_ = values[i + 1];
  }
  if (largest_ > 2) return;
  unit_x_ = static_cast<float>(width);
  unit_y_ = static_cast<float>(height);
}

FoundPoint Landmarks::get(uint32_t i) const {
  return {values_[i * step_] * unit_x_, values_[i * step_ + 1] * unit_y_};
}

Landmarks in_pixels(const Landmarks* all, uint32_t count) {
  uint32_t best = 0;
  for (uint32_t i = 1; i < count; ++i) {
    if (all[i].largest() > all[best].largest()) best = i;
  }
  return all[best];
}

}  // namespace shoal
