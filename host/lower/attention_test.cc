// The net of attention.
#include "host/lower/testing/attention.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "host/lower/testing/net_eval.h"

namespace shoal {
namespace {

constexpr int kTokens = 7, kHeads = 3;

int layers_of(const Net& net, OpCode op) {
  return static_cast<int>(std::ranges::count(net.layers, op, &Layer::op));
}

int place_of_first(const Net& net, const std::string& name) {
  const auto at = std::ranges::find(net.layers, name, &Layer::name);
  return static_cast<int>(at - net.layers.begin());
}

class AttentionNet : public testing::TestWithParam<bool> {};

TEST_P(AttentionNet, HeadsLieSideBySideInRowsOfTokens) {
  Attention a;
  a.build(GetParam());
  const Net net = lower(a.t.graph);
  ASSERT_EQ(net_faults(net), std::vector<std::string>{});
  EXPECT_EQ(layers_of(net, OpCode::kMatmul), 2 * kHeads);
  EXPECT_EQ(layers_of(net, OpCode::kReshape), 0);
  EXPECT_EQ(layers_of(net, OpCode::kTranspose), 1)
      << "of the values, which the product needs by channels";
  for (const Layer& l : net.layers) {
    if (l.op == OpCode::kTranspose) continue;
    EXPECT_EQ(l.out.box.rows(), kTokens) << l.name;
  }
}

TEST_P(AttentionNet, ValuesAreMadeBeforeScores) {
  Attention a;
  a.build(GetParam());
  const Net net = lower(a.t.graph);
  EXPECT_LT(place_of_first(net, a.name(a.value)),
            place_of_first(net, a.name(a.scores)));
  EXPECT_LT(place_of_first(net, a.name(a.key)),
            place_of_first(net, a.name(a.value)))
      << "other layers keep their order";
}

INSTANTIATE_TEST_SUITE_P(Keys, AttentionNet, testing::Bool(),
                         [](const testing::TestParamInfo<bool>& info) {
                           return info.param ? "transposed" : "as_they_are";
                         });

}  // namespace
}  // namespace shoal
