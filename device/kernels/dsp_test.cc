// The kernels for ARM's DSP extension, on the host with its instructions
// emulated, against the plain formulas: whole, and cut.
#include "device/kernels/dsp.h"

#include <gtest/gtest.h>

#include "device/kernels/testing/kernel_checks.h"

namespace shoal {
namespace {

WindowKernel dsp_kernel_of(OpCode op) {
  return op == OpCode::kConv ? dsp_kernels().conv : dsp_kernels().depthwise;
}

void check_dsp(OpCode op, WindowKind kind, uint32_t seed, int cases) {
  check_window(dsp_kernel_of(op), op, kind, seed, cases);
}

void check_dsp_split(WindowSplit split, OpCode op, uint32_t seed, int cases) {
  check_window_split(split, dsp_kernel_of(op), op, seed, cases);
}

TEST(DspConv, AnyShape) { check_dsp(OpCode::kConv, WindowKind::kAny, 1, 1500); }
TEST(DspConv, Pointwise) {
  check_dsp(OpCode::kConv, WindowKind::kPointwise, 2, 600);
}
TEST(DspConv, ThreeByThree) {
  check_dsp(OpCode::kConv, WindowKind::kThreeByThree, 3, 600);
}
TEST(DspConv, FullyConnected) {
  check_dsp(OpCode::kConv, WindowKind::kFullyConnected, 4, 400);
}
TEST(DspConv, KernelRowsInParts) {
  check_dsp_split(split_kernel_rows, OpCode::kConv, 5, 300);
}
TEST(DspConv, InputChannelsInParts) {
  check_dsp_split(split_input_channels, OpCode::kConv, 6, 300);
}
TEST(DspConv, OutputsInParts) {
  check_dsp_split(split_outputs, OpCode::kConv, 7, 300);
}

TEST(DspDepthwise, AnyShape) {
  check_dsp(OpCode::kDepthwise, WindowKind::kAny, 11, 2000);
}
TEST(DspDepthwise, ThreeByThree) {
  check_dsp(OpCode::kDepthwise, WindowKind::kThreeByThree, 12, 1000);
}
TEST(DspDepthwise, OddSized) {
  check_dsp(OpCode::kDepthwise, WindowKind::kOddSized, 15, 1500);
}
TEST(DspDepthwise, KernelRowsInParts) {
  check_dsp_split(split_kernel_rows, OpCode::kDepthwise, 13, 500);
}
TEST(DspDepthwise, OutputsInParts) {
  check_dsp_split(split_outputs, OpCode::kDepthwise, 14, 500);
}

}  // namespace
}  // namespace shoal
