#include "host/plan/text/op_names.h"

#include <cstddef>
#include <iterator>

#include "device/program/kinds.h"

namespace shoal {
namespace {

// In the order of OpCode.
constexpr const char* kNames[] = {"conv",
                                  "depthwise",
                                  "transpose_conv",
                                  "average_pool",
                                  "max_pool",
                                  "reduce_sum",
                                  "reduce_max",
                                  "add",
                                  "mul",
                                  "maximum",
                                  "minimum",
                                  "prelu",
                                  "table",
                                  "softmax",
                                  "move",
                                  "resize",
                                  "space_to_depth",
                                  "depth_to_space",
                                  "transpose",
                                  "reshape",
                                  "constant",
                                  "requantize",
                                  "divide",
                                  "squared_difference",
                                  "log_softmax",
                                  "bilinear",
                                  "arg_max",
                                  "running_sum",
                                  "matmul",
                                  "l2_norm",
                                  "probability",
                                  "rescale",
                                  "sigmoid",
                                  "wide_softmax",
                                  "lstm",
                                  "cell"};
static_assert(std::size(kNames) == kActorKindCount);

}  // namespace

const char* layer_op_name(OpCode op) {
  return is_known(op) ? kNames[static_cast<size_t>(op) - 1] : "?";
}

std::string short_name(const std::string& name, size_t width) {
  const std::string first = name.substr(0, name.find(';'));
  return first.size() > width ? "..." + first.substr(first.size() - width)
                              : first;
}

}  // namespace shoal
