#include "host/plan/text/op_names.h"

namespace shoal {

const char* layer_op_name(OpCode op) {
  switch (op) {
    case OpCode::kConv:
      return "conv";
    case OpCode::kDepthwise:
      return "depthwise";
    case OpCode::kTransposeConv:
      return "transpose_conv";
    case OpCode::kAveragePool:
      return "average_pool";
    case OpCode::kMaxPool:
      return "max_pool";
    case OpCode::kReduceSum:
      return "reduce_sum";
    case OpCode::kReduceMax:
      return "reduce_max";
    case OpCode::kAdd:
      return "add";
    case OpCode::kMul:
      return "mul";
    case OpCode::kMaximum:
      return "maximum";
    case OpCode::kMinimum:
      return "minimum";
    case OpCode::kPrelu:
      return "prelu";
    case OpCode::kLut:
      return "table";
    case OpCode::kSoftmax:
      return "softmax";
    case OpCode::kMove:
      return "move";
    case OpCode::kResize:
      return "resize";
    case OpCode::kSpaceToDepth:
      return "space_to_depth";
    case OpCode::kDepthToSpace:
      return "depth_to_space";
    case OpCode::kTranspose:
      return "transpose";
    case OpCode::kReshape:
      return "reshape";
    case OpCode::kConstant:
      return "constant";
    case OpCode::kRequantize:
      return "requantize";
  }
  return "?";
}

}  // namespace shoal
