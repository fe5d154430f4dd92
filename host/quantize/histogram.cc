#include "host/quantize/histogram.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace shoal {
namespace {

constexpr int kLowestExponent = -126;  // its reciprocal is a float

int64_t bin_number(double v, int exponent) {
  return static_cast<int64_t>(std::floor(std::ldexp(v, -exponent)));
}

// The finest bins of which kBins hold both ends. A wider range never gives
// finer ones.
int exponent_for(double low, double high) {
  int e = std::max(std::ilogb(high - low) - 12, kLowestExponent);
  while (bin_number(high, e) - bin_number(low, e) >= Histogram::kBins) ++e;
  return e;
}

}  // namespace

std::optional<Histogram> Histogram::from(float lowest, float highest,
                                         int64_t count, int64_t zeros,
                                         std::vector<int64_t> bins) {
  Histogram h;
  if (count == 0) {
    const bool zero = lowest == 0 && highest == 0 && !std::signbit(lowest) &&
                      !std::signbit(highest) && zeros == 0 && bins.empty();
    return zero ? std::optional(h) : std::nullopt;
  }
  constexpr int64_t kMost = int64_t{1} << 48;  // sums of several are small
  if (count < 0 || count > kMost || zeros < 0 || !std::isfinite(lowest) ||
      !std::isfinite(highest) || lowest > highest) {
    return std::nullopt;
  }
  h.see(lowest, highest, count);  // widths depend on the range alone
  if (bins.size() != h.bins_.size()) return std::nullopt;
  int64_t left = count - zeros;
  for (const int64_t n : bins) {
    if (n < 0 || n > left) return std::nullopt;
    left -= n;
  }
  if (left != 0) return std::nullopt;
  h.zeros_ = zeros;
  h.bins_ = std::move(bins);
  return h;
}

double Histogram::width() const { return std::ldexp(1.0, exponent_); }

double Histogram::edge(int bin) const {
  return std::ldexp(static_cast<double>(first_ + bin), exponent_);
}

void Histogram::see(float low, float high, int64_t count) {
  lowest_ = count_ == 0 ? low : std::min(lowest_, low);
  highest_ = count_ == 0 ? high : std::max(highest_, high);
  count_ += count;
  widen(std::min(lowest_, 0.f), std::max(highest_, 0.f));
}

void Histogram::widen(double low, double high) {
  if (low == high) return;
  const int exponent = exponent_for(low, high);
  const int64_t first = bin_number(low, exponent);
  const int64_t last = bin_number(high, exponent);
  std::vector<int64_t> bins(static_cast<size_t>(last - first + 1), 0);
  const int shift = std::clamp(exponent - exponent_, 0, 63);
  for (size_t i = 0; i < bins_.size(); ++i) {
    if (bins_[i] == 0) continue;
    const int64_t number = (first_ + static_cast<int64_t>(i)) >> shift;
    bins[static_cast<size_t>(number - first)] += bins_[i];
  }
  bins_ = std::move(bins);
  exponent_ = exponent;
  first_ = first;
}

void Histogram::add(std::span<const float> values) {
  if (values.empty()) return;
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  see(*low, *high, static_cast<int64_t>(values.size()));
  const float reciprocal = std::ldexp(1.f, -exponent_);
  for (const float v : values) {
    if (v == 0) {
      ++zeros_;
      continue;
    }
    const auto number = static_cast<int64_t>(std::floor(v * reciprocal));
    ++bins_[static_cast<size_t>(number - first_)];
  }
}

void Histogram::add(const Histogram& other) {
  if (other.count_ == 0) return;
  see(other.lowest_, other.highest_, other.count_);
  zeros_ += other.zeros_;
  const int shift = std::clamp(exponent_ - other.exponent_, 0, 63);
  for (size_t i = 0; i < other.bins_.size(); ++i) {
    if (other.bins_[i] == 0) continue;
    const int64_t number = (other.first_ + static_cast<int64_t>(i)) >> shift;
    bins_[static_cast<size_t>(number - first_)] += other.bins_[i];
  }
}

int64_t Histogram::outside(double low, double high) const {
  int64_t sum = 0;
  for (int i = 0; i < bins(); ++i) {
    const bool below = low > lowest_ && edge(i + 1) <= low;
    const bool above = high < highest_ && edge(i) >= high;
    if (below || above) sum += at(i);
  }
  return sum;
}

}  // namespace shoal
