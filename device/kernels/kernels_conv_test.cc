// The portable kernels that multiply by weights against the plain formulas,
// whole and cut.
#include <gtest/gtest.h>

#include "device/kernels/testing/kernel_checks.h"

namespace shoal {
namespace {

WindowKernel kernel_of(OpCode op) {
  return op == OpCode::kConv        ? portable_kernels().conv
         : op == OpCode::kDepthwise ? portable_kernels().depthwise
                                    : transpose_conv_row;
}

void check(OpCode op, WindowKind kind, uint32_t seed, int cases) {
  check_window(kernel_of(op), op, kind, seed, cases);
}

void check_split(WindowSplit split, OpCode op, uint32_t seed, int cases) {
  check_window_split(split, kernel_of(op), op, seed, cases);
}

TEST(Conv, AnyShape) { check(OpCode::kConv, WindowKind::kAny, 1, 600); }
TEST(Conv, Pointwise) { check(OpCode::kConv, WindowKind::kPointwise, 2, 300); }
TEST(Conv, ThreeByThree) {
  check(OpCode::kConv, WindowKind::kThreeByThree, 3, 300);
}
TEST(Conv, FullyConnected) {
  check(OpCode::kConv, WindowKind::kFullyConnected, 4, 200);
}
TEST(Conv, KernelRowsInParts) {
  check_split(split_kernel_rows, OpCode::kConv, 5, 200);
}
TEST(Conv, InputChannelsInParts) {
  check_split(split_input_channels, OpCode::kConv, 6, 200);
}
TEST(Conv, OutputsInParts) {
  check_split(split_outputs, OpCode::kConv, 7, 200);
}

TEST(Depthwise, AnyShape) {
  check(OpCode::kDepthwise, WindowKind::kAny, 11, 1000);
}
TEST(Depthwise, ThreeByThree) {
  check(OpCode::kDepthwise, WindowKind::kThreeByThree, 12, 500);
}
TEST(Depthwise, KernelRowsInParts) {
  check_split(split_kernel_rows, OpCode::kDepthwise, 13, 300);
}
TEST(Depthwise, OutputsInParts) {
  check_split(split_outputs, OpCode::kDepthwise, 14, 300);
}

TEST(TransposeConv, AnyShape) {
  check(OpCode::kTransposeConv, WindowKind::kAny, 21, 600);
}
TEST(TransposeConv, KernelRowsInParts) {
  check_split(split_kernel_rows, OpCode::kTransposeConv, 22, 200);
}
TEST(TransposeConv, InputChannelsInParts) {
  check_split(split_input_channels, OpCode::kTransposeConv, 23, 200);
}
TEST(TransposeConv, OutputsInParts) {
  check_split(split_outputs, OpCode::kTransposeConv, 24, 200);
}

// The largest sums leave int32 and come back.
TEST(Conv, SumsWrap) {
  const std::vector<int8_t> row(64, -128), weights(64, -128);
  const int8_t* rows[] = {row.data()};
  const int32_t bias = 0x7FFFFFFF;
  int32_t sum = 0;
  ConvArgs a{};
  a.rows = rows, a.kernel_h = a.kernel_w = a.in_w = 1;
  a.in_c = a.in_stride = a.weight_stride = 64;
  a.stride_x = a.dilation_x = a.x1 = a.channels = a.multiplier = 1;
  a.weights = weights.data(), a.bias = &bias;
  a.partial_out = &sum, a.partial_stride = 1;
  portable_kernels().conv(a);
  EXPECT_EQ(sum, -0x7FFFFFFF - 1 + 64 * 16384 - 1);
}

}  // namespace
}  // namespace shoal
