// Names of operators: those that are converted, and what to use for others.
#include <algorithm>
#include <iterator>

#include "host/model/onnx/call.h"

namespace shoal::onnx_import {
namespace {

constexpr const char* kKnown[] = {"Abs",
                                  "Add",
                                  "And",
                                  "ArgMax",
                                  "ArgMin",
                                  "AveragePool",
                                  "BatchNormalization",
                                  "Cast",
                                  "Ceil",
                                  "Celu",
                                  "Clip",
                                  "Concat",
                                  "Constant",
                                  "ConstantOfShape",
                                  "Conv",
                                  "ConvTranspose",
                                  "Cos",
                                  "CumSum",
                                  "DepthToSpace",
                                  "DequantizeLinear",
                                  "Div",
                                  "Dropout",
                                  "DynamicQuantizeLinear",
                                  "Elu",
                                  "Equal",
                                  "Erf",
                                  "Exp",
                                  "Expand",
                                  "Flatten",
                                  "Floor",
                                  "GRU",
                                  "Gather",
                                  "GatherElements",
                                  "GatherND",
                                  "Gelu",
                                  "Gemm",
                                  "GlobalAveragePool",
                                  "GlobalMaxPool",
                                  "Greater",
                                  "GreaterOrEqual",
                                  "GroupNormalization",
                                  "HardSigmoid",
                                  "HardSwish",
                                  "Identity",
                                  "InstanceNormalization",
                                  "LRN",
                                  "LSTM",
                                  "LayerNormalization",
                                  "LeakyRelu",
                                  "Less",
                                  "LessOrEqual",
                                  "Log",
                                  "LogSoftmax",
                                  "LpNormalization",
                                  "MatMul",
                                  "Max",
                                  "MaxPool",
                                  "MaxUnpool",
                                  "Mean",
                                  "MeanVarianceNormalization",
                                  "Min",
                                  "Mish",
                                  "Mod",
                                  "Mul",
                                  "Neg",
                                  "Not",
                                  "Or",
                                  "PRelu",
                                  "Pad",
                                  "Pow",
                                  "QuantizeLinear",
                                  "RNN",
                                  "Range",
                                  "Reciprocal",
                                  "ReduceL1",
                                  "ReduceL2",
                                  "ReduceLogSum",
                                  "ReduceLogSumExp",
                                  "ReduceMax",
                                  "ReduceMean",
                                  "ReduceMin",
                                  "ReduceSum",
                                  "ReduceSumSquare",
                                  "Relu",
                                  "Reshape",
                                  "Resize",
                                  "Round",
                                  "Scatter",
                                  "ScatterElements",
                                  "ScatterND",
                                  "Selu",
                                  "Shape",
                                  "Shrink",
                                  "Sigmoid",
                                  "Sign",
                                  "Sin",
                                  "Size",
                                  "Slice",
                                  "Softmax",
                                  "Softplus",
                                  "Softsign",
                                  "SpaceToDepth",
                                  "Split",
                                  "Sqrt",
                                  "Squeeze",
                                  "Sub",
                                  "Sum",
                                  "Tanh",
                                  "ThresholdedRelu",
                                  "Tile",
                                  "Transpose",
                                  "Unsqueeze",
                                  "Upsample",
                                  "Where"};

constexpr const char* kIntegers =
    "its integers are read up to a Cast to FLOAT and a Mul by the scale, with "
    "moves, clamps and sums with constants and other products between (no sums "
    "if both matrices are computed), or as an INT32 output (if one is "
    "constant); put a Cast and a Mul behind it, or export QLinearConv or "
    "QLinearMatMul";

constexpr const char* kControlFlow =
    "control flow is not computed; export with fixed sizes, so that the "
    "exporter can write it out";

struct Instead {
  const char* type;
  const char* use;
};
constexpr Instead kInstead[] = {
    {"If", kControlFlow},
    {"Loop", kControlFlow},
    {"NonMaxSuppression", "leave it out, do it behind the network"},
    {"ConvInteger", kIntegers},
    {"MatMulInteger", kIntegers},
    {"QLinearConv", "an operand is missing"},
    {"QLinearMatMul", "an operand is missing"},
    {"Scan", kControlFlow},
    {"TopK", "leave it out, do it behind the network"},
};

}  // namespace

bool knows(const std::string& type) {
  return std::any_of(std::begin(kKnown), std::end(kKnown),
                     [&](const char* known) { return type == known; });
}

bool counts(const std::string& type) {
  constexpr const char* kCounting[] = {"Abs", "Add", "Div",  "Mod", "Mul",
                                       "Neg", "Pow", "Sign", "Sub"};
  return std::ranges::find(kCounting, type) != std::end(kCounting);
}

std::string replacement(const std::string& type) {
  for (const Instead& i : kInstead) {
    if (type == i.type) return i.use;
  }
  if (knows(type)) return "only on constants; compute it before the export";
  return "no operator of TensorFlow Lite that shoal computes; compose it of "
         "those that `shoal ops` lists";
}

std::string domain_advice(const std::string& domain) {
  if (domain == "ai.onnx.ml") return "; do it before or behind the network";
  if (domain == "com.microsoft") {
    return "; save the model without ONNX Runtime's optimizations, or leave "
           "this operator out when quantizing";
  }
  return "; export it as operators of ai.onnx";
}

}  // namespace shoal::onnx_import
