#include "host/model/graph/graph.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "host/model/graph/operators.h"

namespace shoal {
namespace {

TEST(Graph, TypesHaveNamesAndSizes) {
  EXPECT_STREQ(type_name(Type::kInt8), "INT8");
  EXPECT_STREQ(type_name(Type::kUint8), "UINT8");
  EXPECT_STREQ(type_name(Type::kInt32), "INT32");
  EXPECT_STREQ(type_name(Type::kFloat32), "FLOAT32");
  EXPECT_EQ(type_bytes(Type::kInt8), 1);
  EXPECT_EQ(type_bytes(Type::kUint8), 1);
  EXPECT_EQ(type_bytes(Type::kInt32), 4);
  EXPECT_EQ(type_bytes(Type::kFloat32), 4);
}

TEST(Graph, OperatorsHaveDistinctNames) {
  std::set<std::string> names;
  for (int kind = 0; kind <= static_cast<int>(OpKind::kSoftmax); ++kind) {
    names.insert(op_name(static_cast<OpKind>(kind)));
  }
  EXPECT_EQ(names.size(), kOpKinds);
  EXPECT_STREQ(op_name(OpKind::kConv2d), "CONV_2D");
  EXPECT_STREQ(op_name(OpKind::kPadv2), "PADV2");
  EXPECT_STREQ(op_name(OpKind::kSoftmax), "SOFTMAX");
}

TEST(Graph, ElementCountOfScalarsAndLargeShapes) {
  EXPECT_EQ(element_count({}), 1);
  EXPECT_EQ(element_count({1, 3, 5, 7}), 105);
  EXPECT_EQ(element_count({65535, 65535}), int64_t{65535} * 65535);
}

Tensor of(const Shape& shape) {
  Tensor t;
  t.shape = shape;
  return t;
}

TEST(Graph, MacsCountWindowsTimesOutputs) {
  Graph g;
  g.tensors = {of({1, 8, 8, 3}),  of({16, 3, 5, 3}), of({1, 4, 4, 16}),
               of({1, 2, 2, 32}), of({1, 3, 3, 32}), of({2, 512}),
               of({10, 256}),     of({2, 10})};
  g.ops = {{OpKind::kConv2d, {0, 1, -1}, {2}, WindowAttr{}},
           {OpKind::kDepthwiseConv2d, {2, 4, -1}, {3}, WindowAttr{}},
           {OpKind::kFullyConnected, {5, 6, -1}, {7}, FusedAttr{}},
           {OpKind::kTransposeConv, {0, 1, -1}, {2}, WindowAttr{}},
           {OpKind::kReshape, {2}, {2}, {}}};
  EXPECT_EQ(op_macs(g, g.ops[0]), 4 * 4 * 16 * 3 * 5 * 3);
  EXPECT_EQ(op_macs(g, g.ops[1]), 2 * 2 * 32 * 3 * 3);
  EXPECT_EQ(op_macs(g, g.ops[2]), 2 * 10 * 256);
  EXPECT_EQ(op_macs(g, g.ops[3]), 8 * 8 * 3 * 3 * 5 * 16);
  EXPECT_EQ(op_macs(g, g.ops[4]), 0);
  EXPECT_EQ(model_macs(g), 11520 + 1152 + 5120 + 46080);
}

}  // namespace
}  // namespace shoal
