// Comparisons and SELECT_V2 in layers that exist: the expanded graph gives the
// oracle's bytes for all pairs of bytes, in any scales.
#include "host/lower/expand.h"

#include <gtest/gtest.h>

#include <random>

#include "host/lower/net.h"
#include "host/lower/testing/test_graph.h"
#include "host/oracle/int8/oracle.h"

namespace shoal {
namespace {

struct Scale {
  float scale;
  int zero;
};

Tensor bytes(const Shape& shape, Scale s) {
  Tensor t;
  t.name = "t";
  t.shape = shape;
  t.quant = {{s.scale}, {s.zero}, 0};
  return t;
}

Tensor truths(const Shape& shape) {
  Tensor t = bytes(shape, {1, 0});
  t.file_type = Type::kBool;
  return t;
}

// Every byte beside every byte.
std::vector<uint8_t> all_pairs() {
  std::vector<uint8_t> input;
  for (int i = 0; i < 256; ++i) input.push_back(static_cast<uint8_t>(i));
  for (int i = 0; i < 256; ++i) input.push_back(static_cast<uint8_t>(i));
  return input;
}

// y[i, j] = a[i] compared with b[j].
Graph comparison(OpKind kind, Scale a, Scale b) {
  Graph g;
  g.tensors = {bytes({256, 1}, a), bytes({1, 256}, b), truths({256, 256})};
  g.inputs = {0, 1};
  g.outputs = {2};
  g.ops.push_back({kind, {0, 1}, {2}, {}});
  return g;
}

constexpr OpKind kComparisons[] = {OpKind::kEqual,   OpKind::kNotEqual,
                                   OpKind::kGreater, OpKind::kGreaterEqual,
                                   OpKind::kLess,    OpKind::kLessEqual};

void expect_same(const Graph& g, const std::vector<uint8_t>& input) {
  const Expanded e = expand(g);
  EXPECT_EQ(e.from.size(), e.graph.ops.size());
  const auto wanted = model_output(g, run_oracle(g, input));
  EXPECT_EQ(model_output(e.graph, run_oracle(e.graph, input)), wanted);
  for (const Op& op : e.graph.ops) {
    EXPECT_NE(op.kind, g.ops[0].kind);
  }
  EXPECT_NO_THROW(lower(g));
}

// Ranges within one another, beside one another, alike, and so small that
// bytes fall together.
TEST(Expand, ComparisonsOfAllBytes) {
  const Scale scales[] = {{0.05F, 0},     {0.05F, 7},    {0.02F, 0},
                          {0.021F, -128}, {0.3F, 127},   {1, 0},
                          {0.0009F, 3},   {0.0011F, -9}, {700, 0}};
  for (const OpKind kind : kComparisons) {
    for (const Scale& a : scales) {
      for (const Scale& b : scales) {
        SCOPED_TRACE(testing::Message()
                     << op_name(kind) << " " << a.scale << " " << a.zero
                     << " and " << b.scale << " " << b.zero);
        expect_same(comparison(kind, a, b), all_pairs());
      }
    }
  }
}

TEST(Expand, ComparisonsWithConstants) {
  std::mt19937 random(1);
  for (const OpKind kind : kComparisons) {
    Graph g = comparison(kind, {0.05F, 0}, {0.04F, 5});
    Tensor& b = g.tensors[1];
    b.constant = true;
    for (int i = 0; i < 256; ++i) {
      b.data.push_back(static_cast<uint8_t>(random()));
    }
    g.inputs = {0};
    std::vector<uint8_t> input = all_pairs();
    input.resize(256);
    expect_same(g, input);
  }
}

// One value is a table of its own: there is nothing to expand.
TEST(Expand, AComparisonWithOneValueStays) {
  Graph g = comparison(OpKind::kLess, {0.05F, 0}, {0.04F, 5});
  g.tensors[1].shape = {};
  g.tensors[1].constant = true;
  g.tensors[1].data = {9};
  g.tensors[2].shape = {256, 1};
  g.inputs = {0};
  EXPECT_EQ(expand(g).graph.ops.size(), 1u);
  EXPECT_EQ(lower(g).layers.size(), 1u);
}

TEST(Expand, SelectsBytes) {
  Graph g;
  g.tensors = {truths({1, 256}), bytes({256, 1}, {0.1F, 2}),
               bytes({1, 256}, {0.1F, 2}), bytes({256, 256}, {0.1F, 2})};
  g.inputs = {0, 1, 2};
  g.outputs = {3};
  g.ops.push_back({OpKind::kSelectV2, {0, 1, 2}, {3}, {}});
  std::vector<uint8_t> input;
  for (int i = 0; i < 256; ++i) input.push_back(i % 3 == 0 ? 1 : 0);
  const std::vector<uint8_t> pairs = all_pairs();
  input.insert(input.end(), pairs.begin(), pairs.end());
  expect_same(g, input);
}

// A choice between a value and zero is one product.
TEST(Expand, SelectsBytesOrZero) {
  for (const int zero : {-128, -3, 127}) {
    for (const bool chosen : {true, false}) {
      const Scale scale{0.1F, zero};
      Graph g;
      g.tensors = {truths({1, 256}), bytes({256, 1}, scale), bytes({1}, scale),
                   bytes({256, 256}, scale)};
      g.tensors[2].constant = true;
      g.tensors[2].data = {static_cast<uint8_t>(zero)};
      g.inputs = {0, 1};
      g.outputs = {3};
      const std::vector<int> operands =
          chosen ? std::vector{0, 1, 2} : std::vector{0, 2, 1};
      g.ops.push_back({OpKind::kSelectV2, operands, {3}, {}});
      std::vector<uint8_t> input = all_pairs();
      for (size_t i = 0; i < 256; ++i) input[i] = i % 3 == 0 ? 1 : 0;
      expect_same(g, input);
      EXPECT_EQ(expand(g).graph.ops.size(), 2u);
    }
  }
}

TEST(Expand, ComparisonsOfOneScaleNeedNoTables) {
  const Graph g = comparison(OpKind::kLess, {0.05F, 7}, {0.05F, 7});
  EXPECT_EQ(expand(g).graph.ops.size(), 2u);
}

}  // namespace
}  // namespace shoal
