// Windows that TensorFlow Lite does not have, with dilations or groups: maxima,
// averages and transposed convolutions are what ONNX's formulas say.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "host/model/onnx/onnx.h"
#include "host/model/onnx/testing/onnx_builder.h"
#include "host/oracle/float/float_oracle.h"

namespace shoal {
namespace {

constexpr int64_t kHigh = 9, kWide = 11;

struct DilatedAxis {
  int64_t size, kernel, dilation, stride, before, after;
  int64_t out() const {
    const int64_t room = size + before + after - (kernel - 1) * dilation - 1;
    return room / stride + 1;
  }
  // The place that a tap of an output reads; -1: a padding.
  int64_t place(int64_t out, int64_t tap) const {
    const int64_t at = out * stride - before + tap * dilation;
    return at < size ? std::max<int64_t>(at, -1) : -1;
  }
};

struct DilatedCase {
  DilatedAxis h, w;
  bool counts = false;  // the paddings
};

const std::vector<DilatedCase> kDilatedCases = {
    {{kHigh, 3, 2, 1, 0, 0}, {kWide, 3, 3, 1, 0, 0}},
    {{kHigh, 2, 3, 2, 1, 2}, {kWide, 5, 2, 1, 3, 4}},
    {{kHigh, 3, 1, 2, 1, 0}, {kWide, 4, 2, 3, 2, 0}},
    {{kHigh, 1, 7, 1, 0, 0}, {kWide, 2, 9, 1, 0, 1}},
    {{kHigh, 4, 2, 1, 2, 1}, {kWide, 1, 1, 2, 0, 0}, true},
};

std::vector<OnnxField> window_fields(const DilatedCase& c) {
  std::vector<OnnxField> fields = {
      {"kernel_shape", Ints{c.h.kernel, c.w.kernel}},
      {"dilations", Ints{c.h.dilation, c.w.dilation}},
      {"strides", Ints{c.h.stride, c.w.stride}},
      {"pads", Ints{c.h.before, c.w.before, c.h.after, c.w.after}}};
  if (c.counts) fields.push_back({"count_include_pad", int64_t{1}});
  return fields;
}

std::vector<float> result_of(OnnxBuilder& b, const Floats& x) {
  b.output("y");
  const Graph g = import_onnx(b.finish(), "m");
  FloatOracle oracle(g);
  oracle.run(x);
  return oracle.output();
}

// Calls f(values of the window, taps) for each output.
template <class F>
std::vector<double> window_values(const DilatedCase& c, const Floats& x, F f) {
  std::vector<double> all;
  for (int64_t y = 0; y < c.h.out(); ++y) {
    for (int64_t z = 0; z < c.w.out(); ++z) {
      std::vector<double> values;
      for (int64_t i = 0; i < c.h.kernel; ++i) {
        for (int64_t j = 0; j < c.w.kernel; ++j) {
          const int64_t row = c.h.place(y, i), column = c.w.place(z, j);
          if (row < 0 || column < 0) continue;
          values.push_back(double{x[size_t(row * kWide + column)]});
        }
      }
      all.push_back(f(values));
    }
  }
  return all;
}

void expect_all_near(const std::vector<float>& got,
                     const std::vector<double>& wanted) {
  ASSERT_EQ(got.size(), wanted.size());
  for (size_t i = 0; i < got.size(); ++i) {
    EXPECT_NEAR(double{got[i]}, wanted[i], 1e-5) << i;
  }
}

TEST(OnnxDilated, Pools) {
  const Floats x = some_floats(kHigh * kWide);
  for (const DilatedCase& c : kDilatedCases) {
    SCOPED_TRACE(&c - kDilatedCases.data());
    OnnxBuilder largest;
    largest.input("x", {1, 1, kHigh, kWide});
    std::vector<OnnxField> fields = window_fields(c);
    if (c.counts) fields.pop_back();
    largest.node("MaxPool", {"x"}, "y", fields);
    expect_all_near(result_of(largest, x),
                    window_values(c, x, [](const auto& values) {
                      return *std::ranges::max_element(values);
                    }));
    OnnxBuilder mean(19);
    mean.input("x", {1, 1, kHigh, kWide});
    mean.node("AveragePool", {"x"}, "y", window_fields(c));
    expect_all_near(result_of(mean, x),
                    window_values(c, x, [&](const auto& values) {
                      double sum = 0;
                      for (const double v : values) sum += v;
                      const auto taps = double(c.h.kernel * c.w.kernel);
                      return sum / (c.counts ? taps : double(values.size()));
                    }));
  }
}

TEST(OnnxDilated, TransposedConvolutions) {
  constexpr int64_t kIn = 5, kTaps = 3, kStride = 2, kDilation = 4;
  constexpr int64_t kOut = (kIn - 1) * kStride + (kTaps - 1) * kDilation + 1;
  const Floats x = some_floats(kIn), w = some_floats(kTaps);
  OnnxBuilder b;
  b.input("x", {1, 1, kIn});
  b.floats("w", {1, 1, kTaps}, w);
  b.node("ConvTranspose", {"x", "w"}, "y",
         {{"strides", Ints{kStride}}, {"dilations", Ints{kDilation}}});
  std::vector<double> sums(kOut);
  for (int64_t i = 0; i < kIn; ++i) {
    for (int64_t k = 0; k < kTaps; ++k) {
      sums[size_t(i * kStride + k * kDilation)] +=
          double{x[size_t(i)]} * double{w[size_t(k)]};
    }
  }
  expect_all_near(result_of(b, x), sums);
}

TEST(OnnxDilated, TransposedConvolutionsInGroups) {
  constexpr int64_t kIn = 3, kGroups = 2, kTaps = 2, kStride = 2;
  constexpr int64_t kOut = kIn * kStride;
  const Floats x = some_floats(kGroups * kIn), w = some_floats(kGroups * kTaps);
  OnnxBuilder b;
  b.input("x", {1, kGroups, kIn});
  b.floats("w", {kGroups, 1, kTaps}, w);
  b.floats("bias", {kGroups}, {0.5F, -0.25F});
  b.node("ConvTranspose", {"x", "w", "bias"}, "y",
         {{"strides", Ints{kStride}}, {"group", kGroups}});
  std::vector<double> sums;
  for (int64_t g = 0; g < kGroups; ++g) {
    for (int64_t o = 0; o < kOut; ++o) {
      const size_t tap = size_t(g * kTaps + o % kStride);
      sums.push_back((g == 0 ? 0.5 : -0.25) +
                     double{x[size_t(g * kIn + o / kStride)]} * double{w[tap]});
    }
  }
  expect_all_near(result_of(b, x), sums);
}

}  // namespace
}  // namespace shoal
