#include "host/base/error.h"
#include "host/lower/builder.h"
#include "host/lower/coalesce.h"
#include "host/lower/ends.h"
#include "host/model/graph/require_int8.h"

namespace shoal {
namespace {

void lower_op(Builder& b) {
  const Op& op = b.op();
  switch (op.kind) {
    case OpKind::kConv2d:
    case OpKind::kDepthwiseConv2d:
    case OpKind::kTransposeConv:
      return lower_convolution(b);
    case OpKind::kFullyConnected:
      return lower_fully_connected(b);
    case OpKind::kAveragePool2d:
    case OpKind::kMaxPool2d:
      return lower_pool(b);
    case OpKind::kAdd:
    case OpKind::kSub:
    case OpKind::kMul:
    case OpKind::kMaximum:
    case OpKind::kMinimum:
    case OpKind::kPrelu:
      return lower_binary(b);
    case OpKind::kMean:
    case OpKind::kSum:
    case OpKind::kReduceMax:
      return lower_reduce(b);
    case OpKind::kConcatenation:
      return lower_concatenation(b);
    case OpKind::kPad:
    case OpKind::kPadv2:
      return lower_pad(b);
    case OpKind::kReshape:
    case OpKind::kSqueeze:
    case OpKind::kExpandDims:
      return lower_reshape(b);
    case OpKind::kTranspose:
      return lower_transpose(b);
    case OpKind::kSlice:
    case OpKind::kStridedSlice:
      return lower_slice(b);
    case OpKind::kSplit:
      return lower_split(b);
    case OpKind::kResizeNearestNeighbor:
      return lower_resize(b);
    case OpKind::kSpaceToDepth:
    case OpKind::kDepthToSpace:
      return lower_blocks(b);
    case OpKind::kQuantize:
      if (b.tensor(op.inputs[0]).type == Type::kFloat32) {
        // The caller has quantized: the input's tensor holds the result.
        return b.set(op.outputs[0], b.raw(op.inputs[0]));
      }
      return lower_unary(b);
    case OpKind::kRelu:
    case OpKind::kRelu6:
    case OpKind::kLeakyRelu:
    case OpKind::kLogistic:
    case OpKind::kTanh:
    case OpKind::kHardSwish:
      return lower_unary(b);
    case OpKind::kSoftmax:
      return lower_softmax(b);
    case OpKind::kDequantize:
      return;  // the caller's; see make_outputs
  }
}

}  // namespace

Net lower(const Graph& g) {
  require_int8(g);
  std::string problems;
  for (const std::string& line : unsupported_operators(g)) {
    problems += (problems.empty() ? "" : "\n") + line;
  }
  if (!problems.empty()) {
    throw Error(Exit::kUnsupported, problems);
  }
  Builder b(g);
  b.net().name = g.name;
  b.net().model_macs = model_macs(g);
  make_inputs(b);
  for (size_t k = 0; k < g.ops.size(); ++k) {
    b.begin_op(static_cast<int>(k));
    lower_op(b);
  }
  make_outputs(b);
  coalesce_copies(b.net(), b.part_copies());
  return std::move(b.net());
}

}  // namespace shoal
