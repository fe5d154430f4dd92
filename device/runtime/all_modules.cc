// The table of programs that define none: all kinds of actors, and storage and
// peers if they are linked.
#include "device/runtime/modules.h"

extern "C" {
#pragma weak shoal_storage_module
#pragma weak shoal_link_module
}

namespace shoal {
namespace {

using Op = OpCode;

}  // namespace

__attribute__((weak)) extern const Modules modules = with_wide<
    Op::kConv, Op::kDepthwise, Op::kTransposeConv, Op::kAveragePool,
    Op::kMaxPool, Op::kReduceSum, Op::kAdd, Op::kMul, Op::kMaximum,
    Op::kMinimum, Op::kPrelu, Op::kSquaredDifference, Op::kMatmul, Op::kMove,
    Op::kResize, Op::kTranspose, Op::kReshape, Op::kConstant, Op::kRescale,
    Op::kSigmoid, Op::kWideSoftmax, Op::kLstm, Op::kCell>(with_int4(
    modules_with<Op::kConv, Op::kDepthwise, Op::kTransposeConv,
                 Op::kAveragePool, Op::kMaxPool, Op::kReduceSum, Op::kReduceMax,
                 Op::kAdd, Op::kMul, Op::kMaximum, Op::kMinimum, Op::kPrelu,
                 Op::kLut, Op::kSoftmax, Op::kMove, Op::kResize,
                 Op::kSpaceToDepth, Op::kDepthToSpace, Op::kTranspose,
                 Op::kReshape, Op::kConstant, Op::kRequantize, Op::kDivide,
                 Op::kSquaredDifference, Op::kLogSoftmax, Op::kBilinear,
                 Op::kArgMax, Op::kRunningSum, Op::kMatmul, Op::kL2Norm,
                 Op::kProbability, Op::kLstm, Op::kCell>(shoal_storage_module,
                                                         shoal_link_module)));

}  // namespace shoal
