#include "host/model/zoo/spread.h"

#include <algorithm>
#include <cmath>

namespace shoal::zoo {
namespace {

constexpr double kReach = 3.3;  // deviations that a range holds

// Where the values of a normal distribution below 0 become 0.
Spread rectified(const Spread& x) {
  const double d = x.deviation();
  if (d <= 0) return {std::max(x.mean, 0.0), 0};
  const double t = x.mean / d;
  const double above = 0.5 * (1 + std::erf(t * M_SQRT1_2));
  const double density = std::exp(-t * t / 2) * M_2_SQRTPI * M_SQRT1_2 / 2;
  const double mean = x.mean * above + d * density;
  const double square =
      (x.mean * x.mean + x.variance) * above + x.mean * d * density;
  return {mean, std::max(square - mean * mean, 0.0)};
}

}  // namespace

double Spread::deviation() const { return std::sqrt(variance); }

Spread activated(const Spread& x, Activation activation) {
  return activation == Activation::kNone ? x : rectified(x);
}

Spread largest_of(int count, const Spread& x) {
  return {x.mean + 0.45 * std::log2(count) * x.deviation(), x.variance};
}

Spread averaged(const Spread& x) { return {x.mean, x.variance / 8}; }

float short_scale(double v) {
  int exponent = 0;
  const double digits = std::frexp(v, &exponent);
  return static_cast<float>(
      std::ldexp(std::round(std::ldexp(digits, 8)), exponent - 8));
}

Range range_of(const Spread& x, Activation activation) {
  if (activation == Activation::kRelu6) return {short_scale(6 / 255.0), -128};
  const double high = x.mean + kReach * x.deviation();
  double low = x.mean - kReach * x.deviation();
  if (activation == Activation::kRelu) low = 0;
  const float scale = short_scale((high - low) / 255);
  const double zero = std::round(-128 - low / static_cast<double>(scale));
  return {scale, static_cast<int>(std::clamp(zero, -128.0, 127.0))};
}

}  // namespace shoal::zoo
