// Float networks of the golden set: TensorFlow Lite's own results, layer by
// layer, to a small part of each layer's largest value.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "host/base/floats.h"
#include "host/model/import/import.h"
#include "host/oracle/float/float_oracle.h"
#include "host/oracle/golden/testing/golden_cases.h"
#include "tests/shared.h"

namespace shoal {
namespace {

constexpr double kPart = 1e-5;

double largest(const std::vector<float>& values) {
  double highest = 0;
  for (float v : values) highest = std::max(highest, std::abs(double{v}));
  return highest;
}

// A trace keeps of a layer its extremes and its first values.
void expect_layer(const TraceLine& line, const std::vector<float>& values) {
  const double allowed = kPart * largest(values);
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  EXPECT_NEAR(std::stod(line.min), *low, allowed);
  EXPECT_NEAR(std::stod(line.max), *high, allowed);
  std::istringstream first(line.first16);
  size_t i = 0;
  for (std::string text; std::getline(first, text, ','); ++i) {
    ASSERT_NEAR(std::stod(text), values.at(i), allowed) << "element " << i;
  }
  EXPECT_EQ(i, std::min<size_t>(values.size(), 16));
}

class FloatGolden : public testing::TestWithParam<const char*> {};

TEST_P(FloatGolden, EveryLayerOfEveryCase) {
  const auto folder = shared_dir() / "golden" / GetParam();
  const Graph graph = load_model(golden_model_file(GetParam()));
  FloatOracle oracle(graph);
  const auto names = golden_cases(folder);
  ASSERT_FALSE(names.empty());
  for (const std::string& name : names) {
    SCOPED_TRACE(name);
    const GoldenCase golden = read_golden_case(folder, name);
    const FloatValues& values = oracle.run(floats_of(golden.input));
    const size_t inputs = graph.inputs.size();
    ASSERT_EQ(golden.trace.size(), inputs + graph.ops.size());
    for (size_t o = 0; o < graph.ops.size(); ++o) {
      const TraceLine& line = golden.trace[inputs + o];
      SCOPED_TRACE(line.op + " " + line.opcode + " " + line.name);
      expect_layer(line, values[graph.ops[o].outputs[0]]);
    }
    const auto got = oracle.output(), wanted = floats_of(golden.output);
    ASSERT_EQ(got.size(), wanted.size());
    for (size_t i = 0; i < got.size(); ++i) {
      ASSERT_NEAR(got[i], wanted[i], kPart * largest(wanted)) << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shared, FloatGolden,
                         testing::Values("ad01_fp32", "pretrainedResnet",
                                         "vww_96_float"),
                         [](const auto& info) {
                           return std::string(info.param);
                         });

}  // namespace
}  // namespace shoal
