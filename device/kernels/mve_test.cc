// The kernels for Helium, on the host with its instructions emulated, against
// the plain formulas: whole, and cut.
#include "device/kernels/mve.h"

#include <gtest/gtest.h>

#include "device/kernels/testing/kernel_checks.h"

namespace shoal {
namespace {

WindowKernel mve_kernel_of(OpCode op) {
  return op == OpCode::kConv ? mve_kernels().conv : mve_kernels().depthwise;
}

void check_mve(OpCode op, WindowKind kind, uint32_t seed, int cases) {
  check_window(mve_kernel_of(op), op, kind, seed, cases);
}

void check_mve_split(WindowSplit split, OpCode op, uint32_t seed, int cases) {
  check_window_split(split, mve_kernel_of(op), op, seed, cases);
}

TEST(MveConv, AnyShape) { check_mve(OpCode::kConv, WindowKind::kAny, 1, 700); }
TEST(MveConv, Pointwise) {
  check_mve(OpCode::kConv, WindowKind::kPointwise, 2, 300);
}
TEST(MveConv, ThreeByThree) {
  check_mve(OpCode::kConv, WindowKind::kThreeByThree, 3, 300);
}
TEST(MveConv, FullyConnected) {
  check_mve(OpCode::kConv, WindowKind::kFullyConnected, 4, 200);
}
TEST(MveConv, KernelRowsInParts) {
  check_mve_split(split_kernel_rows, OpCode::kConv, 5, 150);
}
TEST(MveConv, InputChannelsInParts) {
  check_mve_split(split_input_channels, OpCode::kConv, 6, 150);
}
TEST(MveConv, OutputsInParts) {
  check_mve_split(split_outputs, OpCode::kConv, 7, 150);
}

TEST(MveDepthwise, AnyShape) {
  check_mve(OpCode::kDepthwise, WindowKind::kAny, 11, 1000);
}
TEST(MveDepthwise, ThreeByThree) {
  check_mve(OpCode::kDepthwise, WindowKind::kThreeByThree, 12, 600);
}
TEST(MveDepthwise, OddSized) {
  check_mve(OpCode::kDepthwise, WindowKind::kOddSized, 15, 600);
}
TEST(MveDepthwise, KernelRowsInParts) {
  check_mve_split(split_kernel_rows, OpCode::kDepthwise, 13, 150);
}
TEST(MveDepthwise, RowsOfACall) {
  check_rows_of_a_call(mve_kernels().depthwise, 15, 600);
}
TEST(MveDepthwise, OutputsInParts) {
  check_mve_split(split_outputs, OpCode::kDepthwise, 14, 300);
}

}  // namespace
}  // namespace shoal
