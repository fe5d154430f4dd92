// Resizing by weighted sums, against its formula written down a second time.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "host/model/onnx/onnx.h"
#include "host/model/onnx/testing/onnx_builder.h"
#include "host/oracle/float/float_oracle.h"

namespace shoal {
namespace {

constexpr int kInRows = 4, kInColumns = 5;

struct Resizing {
  const char* name;
  const char* mode;
  const char* coordinates;
  int rows, columns;
  bool averages = false, inside = false;
  float a = -0.75F;
};

// Where element i lies in the input.
double place(const Resizing& r, int i, int in, int out) {
  const std::string mode = r.coordinates;
  const double scale = double(out) / in;
  if (mode == "align_corners") return double(i) * (in - 1) / (out - 1);
  if (mode == "asymmetric") return i / scale;
  if (mode == "tf_half_pixel_for_nn") return (i + 0.5) / scale;
  return (i + 0.5) / scale - 0.5;
}

double weight(const Resizing& r, double x) {
  x = std::abs(x);
  if (std::string(r.mode) == "linear") return std::max(0., 1 - x);
  if (x <= 1) return (r.a + 2) * x * x * x - (r.a + 3) * x * x + 1;
  if (x >= 2) return 0;
  return r.a * x * x * x - 5 * r.a * x * x + 8 * r.a * x - 4 * r.a;
}

std::vector<double> resized(const Resizing& r, const std::vector<double>& line,
                            int out) {
  const int in = static_cast<int>(line.size());
  std::vector<double> made;
  for (int i = 0; i < out; ++i) {
    const double at = place(r, i, in, out);
    const double shrink = r.averages ? std::min(1., double(out) / in) : 1;
    double sum = 0, total = 0;
    for (int p = -20; p < 40; ++p) {
      if (r.inside && (p < 0 || p >= in)) continue;
      const double w = weight(r, (p - at) * shrink);
      total += w;
      sum += w * line[static_cast<size_t>(std::clamp(p, 0, in - 1))];
    }
    made.push_back(sum / total);
  }
  return made;
}

TEST(OnnxResize, SumsOfAnyWeights) {
  const Resizing cases[] = {
      {"cubic", "cubic", "half_pixel", 8, 15},
      {"smaller", "cubic", "half_pixel", 3, 3},
      {"corners", "cubic", "align_corners", 9, 2},
      {"asymmetric", "cubic", "asymmetric", 6, 5},
      {"inside", "cubic", "half_pixel", 7, 8, false, true},
      {"other coefficient", "cubic", "half_pixel", 8, 10, false, false, -0.5F},
      {"averages", "linear", "half_pixel", 2, 3, true},
      {"cubic averages", "cubic", "half_pixel", 2, 2, true, true},
      {"other places", "linear", "tf_half_pixel_for_nn", 8, 10},
  };
  for (const Resizing& r : cases) {
    SCOPED_TRACE(r.name);
    OnnxBuilder b(18);
    b.input("x", {1, 1, kInRows, kInColumns});
    b.ints("s", {4}, {1, 1, r.rows, r.columns});
    b.node("Resize", {"x", "", "", "s"}, "y",
           {{"mode", std::string(r.mode)},
            {"coordinate_transformation_mode", std::string(r.coordinates)},
            {"antialias", int64_t{r.averages}},
            {"exclude_outside", int64_t{r.inside}},
            {"cubic_coeff_a", r.a}});
    b.output("y");
    const Graph g = import_onnx(b.finish(), "m");
    const Floats input = some_floats(int64_t{kInRows} * kInColumns);
    FloatOracle oracle(g);
    oracle.run(input);
    std::vector<std::vector<double>> rows;  // each of r.columns
    for (int y = 0; y < kInRows; ++y) {
      const auto first = input.begin() + y * kInColumns;
      rows.push_back(resized(r, {first, first + kInColumns}, r.columns));
    }
    const std::vector<float> made = oracle.output();
    ASSERT_EQ(made.size(), static_cast<size_t>(r.rows * r.columns));
    for (int x = 0; x < r.columns; ++x) {
      std::vector<double> column;
      for (const auto& row : rows) column.push_back(row[size_t(x)]);
      const std::vector<double> expected = resized(r, column, r.rows);
      for (int y = 0; y < r.rows; ++y) {
        ASSERT_NEAR(made[static_cast<size_t>(y * r.columns + x)],
                    expected[static_cast<size_t>(y)], 1e-5)
            << "row " << y << " column " << x;
      }
    }
  }
}

// As ONNX Runtime has it, whatever the scales are.
TEST(OnnxResize, AResultOfTheSameSizesIsTheInput) {
  OnnxBuilder b(18);
  b.input("x", {1, 1, 4, 5});
  b.floats("s", {4}, {1, 1, 1.125F, 1});
  b.node("Relu", {"x"}, "r");
  b.node("Resize", {"r", "", "s"}, "y",
         {{"mode", std::string("cubic")},
          {"cubic_coeff_a", -0.5F},
          {"exclude_outside", int64_t{1}}});
  b.output("y");
  const Graph g = import_onnx(b.finish(), "m");
  ASSERT_EQ(g.ops.size(), 1U);
  EXPECT_EQ(g.ops[0].kind, OpKind::kRelu);
}

// Rows keep their number, and are others.
TEST(OnnxResize, NearestRowsMayMoveWhereTheirNumberStays) {
  OnnxBuilder b(18);
  b.input("x", {1, 1, 4, 1});
  b.floats("s", {4}, {1, 1, 1.2F, 2});
  b.node("Resize", {"x", "", "s"}, "y",
         {{"nearest_mode", std::string("round_prefer_floor")}});
  b.output("y");
  const Graph g = import_onnx(b.finish(), "m");
  FloatOracle oracle(g);
  oracle.run(Floats{0, 1, 2, 3});
  // Places (i + 0.5) / 1.2 - 0.5: -0.08, 0.75, 1.58, 2.42.
  EXPECT_EQ(oracle.output(), (Floats{0, 0, 1, 1, 2, 2, 2, 2}));
}

TEST(OnnxResize, AspectRatiosMayBeKept) {
  for (const auto& [policy, shape] :
       {std::pair{"not_larger", Shape{1, 7, 9, 1}},
        {"not_smaller", Shape{1, 8, 10, 1}}}) {
    OnnxBuilder b(18);
    b.input("x", {1, 1, kInRows, kInColumns});
    b.ints("s", {2}, {8, 9});  // 2 and 1.8 times the input
    b.node("Resize", {"x", "", "", "s"}, "y",
           {{"mode", std::string("nearest")},
            {"axes", Ints{2, 3}},
            {"keep_aspect_ratio_policy", std::string(policy)}});
    b.output("y");
    const Graph g = import_onnx(b.finish(), "m");
    EXPECT_EQ(g.tensors[static_cast<size_t>(g.outputs[0])].shape, shape);
  }
}

}  // namespace
}  // namespace shoal
