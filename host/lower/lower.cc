#include <algorithm>
#include <utility>

#include "host/base/error.h"
#include "host/lower/builder.h"
#include "host/lower/coalesce.h"
#include "host/lower/ends.h"
#include "host/lower/expand.h"
#include "host/lower/reorder.h"
#include "host/lower/turn.h"
#include "host/model/graph/operators.h"
#include "host/model/graph/require_int8.h"

namespace shoal {
namespace {

void lower_nothing(Builder&) {}

constexpr ByClass<void (*)(Builder&)> kLowerings(
    {{OpClass::kConvolution, lower_convolution},
     {OpClass::kFullyConnected, lower_fully_connected},
     {OpClass::kPool, lower_pool},
     {OpClass::kReduce, lower_reduce},
     {OpClass::kBinary, lower_binary},
     {OpClass::kResize, lower_resize},
     {OpClass::kBilinear, lower_bilinear},
     {OpClass::kMatmul, lower_matmul},
     {OpClass::kRecurrent, lower_lstm},
     {OpClass::kRunning, lower_running_sum},
     {OpClass::kArg, lower_arg},
     {OpClass::kCast, lower_cast},
     {OpClass::kBlocks, lower_blocks},
     {OpClass::kUnary, lower_unary},
     {OpClass::kSoftmax, lower_softmax},
     {OpClass::kQuantize, lower_quantize},
     {OpClass::kDequantize, lower_nothing}},  // the caller's; make_outputs
    lower_movement);

}  // namespace

namespace {

Net lower_expanded(const Graph& g, int most_columns) {
  std::string problems;
  for (const std::string& line : unsupported_operators(g)) {
    problems += (problems.empty() ? "" : "\n") + line;
  }
  if (!problems.empty()) {
    throw Error(Exit::kUnsupported, problems);
  }
  Builder b(g, most_columns);
  b.net().name = g.name;
  b.net().model_macs = model_macs(g);
  make_inputs(b);
  make_variables(b);
  assign_results(b, -1);
  const std::vector<Loop> loops = find_loops(g);
  auto loop = loops.begin();
  for (int k = 0; k < static_cast<int>(g.ops.size()); ++k) {
    const Op& op = g.ops[static_cast<size_t>(k)];
    if (loop != loops.end() && loop->first == k) {
      lower_loop(b, *loop);
      k = loop++->last - 1;
    } else if (!b.has(op.outputs[0])) {  // a loop has made its last states
      b.begin_op(k);
      kLowerings[class_of(op.kind)](b);
    }
    assign_results(b, k);
  }
  make_outputs(b);
  coalesce_copies(b.net(), b.part_copies());
  mark_turned(g, b.net());
  return held_first(std::move(b.net()));
}

}  // namespace

Net lower(const Graph& g) { return lower_turned(g, kMaxColumns); }

Net lower_turned(const Graph& g, int most_columns) {
  require_int8(g);
  if (!has_expansions(g)) return lower_expanded(g, most_columns);
  const Expanded expanded = expand(g);
  Net net = lower_expanded(expanded.graph, most_columns);
  for (Layer& l : net.layers) {
    if (l.file_op >= 0) l.file_op = expanded.from[l.file_op];
  }
  net.places.resize(g.tensors.size());
  return net;
}

}  // namespace shoal
