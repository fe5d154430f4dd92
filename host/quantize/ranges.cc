#include "host/quantize/ranges.h"

#include <algorithm>
#include <cmath>

namespace shoal {
namespace {

ValueRange seen(const Histogram& h) {
  return {std::min<double>(h.lowest(), 0), std::max<double>(h.highest(), 0)};
}

// Bins are cut off at either end as far as they hold few enough values, never
// beyond zero.
ValueRange percentile_range(const Histogram& h, double percentile) {
  const double spare =
      static_cast<double>(h.count()) * (100 - percentile) / 200;
  ValueRange r = seen(h);
  double below = 0, above = 0;
  for (int i = 0; i < h.zero_bin(); ++i) {
    below += static_cast<double>(h.at(i));
    if (below > spare) break;
    r.low = h.edge(i + 1);
  }
  for (int i = h.bins() - 1; i > h.zero_bin(); --i) {
    above += static_cast<double>(h.at(i));
    if (above > spare) break;
    r.high = h.edge(i);
  }
  return r;
}

// Sums over the bins before each one, so that the error of a range takes a
// few operations.
class SquaredErrors {
 public:
  SquaredErrors(const Histogram& h, double below_zero)
      : h_(h), seen_(seen(h)), count_(size()), sum_(size()), squares_(size()) {
    for (int i = 0; i < h.bins(); ++i) {
      const double weight = i < h.zero_bin() ? below_zero : 1;
      const double n = weight * static_cast<double>(h.at(i));
      const double v = h.edge(i) + h.width() / 2;
      const auto at = static_cast<size_t>(i);
      count_[at + 1] = count_[at] + n;
      sum_[at + 1] = sum_[at] + n * v;
      squares_[at + 1] = squares_[at] + n * v * v;
    }
  }

  // The least error over all bins that may begin and end the range: the best
  // end for a beginning and the best beginning for an end, until both stay.
  ValueRange best() const {
    constexpr int kRounds = 16;
    int first = 0, last = h_.bins();
    for (int round = 0; round < kRounds; ++round) {
      const int old_first = first, old_last = last;
      last = argmin(h_.zero_bin() + 1, h_.bins(),
                    [&](int i) { return error(first, i); });
      first = argmin(0, h_.zero_bin(), [&](int i) { return error(i, last); });
      if (first == old_first && last == old_last) break;
    }
    return range(first, last);
  }

 private:
  size_t size() const { return static_cast<size_t>(h_.bins()) + 1; }

  ValueRange range(int first, int last) const {
    return {std::clamp(h_.edge(first), seen_.low, 0.0),
            std::clamp(h_.edge(last), 0.0, seen_.high)};
  }

  // The sum of (v - bound)^2 over bins from..to-1.
  double clipped(int from, int to, double bound) const {
    const auto a = static_cast<size_t>(from), b = static_cast<size_t>(to);
    return squares_[b] - squares_[a] - 2 * bound * (sum_[b] - sum_[a]) +
           bound * bound * (count_[b] - count_[a]);
  }

  double error(int first, int last) const {
    const ValueRange r = range(first, last);
    const double step = (r.high - r.low) / 255;
    const double inside =
        count_[static_cast<size_t>(last)] - count_[static_cast<size_t>(first)];
    return inside * step * step / 12 + clipped(0, first, r.low) +
           clipped(last, h_.bins(), r.high);
  }

  template <class F>
  static int argmin(int from, int to, F f) {
    int best = to;
    double least = f(to);
    for (int i = from; i < to; ++i) {
      const double e = f(i);
      if (e < least) {
        least = e;
        best = i;
      }
    }
    return best;
  }

  const Histogram& h_;
  ValueRange seen_;
  std::vector<double> count_, sum_, squares_;
};

}  // namespace

ValueRange choose_range(const Histogram& h, const QuantizeOptions& options,
                        double below_zero) {
  if (h.bins() == 0) return {};
  ValueRange r = seen(h);
  if (options.ranges == RangeMethod::kPercentile) {
    r = percentile_range(h, options.percentile);
  } else if (options.ranges == RangeMethod::kMse) {
    r = SquaredErrors(h, below_zero).best();
  }
  return r.low < r.high ? r : seen(h);
}

ValueRange joined(const ValueRange& a, const ValueRange& b) {
  return {std::min(a.low, b.low), std::max(a.high, b.high)};
}

Params params_of(const ValueRange& r) {
  const double scale = (r.high - r.low) / 255;
  const double from_low = -128 - r.low / scale;
  const double from_high = 127 - r.high / scale;
  const double low_error = 128 + std::abs(r.low / scale);
  const double high_error = 127 + std::abs(r.high / scale);
  const double zero = low_error < high_error ? from_low : from_high;
  return {static_cast<float>(scale),
          std::clamp(static_cast<int>(std::round(zero)), -128, 127)};
}

Params params16_of(const ValueRange& r) {
  return {static_cast<float>(std::max(-r.low, r.high) / 32767), 0};
}

ValueRange range16_of(const Params& p) {
  return {-32768 * double{p.scale}, 32767 * double{p.scale}};
}

ValueRange range_of(const Params& p) {
  return {double{p.scale} * (-128 - p.zero), double{p.scale} * (127 - p.zero)};
}

}  // namespace shoal
