#include "host/quantize/ranges.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace shoal {
namespace {

TEST(Params, OfPicturesKeepPixels) {
  const Params unit = params_of({0, 1});
  EXPECT_FLOAT_EQ(unit.scale, 1 / 255.f);
  EXPECT_EQ(unit.zero, -128);
  const Params centred = params_of({-1, 127 / 128.0});  // mean 128, std 128
  EXPECT_FLOAT_EQ(centred.scale, 1 / 128.f);
  EXPECT_EQ(centred.zero, 0);
}

// TensorFlow Lite moves the zero point to the nearest integer, from the end
// that rounds less.
TEST(Params, AreTensorFlowLites) {
  struct Case {
    ValueRange range;
    float scale;
    int zero;
  };
  for (const Case& c :
       {Case{{-6, 6}, 12 / 255.f, -1}, Case{{-1, 3}, 4 / 255.f, -64},
        Case{{-10, 0}, 10 / 255.f, 127}, Case{{0, 6}, 6 / 255.f, -128},
        Case{{-0.5, 0.25}, 0.75f / 255, 42}}) {
    const Params p = params_of(c.range);
    EXPECT_FLOAT_EQ(p.scale, c.scale);
    EXPECT_EQ(p.zero, c.zero) << c.range.low;
  }
}

TEST(Params, KeepZeroForRandomRanges) {
  std::mt19937 random(5);
  for (int i = 0; i < 1000; ++i) {
    const double low = -std::ldexp(random() % 1000, int(random() % 60) - 40);
    const double high =
        std::ldexp(1 + random() % 1000, int(random() % 60) - 40);
    const Params p = params_of({low, high});
    const ValueRange r = range_of(p);
    EXPECT_GT(p.scale, 0) << low << ' ' << high;
    EXPECT_LE(std::abs(r.low - low), p.scale) << low << ' ' << high;
    EXPECT_LE(std::abs(r.high - high), p.scale) << low << ' ' << high;
  }
}

// A thousand values in -1..1, and one at 100.
Histogram with_outlier() {
  Histogram h;
  std::vector<float> values = {100};
  for (int i = -500; i < 500; ++i) values.push_back(i / 500.f);
  h.add(values);
  return h;
}

QuantizeOptions method(RangeMethod m, double percentile = 99.9) {
  QuantizeOptions options;
  options.ranges = m;
  options.percentile = percentile;
  return options;
}

TEST(ChooseRange, MinMaxIsWhatWasSeen) {
  const ValueRange r =
      choose_range(with_outlier(), method(RangeMethod::kMinMax));
  EXPECT_EQ(r, (ValueRange{-1, 100}));
}

TEST(ChooseRange, PercentileCutsEitherEnd) {
  Histogram h = with_outlier();
  const ValueRange all = choose_range(h, method(RangeMethod::kPercentile, 100));
  EXPECT_EQ(all, (ValueRange{-1, 100}));
  const ValueRange most =
      choose_range(h, method(RangeMethod::kPercentile, 99.7));
  EXPECT_LE(most.high, 1.0625);
  EXPECT_GE(most.high, 0.9);
  EXPECT_LE(most.low, -0.9);
}

// The error of a range, from the values themselves.
double squared_error(const std::vector<float>& values, const ValueRange& r) {
  const double step = (r.high - r.low) / 255;
  double sum = 0;
  for (const float v : values) {
    const double clipped = std::clamp<double>(v, r.low, r.high);
    const double out = v - clipped;
    sum += out * out;
    if (out == 0 && v != 0) sum += step * step / 12;
  }
  return sum;
}

TEST(ChooseRange, LeastSquaresIsBetterThanAnyOther) {
  std::mt19937 random(3);
  std::vector<float> values;
  for (int i = 0; i < 4000; ++i) {  // the square has a long tail
    const float v = static_cast<float>(random() % 2000) / 1000.f - 0.8f;
    values.push_back(v * v * v * v * v * v * v);
  }
  Histogram h;
  h.add(values);
  const ValueRange best = choose_range(h, method(RangeMethod::kMse));
  const double least = squared_error(values, best);
  EXPECT_LT(best.high, h.highest());
  for (int i = 1; i <= 64; ++i) {
    for (int j = 1; j <= 8; ++j) {
      const ValueRange other{h.lowest() * j / 8.0, h.highest() * i / 64.0};
      EXPECT_LE(least, squared_error(values, other) * 1.02)
          << other.low << ' ' << other.high;
    }
  }
}

// Zeros cost nothing: they are exact in any range.
TEST(ChooseRange, ManyZerosDoNotShrinkIt) {
  Histogram h;
  h.add(std::vector<float>{1, 2, 3, 4});
  const ValueRange few = choose_range(h, method(RangeMethod::kMse));
  h.add(std::vector<float>(100000, 0.f));
  EXPECT_EQ(choose_range(h, method(RangeMethod::kMse)), few);
}

// Values that a rectifier makes small may be clipped.
TEST(ChooseRange, ErrorsBelowZeroMayCountLess) {
  std::vector<float> values;
  for (int i = -1000; i < 1000; ++i) values.push_back(i / 100.f);
  Histogram h;
  h.add(values);
  const QuantizeOptions options = method(RangeMethod::kMse);
  EXPECT_NEAR(choose_range(h, options).low, -10, 0.2);
  const ValueRange leaky = choose_range(h, options, 0.01);
  EXPECT_GT(leaky.low, -9.9);
  EXPECT_LT(leaky.low, -5);
  EXPECT_EQ(choose_range(h, options, 0).low, 0);
  EXPECT_NEAR(choose_range(h, options, 0).high, 10, 0.2);
}

TEST(ChooseRange, OfOneSidedValuesHasZeroAtItsEnd) {
  for (const RangeMethod m :
       {RangeMethod::kMinMax, RangeMethod::kMse, RangeMethod::kPercentile}) {
    Histogram low, high;
    low.add(std::vector<float>{-5, -4, -3});
    high.add(std::vector<float>{3, 4, 5});
    EXPECT_EQ(choose_range(low, method(m)).high, 0);
    EXPECT_EQ(choose_range(high, method(m)).low, 0);
    EXPECT_NEAR(choose_range(low, method(m)).low, -5, 0.1);
    EXPECT_NEAR(choose_range(high, method(m)).high, 5, 0.1);
  }
}

}  // namespace
}  // namespace shoal
