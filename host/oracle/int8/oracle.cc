#include "host/oracle/int8/oracle.h"

#include <algorithm>

#include "host/base/error.h"
#include "host/base/memory.h"
#include "host/model/graph/loops.h"
#include "host/model/graph/wide.h"
#include "host/oracle/int8/call.h"
#include "host/oracle/int8/wide.h"

namespace shoal {
namespace {

void flip_sign_bits(std::span<uint8_t> bytes) {
  for (uint8_t& b : bytes) b ^= 0x80;
}

void movement(const oracle::Call& call) {
  oracle::movement(call, call.operands());
}

// Computes the result once the loop has made all rows of its operand.
void delay(const oracle::Call& call) {
  const auto initial = call.bytes(0), after = call.bytes(1);
  const auto y = call.result_bytes();
  std::ranges::copy(initial, y.begin());
  std::ranges::copy(after.first(y.size() - initial.size()),
                    y.begin() + static_cast<ptrdiff_t>(initial.size()));
}

constexpr ByOperator<void (*)(const oracle::Call&)> kEvaluate(
    {{OpKind::kConv2d, oracle::conv2d},
     {OpKind::kDepthwiseConv2d, oracle::depthwise_conv2d},
     {OpKind::kTransposeConv, oracle::transpose_conv},
     {OpKind::kReduceMax, oracle::extreme_byte},
     {OpKind::kReduceMin, oracle::extreme_byte},
     {OpKind::kDelay, delay},
     {OpKind::kLogSoftmax, oracle::log_softmax},
     {OpKind::kL2Normalization, oracle::l2_norm}},
    {{OpClass::kFullyConnected, oracle::fully_connected},
     {OpClass::kMatmul, oracle::matmul},
     {OpClass::kRecurrent, oracle::lstm},
     {OpClass::kRunning, oracle::running_sum},
     {OpClass::kArg, oracle::arg},
     {OpClass::kCast, oracle::cast},
     {OpClass::kBilinear, oracle::bilinear},
     {OpClass::kPool, oracle::pool},
     {OpClass::kReduce, oracle::rescaled_sum},
     {OpClass::kBinary, oracle::binary},
     {OpClass::kSelect, oracle::select},
     {OpClass::kUnary, oracle::unary},
     {OpClass::kSoftmax, oracle::softmax},
     {OpClass::kQuantize, oracle::quantize},
     {OpClass::kDequantize, oracle::dequantize}},
    movement);

// The same with int16 activations; what moves only is the same.
constexpr ByOperator<void (*)(const oracle::Call&)> kEvaluateWide(
    {{OpKind::kConv2d, oracle::wide_conv2d},
     {OpKind::kDepthwiseConv2d, oracle::wide_depthwise_conv2d},
     {OpKind::kTransposeConv, oracle::wide_transpose_conv},
     {OpKind::kDelay, delay}},
    {{OpClass::kFullyConnected, oracle::wide_fully_connected},
     {OpClass::kMatmul, oracle::wide_matmul},
     {OpClass::kRecurrent, oracle::wide_lstm},
     {OpClass::kPool, oracle::wide_pool},
     {OpClass::kReduce, oracle::wide_sum},
     {OpClass::kBinary, oracle::wide_binary},
     {OpClass::kUnary, oracle::wide_unary},
     {OpClass::kQuantize, oracle::wide_unary},
     {OpClass::kDequantize, oracle::wide_dequantize},
     {OpClass::kSoftmax, oracle::wide_softmax}},
    movement);

int64_t byte_count(const Tensor& t) {
  return element_count(t.shape) * type_bytes(t.type);
}

}  // namespace

void evaluate(const Graph& graph, const Op& op, Values& values) {
  const oracle::Call call(graph, op, values);
  (is_wide_op(graph, op) ? kEvaluateWide : kEvaluate)[op.kind](call);
}

void evaluate_loop(const Graph& graph, const Loop& loop, Values& values) {
  const Graph step = step_graph(graph, loop);
  const std::vector<int> read = loop_sequences(graph, loop);
  Values row(values.size());
  for (int t = 0; t < loop.steps; ++t) {
    for (const int x : read) {
      const auto size = static_cast<ptrdiff_t>(byte_count(step.tensors[x]));
      const auto from = values[x].begin() + t * size;
      row[x].assign(from, from + size);
    }
    for (int i = loop.first; i < loop.last; ++i) {
      const Op& op = graph.ops[i];
      if (op.kind == OpKind::kDelay) {
        const Tensor& initial = graph.tensors[op.inputs[0]];
        const auto& before = t > 0              ? row[op.inputs[1]]
                             : initial.constant ? initial.data
                                                : values[op.inputs[0]];
        row[op.outputs[0]] = before;
      } else {
        evaluate(step, op, row);
      }
      for (const int y : op.outputs) {
        if (t == 0) values[y].clear();
        values[y].insert(values[y].end(), row[y].begin(), row[y].end());
      }
    }
  }
}

int64_t oracle_bytes(const Graph& graph) {
  int64_t bytes = 0;
  const auto add = [&](int t) {
    const Tensor& tensor = graph.tensors[t];
    bytes = saturated_sum(bytes, saturated_product(element_count(tensor.shape),
                                                   type_bytes(tensor.type)));
  };
  for (const int t : graph.inputs) add(t);
  for (const Op& op : graph.ops) {
    for (const int t : op.outputs) add(t);
  }
  return bytes;
}

Values run_oracle(const Graph& graph, std::span<const uint8_t> input) {
  Kept kept = initial_values(graph);
  return run_oracle(graph, input, kept);
}

Kept initial_values(const Graph& graph) {
  Kept kept;
  for (const Variable& v : graph.variables) {
    const Tensor& t = graph.tensors[v.before];
    kept.push_back(v.initial);
    if (kept.back().empty()) {
      kept.back().assign(byte_count(t), static_cast<uint8_t>(t.zero()));
    }
  }
  return kept;
}

Values run_oracle(const Graph& graph, std::span<const uint8_t> input,
                  Kept& kept) {
  require_memory(oracle_bytes(graph), "the reference results of " + graph.name);
  Values values(graph.tensors.size());
  for (size_t v = 0; v < kept.size(); ++v) {
    values[graph.variables[v].before] = kept[v];
  }
  set_inputs(graph, input, values);
  const std::vector<Loop> loops = find_loops(graph);
  auto loop = loops.begin();
  for (int i = 0; i < static_cast<int>(graph.ops.size()); ++i) {
    if (loop != loops.end() && loop->first == i) {
      evaluate_loop(graph, *loop, values);
      i = loop++->last - 1;
    } else {
      evaluate(graph, graph.ops[i], values);
    }
  }
  kept = assigned_values(graph, values);
  return values;
}

Kept assigned_values(const Graph& graph, const Values& values) {
  Kept kept;
  for (const Variable& v : graph.variables) {
    const Tensor& t = graph.tensors[v.after];
    kept.push_back(t.constant ? t.data : values[v.after]);
  }
  return kept;
}

void set_inputs(const Graph& graph, std::span<const uint8_t> input,
                Values& values) {
  int64_t wanted = 0;
  for (int t : graph.inputs) wanted += byte_count(graph.tensors[t]);
  if (static_cast<int64_t>(input.size()) != wanted) {
    throw Error(Exit::kUsage, "the input has " + std::to_string(input.size()) +
                                  " bytes, " + graph.name + " takes " +
                                  std::to_string(wanted));
  }
  values.resize(graph.tensors.size());
  for (int t : graph.inputs) {
    const Tensor& tensor = graph.tensors[t];
    const auto part = input.first(byte_count(tensor));
    values[t] = file_bytes(graph, t, part);
    input = input.subspan(part.size());
  }
}

std::vector<uint8_t> file_bytes(const Graph& graph, int tensor,
                                std::span<const uint8_t> value) {
  std::vector<uint8_t> bytes(value.begin(), value.end());
  if (graph.tensors[tensor].file_type == Type::kUint8) flip_sign_bits(bytes);
  return bytes;
}

std::vector<uint8_t> model_output(const Graph& graph, const Values& values) {
  std::vector<uint8_t> result;
  for (int t : graph.outputs) {
    const Tensor& tensor = graph.tensors[t];
    const auto part =
        file_bytes(graph, t, tensor.constant ? tensor.data : values[t]);
    result.insert(result.end(), part.begin(), part.end());
  }
  return result;
}

}  // namespace shoal
