#include "host/model/graph/supported_part.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

using Values = std::vector<int>;

// Values 0 to n: operation i makes i + 1 of i. `kinds`: w: with weights, s:
// supported, x: not.
SupportedPart part_of_chain(const std::string& kinds) {
  std::vector<Operation> ops;
  for (const char kind : kinds) {
    const int i = static_cast<int>(ops.size());
    ops.push_back({{i}, {i + 1}, kind != 'x', kind == 'w'});
  }
  const size_t values = kinds.size() + 1;
  std::vector<bool> inputs(values, false);
  inputs[0] = true;
  return supported_part(ops, values, inputs, std::vector<bool>(values, false),
                        {static_cast<int>(kinds.size())});
}

TEST(SupportedPart, BehindTheFront) {
  const SupportedPart part = part_of_chain("sxssww");
  EXPECT_EQ(part.inputs, Values{2});
  EXPECT_EQ(part.outputs, Values{6});
  EXPECT_TRUE(part.to_the_end);
}

TEST(SupportedPart, BetweenFrontAndEnd) {
  const SupportedPart part = part_of_chain("xwxswwxs");
  EXPECT_EQ(part.inputs, Values{3});
  EXPECT_EQ(part.outputs, Values{6});
  EXPECT_FALSE(part.to_the_end);
}

TEST(SupportedPart, BeforeTheEndTheModelsInputsStay) {
  const SupportedPart part = part_of_chain("swxwww");
  EXPECT_EQ(part.inputs, Values{0});
  EXPECT_EQ(part.outputs, Values{2});
}

TEST(SupportedPart, TheFlagsThatMakeIt) {
  const auto flags = [](const std::string& kinds) {
    std::vector<bool> inputs(kinds.size() + 1, false);
    inputs[0] = true;
    return part_flags(part_of_chain(kinds), inputs,
                      [](int v) { return "v" + std::to_string(v); });
  };
  EXPECT_EQ(flags("wx"), "to end the model before that: --outputs v1");
  EXPECT_EQ(flags("xw"), "to begin the model behind that: --inputs v1");
  EXPECT_EQ(flags("xwx"), "to run what lies between: --inputs v1 --outputs v2");
  EXPECT_EQ(flags("x"), "");
}

TEST(SupportedPart, NothingWithWeights) {
  EXPECT_TRUE(part_of_chain("sxsx").outputs.empty());
}

// Weights that an unsupported operation makes of constants are no input.
TEST(SupportedPart, WhatFollowsFromConstantsIsNoInput) {
  const std::vector<Operation> ops = {{{1}, {2}, false, false},
                                      {{0, 2}, {3}, true, true}};
  const std::vector<bool> inputs = {true, false, false, false};
  const std::vector<bool> constants = {false, true, false, false};
  EXPECT_TRUE(supported_part(ops, 4, inputs, constants, {3}).outputs.empty());
}

// Another input goes past the front.
TEST(SupportedPart, WhatDoesNotLeadToTheFrontKeepsItsInput) {
  const std::vector<Operation> ops = {{{0}, {2}, false, false},
                                      {{1}, {3}, true, false},
                                      {{2, 3}, {4}, true, true}};
  const std::vector<bool> inputs = {true, true, false, false, false};
  const SupportedPart part =
      supported_part(ops, 5, inputs, std::vector<bool>(5, false), {4});
  EXPECT_EQ(part.inputs, (Values{1, 2}));
  EXPECT_EQ(part.outputs, Values{4});
}

}  // namespace
}  // namespace shoal
