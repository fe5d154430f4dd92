// The facts of every kind of actor, one row each: loader, runtime and the
// host's planner ask here. geometry.h has how rows follow from one another,
// device/runtime and device/kernels what a kind computes. (The host's checker
// has its own rules.)
#pragma once

#include "device/program/image.h"
#include "device/program/params.h"

namespace shoal {

enum ActorTraits : uint8_t {
  kSlides = 1,        // a window of kernel rows over its input
  kReduces = 2,       // over whole axes
  kBinary = 4,        // two operands, element by element
  kWeights = 8,       // has chunks of them
  kScaled = 16,       // whose chunks have bias, multipliers and shifts
  kOneSlice = 32,     // the runtime does it in one piece
  kHoldsSecond = 64,  // two operands, all rows of the second for each firing
  kAllChannels = 128  // each result needs all channels of its operand
};

// How a kind has elements of 16 bits; 0: it has none. The upper half is the
// bytes of a private sum, or of a unit of its state, if they are not 4.
enum WideTraits : uint8_t {
  kComputes16 = 1,  // as it does with bytes, with WideParams
  kMoves16 = 2,
  kAlways16 = 4,  // on one side at least
  kThreeStates16 = 6 << 4,
  kFourStates16 = 8 << 4,
  kSums64 = 8 << 4
};

// Which rows of the first operand a row of the result is made of.
enum class RowsFrom : uint8_t {
  kSame,  // or the only one
  kWindow,
  kScattered,  // those whose windows cover it
  kLine,       // row * stride + base
  kMap,        // a table says
  kBetween,    // two, between which a line lies
  kBlocks,     // a block of them
  kInBlocks,   // the one whose block it is in
  kBytes,      // those with the same bytes, in order
  kAll,
  kSteps,  // the same one, and all before it through a state of the actor's
  kNone
};

// The relation of columns and channels of operands to those of the result.
enum class ShapeRule : uint8_t {
  kAny,
  kChannels,   // as many
  kMultiple,   // of channels
  kReduced,    // as many, or one
  kPixels,     // as many columns and channels, and rows or one
  kBroadcast,  // of both operands: as many, or one
  kBlocks,
  kElements,  // as many in all
  kPlaces,    // one for each pixel, in two bytes
  kProduct    // of matrices
};

struct ActorKind {
  OpCode op;
  uint16_t params;  // int32 numbers, see params.h
  RowsFrom rows;
  ShapeRule shapes;
  uint8_t traits;
  uint8_t wide;  // WideTraits
};

inline constexpr ActorKind kActorKinds[] = {
    {OpCode::kConv, 0, RowsFrom::kWindow, ShapeRule::kAny,
     kSlides | kWeights | kScaled | kAllChannels, kComputes16 | kSums64},
    {OpCode::kDepthwise, 0, RowsFrom::kWindow, ShapeRule::kMultiple,
     kSlides | kWeights | kScaled, kComputes16 | kSums64},
    {OpCode::kTransposeConv, 0, RowsFrom::kScattered, ShapeRule::kAny,
     kSlides | kWeights | kScaled | kAllChannels, kComputes16 | kSums64},
    {OpCode::kAveragePool, 0, RowsFrom::kWindow, ShapeRule::kChannels, kSlides,
     kComputes16},
    {OpCode::kMaxPool, 0, RowsFrom::kWindow, ShapeRule::kChannels, kSlides,
     kComputes16},
    {OpCode::kReduceSum, kParamCount<ReduceParams>, RowsFrom::kWindow,
     ShapeRule::kReduced, kSlides | kReduces | kOneSlice, kComputes16},
    {OpCode::kReduceMax, 0, RowsFrom::kWindow, ShapeRule::kReduced,
     kSlides | kReduces | kOneSlice, 0},
    {OpCode::kAdd, kParamCount<AddParams>, RowsFrom::kSame,
     ShapeRule::kBroadcast, kBinary, kComputes16},
    {OpCode::kMul, kParamCount<MulParams>, RowsFrom::kSame,
     ShapeRule::kBroadcast, kBinary, kComputes16},
    {OpCode::kMaximum, 0, RowsFrom::kSame, ShapeRule::kBroadcast, kBinary,
     kComputes16},
    {OpCode::kMinimum, 0, RowsFrom::kSame, ShapeRule::kBroadcast, kBinary,
     kComputes16},
    {OpCode::kPrelu, kParamCount<PreluParams>, RowsFrom::kSame,
     ShapeRule::kBroadcast, kBinary, kComputes16},
    {OpCode::kLut, 0, RowsFrom::kSame, ShapeRule::kPixels, kWeights, 0},
    {OpCode::kSoftmax, kParamCount<SoftmaxParams>, RowsFrom::kSame,
     ShapeRule::kPixels, kAllChannels, 0},
    {OpCode::kMove, kParamCount<MoveParams>, RowsFrom::kLine, ShapeRule::kAny,
     0, kMoves16},
    {OpCode::kResize, 0, RowsFrom::kMap, ShapeRule::kChannels, 0, kMoves16},
    {OpCode::kSpaceToDepth, kParamCount<BlockParams>, RowsFrom::kBlocks,
     ShapeRule::kBlocks, kAllChannels, 0},
    {OpCode::kDepthToSpace, kParamCount<BlockParams>, RowsFrom::kInBlocks,
     ShapeRule::kBlocks, kAllChannels, 0},
    {OpCode::kTranspose, kParamCount<TransposeParams>, RowsFrom::kAll,
     ShapeRule::kAny, kOneSlice | kAllChannels, kMoves16},
    {OpCode::kReshape, 0, RowsFrom::kBytes, ShapeRule::kElements,
     kOneSlice | kAllChannels, kMoves16},
    {OpCode::kConstant, 0, RowsFrom::kNone, ShapeRule::kAny,
     kWeights | kOneSlice, kMoves16},
    {OpCode::kRequantize, 0, RowsFrom::kSame, ShapeRule::kPixels,
     kWeights | kScaled, 0},
    {OpCode::kDivide, kParamCount<MulParams>, RowsFrom::kSame,
     ShapeRule::kBroadcast, kBinary, 0},
    {OpCode::kSquaredDifference, kParamCount<SquaredDifferenceParams>,
     RowsFrom::kSame, ShapeRule::kBroadcast, kBinary, kComputes16},
    {OpCode::kLogSoftmax, kParamCount<LogSoftmaxParams>, RowsFrom::kSame,
     ShapeRule::kPixels, kAllChannels, 0},
    {OpCode::kBilinear, kParamCount<BilinearParams>, RowsFrom::kBetween,
     ShapeRule::kChannels, 0, 0},
    {OpCode::kArgMax, kParamCount<ArgParams>, RowsFrom::kSame,
     ShapeRule::kPlaces, kAllChannels, 0},
    {OpCode::kRunningSum, kParamCount<RunningSumParams>, RowsFrom::kSame,
     ShapeRule::kPixels, kAllChannels, 0},
    {OpCode::kMatmul, kParamCount<MulParams>, RowsFrom::kSame,
     ShapeRule::kProduct, kHoldsSecond | kAllChannels, kComputes16},
    {OpCode::kL2Norm, 0, RowsFrom::kSame, ShapeRule::kPixels, kAllChannels, 0},
    {OpCode::kProbability, kParamCount<ProbabilityParams>, RowsFrom::kSame,
     ShapeRule::kPixels, kAllChannels, 0},
    {OpCode::kRescale, kParamCount<RescaleParams>, RowsFrom::kSame,
     ShapeRule::kPixels, 0, kAlways16},
    {OpCode::kSigmoid, kParamCount<SigmoidParams>, RowsFrom::kSame,
     ShapeRule::kPixels, 0, kAlways16},
    {OpCode::kWideSoftmax, kParamCount<WideSoftmaxParams>, RowsFrom::kSame,
     ShapeRule::kPixels, kAllChannels, kAlways16},
    {OpCode::kLstm, kParamCount<LstmParams>, RowsFrom::kSteps,
     ShapeRule::kProduct, kWeights | kHoldsSecond | kAllChannels,
     kComputes16 | kThreeStates16},
    {OpCode::kCell, kParamCount<CellParams>, RowsFrom::kSteps,
     ShapeRule::kProduct, kWeights | kHoldsSecond | kAllChannels,
     kComputes16 | kFourStates16},
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

constexpr RowsFrom rows_of(OpCode op) {
  return is_known(op) ? kActorKinds[static_cast<int>(op) - 1].rows
                      : RowsFrom::kSame;
}
constexpr ShapeRule shapes_of(OpCode op) {
  return is_known(op) ? kActorKinds[static_cast<int>(op) - 1].shapes
                      : ShapeRule::kAny;
}

// Returns whether the actor keeps a state from row to row: it makes all rows
// and channels itself, one row a firing.
constexpr bool keeps_state(OpCode op) {
  return rows_of(op) == RowsFrom::kSteps;
}
constexpr bool has_window(OpCode op) { return has_trait(op, kSlides); }
constexpr bool is_reduction(OpCode op) { return has_trait(op, kReduces); }
constexpr bool is_binary(OpCode op) { return has_trait(op, kBinary); }
constexpr bool holds_second(OpCode op) { return has_trait(op, kHoldsSecond); }
constexpr bool has_weights(OpCode op) { return has_trait(op, kWeights); }
constexpr bool has_quantized_chunk(OpCode op) { return has_trait(op, kScaled); }
constexpr bool needs_all_channels(OpCode op) {
  return has_trait(op, kAllChannels);
}
constexpr bool runs_whole(OpCode op) { return has_trait(op, kOneSlice); }

constexpr int wide_traits(OpCode op) {
  return is_known(op) ? kActorKinds[static_cast<int>(op) - 1].wide : 0;
}
// Returns whether actors of the kind may have elements of 16 bits, and
// whether they always have; kRescale has them on one side at least.
constexpr bool is_always_wide(OpCode op) {
  return (wide_traits(op) & kAlways16) != 0;
}
constexpr bool computes_wide(OpCode op) {
  return (wide_traits(op) & kComputes16) != 0;
}
constexpr bool can_be_wide(OpCode op) {
  return (wide_traits(op) & (kComputes16 | kMoves16 | kAlways16)) != 0;
}
// Returns the number of parameters of an actor, WideParams included.
constexpr int param_count(OpCode op, bool is_wide) {
  const int own = param_count(op);
  return is_wide && computes_wide(op) ? own + kParamCount<WideParams> : own;
}
// Returns the bytes of a private sum, or of a unit of a state.
constexpr int sum_bytes(OpCode op, bool is_wide) {
  const int wide = wide_traits(op) >> 4;
  return is_wide && wide ? wide : 4;
}

}  // namespace shoal
