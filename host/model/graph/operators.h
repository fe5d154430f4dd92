// The facts of every operator, one row for each. Functions that do something
// with an operator (read, compute, lower, write it) stay with their pass; a
// pass finds its own by class, or by kind where operators of a class differ, in
// a table of its own (ByClass, ByKind).
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>

#include "host/model/graph/graph.h"

namespace shoal {

// Operators of the format that only say what a variable is: the importer takes
// them out of the graph.
inline constexpr int kCallOnceCode = 129, kVarHandleCode = 142,
                     kReadVariableCode = 143, kAssignVariableCode = 144;

// Runs another subgraph of the file, its decomposition.
inline constexpr int kCompositeCode = 206;

// Stands for several operators of the format.
inline constexpr int kNoCode = -1;

// A loop of the format, which import writes out: then it is the code of DELAY
// (loops.h).
inline constexpr int kWhileCode = 119;

// Operators that passes treat alike.
enum class OpClass : uint8_t {
  kConvolution,  // of a picture, with weights
  kFullyConnected,
  kMatmul,     // of two operands that are both computed, or one of them
  kRecurrent,  // a step for each row
  kPool,
  kReduce,
  kRunning,  // sums along an axis
  kArg,      // places along an axis
  kBinary,   // element by element, two operands
  kSelect,   // element by element, one of two operands by a third
  kBilinear,
  kJoin,  // from here on: bytes move, nothing is computed
  kPad,
  kMirror,
  kReshape,
  kTranspose,
  kSlice,
  kSplit,
  kGather,
  kResize,
  kBlocks,
  kBatches,
  kUnary,  // element by element, a table of 256 bytes
  kSoftmax,
  kCast,  // numbers keep their values
  kQuantize,
  kDequantize,
};
constexpr size_t kOpClasses = static_cast<size_t>(OpClass::kDequantize) + 1;
constexpr size_t kOpKinds = static_cast<size_t>(OpKind::kSoftmax) + 1;

// The relation of a result's bytes to those of the operands.
enum class ResultBytes : uint8_t {
  kComputed,    // in a scale of their own
  kSameScale,   // computed, in the scale of the operand
  kOfOperand,   // some of the operand's
  kOfOperands,  // some of all operands', which have one scale
};

// Numbers of .tflite's options tables.
enum class OptionsCode : int {
  kNone = 0,
  kConv2d = 1,
  kDepthwiseConv2d = 2,
  kPool2d = 5,
  kFullyConnected = 8,
  kSoftmax = 9,
  kConcatenation = 10,
  kAdd = 11,
  kL2Norm = 12,
  kResizeBilinear = 15,
  kCall = 16,
  kReshape = 17,
  kSpaceToDepth = 19,
  kMul = 21,
  kPad = 22,
  kGather = 23,
  kBatchToSpaceNd = 24,
  kSpaceToBatchNd = 25,
  kTranspose = 26,
  kReducer = 27,
  kSub = 28,
  kDiv = 29,
  kSqueeze = 30,
  kStridedSlice = 32,
  kExp = 33,
  kSplit = 35,
  kLogSoftmax = 36,
  kCast = 37,
  kDequantize = 38,
  kMaximumMinimum = 39,
  kArgMax = 40,
  kLess = 41,
  kNeg = 42,
  kPadV2 = 43,
  kGreater = 44,
  kGreaterEqual = 45,
  kLessEqual = 46,
  kSlice = 48,
  kTransposeConv = 49,
  kExpandDims = 52,
  kEqual = 53,
  kNotEqual = 54,
  kArgMin = 57,
  kPack = 59,
  kLogicalOr = 60,
  kLogicalAnd = 62,
  kLogicalNot = 63,
  kUnpack = 64,
  kFloorDiv = 65,
  kSquare = 66,
  kSequenceLstm = 71,
  kFloorMod = 72,
  kResizeNearestNeighbor = 74,
  kLeakyRelu = 75,
  kSquaredDifference = 76,
  kMirrorPad = 77,
  kAbs = 78,
  kSplitV = 79,
  kGatherNd = 83,
  kQuantize = 89,
  kHardSwish = 91,
  kWhile = 93,
  kDepthToSpace = 94,
  kSelectV2 = 98,
  kBatchMatmul = 101,
  kCumsum = 102,
  kCallOnce = 103,
  kVarHandle = 111,
  kReadVariable = 112,
  kAssignVariable = 113,
  kGelu = 116,
  kDynamicUpdateSlice = 117,
};

struct OpInfo {
  OpKind kind;
  const char* name;  // "CONV_2D" as in layers.tsv
  OpClass cls;
  ResultBytes result;
  // How a .tflite file has it.
  int code;
  OptionsCode options;
  bool needs_options;  // the defaults of an absent table would mean nothing
  int min_inputs, max_inputs;
  int max_outputs;
  const char* how;  // it runs: what streams, what is held whole
};

std::span<const OpInfo> all_operators();  // in the order of OpKind
const OpInfo& op_info(OpKind);
const OpInfo* find_op(int tflite_code);  // null: unsupported
// The name of any operator of the format: "RESIZE_BILINEAR", or "operator 999"
// if it is unknown; and what to use instead of an unsupported one.
std::string builtin_name(int tflite_code);
std::string replacement(int tflite_code);
inline OpClass class_of(OpKind kind) { return op_info(kind).cls; }

// Returns whether TensorFlow Lite Micro computes it with int16 activations and
// shoal does as well.
bool computes_int16(OpKind);

// Operands 1 and 2 are weights and bias.
bool has_weights(OpKind);
bool moves_bytes(OpKind);  // its class computes nothing

// Values of a pass, by key; a key that no row names has `rest`.
template <class Key, size_t kKeys, class F>
class OpTable {
 public:
  struct Row {
    Key key;
    F value;
  };
  constexpr OpTable(std::initializer_list<Row> rows, F rest = {}) {
    for (F& value : values_) value = rest;
    for (const Row& row : rows)
      values_[static_cast<size_t>(row.key)] = row.value;
  }
  constexpr const F& operator[](Key key) const {
    return values_[static_cast<size_t>(key)];
  }

 private:
  std::array<F, kKeys> values_{};
};
template <class F>
using ByClass = OpTable<OpClass, kOpClasses, F>;
template <class F>
using ByKind = OpTable<OpKind, kOpKinds, F>;

// A function of a pass for each operator: its own, else that of its class.
template <class F>
class ByOperator {
 public:
  constexpr ByOperator(std::initializer_list<typename ByKind<F>::Row> kinds,
                       std::initializer_list<typename ByClass<F>::Row> classes,
                       F rest = {})
      : kinds_(kinds), classes_(classes, rest) {}
  F operator[](OpKind kind) const {
    return kinds_[kind] != nullptr ? kinds_[kind] : classes_[class_of(kind)];
  }

 private:
  ByKind<F> kinds_;
  ByClass<F> classes_;
};

}  // namespace shoal
