#include <algorithm>
#include <cmath>
#include <numeric>

#include "device/program/geometry.h"
#include "host/plan/cuts/cuts.h"

namespace shoal {
namespace {

constexpr double kSlack = 1e-9;  // allows for rounding of exact divisions

int whole(double v) { return static_cast<int>(std::floor(v + kSlack)); }

// Returns the smallest possible largest share of `units`, in units per weight.
double least_load(int units, const std::vector<double>& weights, double sum) {
  std::vector<int> sizes;
  int left = units;
  double load = 0;
  for (double w : weights) {
    sizes.push_back(whole(units * (w / sum)));
    left -= sizes.back();
    if (w > 0) load = std::max(load, sizes.back() / w);
  }
  for (; left > 0; --left) {
    int best = -1;
    double least = 0;
    for (size_t i = 0; i < weights.size(); ++i) {
      if (weights[i] <= 0) continue;
      const double next = (sizes[i] + 1) / weights[i];
      if (best < 0 || next < least) best = static_cast<int>(i), least = next;
    }
    ++sizes[static_cast<size_t>(best)];
    load = std::max(load, least);
  }
  return load;
}

}  // namespace

std::vector<int> cut_extent(int extent, const std::vector<double>& weights,
                            int granule) {
  const int units = ceil_div(extent, granule);
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  const double load = least_load(units, weights, sum);
  std::vector<int> room;
  int behind = 0;  // of all nodes that follow
  for (double w : weights) {
    room.push_back(std::min(units, whole(load * w * (1 + kSlack))));
    behind += room.back();
  }
  std::vector<int> bounds{0};
  double passed = 0;
  int at = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    behind -= room[i];
    passed += weights[i];
    const int ideal = whole(units * (passed / sum) + 0.5);
    const int low = std::max(at, units - behind);
    at = std::clamp(ideal, low, std::max(low, at + room[i]));
    bounds.push_back(std::min(extent, at * granule));
  }
  return bounds;
}

}  // namespace shoal
