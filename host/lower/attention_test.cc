// Attention as TensorFlow Lite's converter writes it: heads are taken apart and
// joined by RESHAPE and TRANSPOSE.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "host/lower/testing/net_eval.h"
#include "host/lower/testing/test_graph.h"

namespace shoal {
namespace {

constexpr int kTokens = 7, kHeads = 3, kWidth = 4, kInner = kHeads * kWidth;

struct Attention {
  TestGraph t;
  int query = 0, key = 0, value = 0, scores = 0;

  int heads(int x, const std::vector<int>& perm) {
    return t.transpose(t.reshape(x, {1, kTokens, kHeads, kWidth}), perm);
  }

  // `transposes_keys`: the file has the keys' columns as rows, as some
  // exporters do; otherwise the product swaps them.
  void build(bool transposes_keys) {
    const int x = t.input({1, kTokens, 10});
    query = t.fully_connected(x, 10, kInner);
    key = t.fully_connected(x, 10, kInner);
    const int left = heads(query, {0, 2, 1, 3});
    const int right = heads(key, transposes_keys ? std::vector{0, 2, 3, 1}
                                                 : std::vector{0, 2, 1, 3});
    scores =
        t.op(OpKind::kBatchMatmul, {left, right}, {1, kHeads, kTokens, kTokens},
             MatmulAttr{false, !transposes_keys});
    const int weights = softmax();
    value = t.fully_connected(x, 10, kInner);
    int y = t.op(OpKind::kBatchMatmul, {weights, heads(value, {0, 2, 1, 3})},
                 {1, kHeads, kTokens, kWidth}, MatmulAttr{});
    y = t.reshape(t.transpose(y, {0, 2, 1, 3}), {1, kTokens, kInner});
    t.graph.outputs = {t.fully_connected(y, kInner, 10)};
  }

  int softmax() {
    const int y = t.op(OpKind::kSoftmax, {scores},
                       {1, kHeads, kTokens, kTokens}, AlphaAttr{1});
    t.graph.tensors[static_cast<size_t>(y)].quant = {{1.f / 256}, {-128}, 0};
    return y;
  }

  std::string name(int tensor) const {
    return t.graph.tensors[static_cast<size_t>(tensor)].name;
  }
};

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
