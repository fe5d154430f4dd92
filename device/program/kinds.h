// What every kind of actor is, one row each: loader, runtime and the host's
// planner ask here. How its rows follow from one another is in geometry.h,
// what it computes in device/runtime and device/kernels. (The host's checker
// knows it by itself.)
#pragma once

#include "device/program/image.h"
#include "device/program/params.h"

namespace shoal {

enum ActorTraits : uint8_t {
  kSlides = 1,       // a window of kernel rows over its input
  kReduces = 2,      // over whole axes
  kBinary = 4,       // two operands, element by element
  kWeights = 8,      // has chunks of them
  kScaled = 16,      // whose chunks have bias, multipliers and shifts
  kOneSlice = 32,    // the runtime does it in one piece
  kHoldsSecond = 64  // two operands, all rows of the second for each firing
};

struct ActorKind {
  OpCode op;
  uint16_t params;  // int32 numbers, see params.h
  uint8_t traits;
};

inline constexpr ActorKind kActorKinds[] = {
    {OpCode::kConv, 0, kSlides | kWeights | kScaled},
    {OpCode::kDepthwise, 0, kSlides | kWeights | kScaled},
    {OpCode::kTransposeConv, 0, kSlides | kWeights | kScaled},
    {OpCode::kAveragePool, 0, kSlides},
    {OpCode::kMaxPool, 0, kSlides},
    {OpCode::kReduceSum, kParamCount<ReduceParams>,
     kSlides | kReduces | kOneSlice},
    {OpCode::kReduceMax, 0, kSlides | kReduces | kOneSlice},
    {OpCode::kAdd, kParamCount<AddParams>, kBinary},
    {OpCode::kMul, kParamCount<MulParams>, kBinary},
    {OpCode::kMaximum, 0, kBinary},
    {OpCode::kMinimum, 0, kBinary},
    {OpCode::kPrelu, kParamCount<PreluParams>, kBinary},
    {OpCode::kLut, 0, kWeights},
    {OpCode::kSoftmax, kParamCount<SoftmaxParams>, 0},
    {OpCode::kMove, kParamCount<MoveParams>, 0},
    {OpCode::kResize, 0, 0},
    {OpCode::kSpaceToDepth, kParamCount<BlockParams>, 0},
    {OpCode::kDepthToSpace, kParamCount<BlockParams>, 0},
    {OpCode::kTranspose, kParamCount<TransposeParams>, kOneSlice},
    {OpCode::kReshape, 0, kOneSlice},
    {OpCode::kConstant, 0, kWeights | kOneSlice},
    {OpCode::kRequantize, 0, kWeights | kScaled},
    {OpCode::kDivide, kParamCount<MulParams>, kBinary},
    {OpCode::kSquaredDifference, kParamCount<SquaredDifferenceParams>, kBinary},
    {OpCode::kLogSoftmax, kParamCount<LogSoftmaxParams>, 0},
    {OpCode::kBilinear, kParamCount<BilinearParams>, 0},
    {OpCode::kArgMax, kParamCount<ArgParams>, 0},
    {OpCode::kRunningSum, kParamCount<RunningSumParams>, 0},
    {OpCode::kMatmul, kParamCount<MulParams>, kHoldsSecond},
};
constexpr int kActorKindCount = sizeof kActorKinds / sizeof kActorKinds[0];

constexpr bool kinds_in_order() {
  for (int i = 0; i < kActorKindCount; ++i) {
    if (static_cast<int>(kActorKinds[i].op) != i + 1) return false;
  }
  return true;
}
static_assert(kinds_in_order(), "rows are in the order of OpCode");

constexpr bool is_known(OpCode op) {
  return static_cast<int>(op) >= 1 && static_cast<int>(op) <= kActorKindCount;
}
constexpr bool has_trait(OpCode op, ActorTraits trait) {
  return is_known(op) &&
         (kActorKinds[static_cast<int>(op) - 1].traits & trait) != 0;
}
constexpr int param_count(OpCode op) {
  return is_known(op) ? kActorKinds[static_cast<int>(op) - 1].params : 0;
}

constexpr bool has_window(OpCode op) { return has_trait(op, kSlides); }
constexpr bool is_reduction(OpCode op) { return has_trait(op, kReduces); }
constexpr bool is_binary(OpCode op) { return has_trait(op, kBinary); }
constexpr bool holds_second(OpCode op) { return has_trait(op, kHoldsSecond); }
constexpr bool has_weights(OpCode op) { return has_trait(op, kWeights); }
constexpr bool has_quantized_chunk(OpCode op) { return has_trait(op, kScaled); }
constexpr bool runs_whole(OpCode op) { return has_trait(op, kOneSlice); }

}  // namespace shoal
