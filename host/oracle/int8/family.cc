#include "host/base/error.h"
#include "host/oracle/int8/op_view.h"

namespace shoal::oracle {

Family family_of(OpKind kind) {
  switch (kind) {
    case OpKind::kConv2d:
    case OpKind::kDepthwiseConv2d:
    case OpKind::kFullyConnected:
    case OpKind::kTransposeConv:
      return Family::kConvolution;
    case OpKind::kAveragePool2d:
    case OpKind::kMaxPool2d:
      return Family::kPool;
    case OpKind::kMean:
    case OpKind::kSum:
    case OpKind::kReduceMax:
      return Family::kReduce;
    case OpKind::kAdd:
    case OpKind::kSub:
    case OpKind::kMul:
    case OpKind::kMaximum:
    case OpKind::kMinimum:
    case OpKind::kPrelu:
      return Family::kElementwise;
    case OpKind::kConcatenation:
    case OpKind::kPad:
    case OpKind::kPadv2:
    case OpKind::kReshape:
    case OpKind::kSqueeze:
    case OpKind::kExpandDims:
    case OpKind::kTranspose:
    case OpKind::kSlice:
    case OpKind::kStridedSlice:
    case OpKind::kSplit:
    case OpKind::kResizeNearestNeighbor:
    case OpKind::kSpaceToDepth:
    case OpKind::kDepthToSpace:
      return Family::kMovement;
    case OpKind::kQuantize:
    case OpKind::kDequantize:
    case OpKind::kRelu:
    case OpKind::kRelu6:
    case OpKind::kLeakyRelu:
    case OpKind::kLogistic:
    case OpKind::kTanh:
    case OpKind::kHardSwish:
    case OpKind::kSoftmax:
      return Family::kActivation;
  }
  throw Error(Exit::kInternal, "an operator of no known kind");
}

}  // namespace shoal::oracle
