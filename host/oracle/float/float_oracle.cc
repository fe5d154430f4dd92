#include "host/oracle/float/float_oracle.h"

#include <algorithm>
#include <cstring>

#include "host/base/error.h"
#include "host/base/floats.h"
#include "host/base/memory.h"
#include "host/model/graph/real_functions.h"
#include "host/oracle/float/call.h"
#include "host/oracle/int8/movement.h"
#include "host/oracle/int8/strides.h"

namespace shoal {
namespace {

using float_oracle::Call;
using float_oracle::Filter;

void require_float(const Graph& graph, size_t number, int tensor) {
  const Op& op = graph.ops[number];
  const Tensor& t = graph.tensors[tensor];
  if (t.type == Type::kFloat32 || is_bool(t) ||
      (is_wide(t.type) && !t.constant))
    return;
  throw Error(Exit::kUnsupported,
              "layer " + std::to_string(number) + " (" + op_name(op.kind) +
                  "): '" + t.name + "' is " + type_name(t.type) +
                  ", a float model computes in FLOAT32",
              "give the model before it was quantized");
}

oracle::ByteOperands operands_of(const Call& call) {
  oracle::ByteOperands all;
  for (size_t i = 0; i < call.op().inputs.size(); ++i) {
    const auto x = call.operand(i);
    all.inputs.push_back(
        {reinterpret_cast<const uint8_t*>(x.data()), x.size_bytes()});
  }
  for (size_t i = 0; i < call.op().outputs.size(); ++i) {
    const auto y = call.result(i);
    all.outputs.push_back(
        {reinterpret_cast<uint8_t*>(y.data()), y.size_bytes()});
  }
  return all;
}

void same_numbers(const Call& call) {
  std::ranges::copy(call.operand(), call.result().begin());
}

void movement(const Call& call) { oracle::movement(call, operands_of(call)); }

void unary(const Call& call) {
  real_unary(call.op().kind).floats(call.op(), call.operand(), call.result());
}

void binary(const Call& call) {
  const auto floats = real_binary(call.op().kind).floats;
  const auto a = call.operand(0), b = call.operand(1);
  const auto y = call.result();
  oracle::for_each_broadcast_run(call, [&](const oracle::BroadcastRun& run) {
    floats(call.op(), {&a[run.a], &b[run.b], run.a_step, run.b_step,
                       y.subspan(run.y, run.count)});
  });
}

void select(const Call& call) {
  oracle::select_elements(call, call.operand(0).data(), call.operand(1).data(),
                          call.operand(2).data(), call.result().data());
}

// Computes one step; run_loop() does the first one.
void delay(const Call& call) {
  std::ranges::copy(call.operand(1), call.result().begin());
}

constexpr ByOperator<void (*)(const Call&)> kEvaluate(
    {{OpKind::kConv2d, float_oracle::conv2d},
     {OpKind::kDepthwiseConv2d, float_oracle::depthwise_conv2d},
     {OpKind::kTransposeConv, float_oracle::transpose_conv},
     {OpKind::kAveragePool2d, float_oracle::average_pool},
     {OpKind::kMaxPool2d, float_oracle::max_pool},
     {OpKind::kMean, float_oracle::mean},
     {OpKind::kSum, float_oracle::sum},
     {OpKind::kDelay, delay},
     {OpKind::kReduceMax, float_oracle::highest},
     {OpKind::kReduceMin, float_oracle::lowest},
     {OpKind::kLogSoftmax, float_oracle::log_softmax},
     {OpKind::kL2Normalization, float_oracle::l2_norm}},
    {{OpClass::kFullyConnected, float_oracle::fully_connected},
     {OpClass::kMatmul, float_oracle::matmul},
     {OpClass::kRunning, float_oracle::running_sum},
     {OpClass::kArg, float_oracle::arg},
     {OpClass::kCast, same_numbers},
     {OpClass::kBilinear, float_oracle::bilinear},
     {OpClass::kBinary, binary},
     {OpClass::kSelect, select},
     {OpClass::kUnary, unary},
     {OpClass::kSoftmax, float_oracle::softmax},
     {OpClass::kQuantize, unary},
     {OpClass::kDequantize, unary}},
    movement);

// Returns the bytes of all that layers read and make; all of it is kept.
int64_t float_bytes(const Graph& graph) {
  int64_t values = 0;
  const auto add = [&](int t) {
    values = saturated_sum(values, element_count(graph.tensors[t].shape));
  };
  for (const int t : graph.inputs) add(t);
  for (const Op& op : graph.ops) {
    for (const int t : op.outputs) add(t);
  }
  return saturated_product(values, sizeof(float));
}

void evaluate(const Call& call) { kEvaluate[call.op().kind](call); }

}  // namespace

FloatOracle::FloatOracle(const Graph& graph, std::vector<float> floors)
    : graph_(graph), floors_(std::move(floors)), values_(graph.tensors.size()) {
  require_memory(float_bytes(graph), "the tensors of " + graph.name);
  for (size_t t = 0; t < graph.tensors.size(); ++t) {
    const Tensor& tensor = graph.tensors[t];
    if (tensor.constant && tensor.type == Type::kFloat32) {
      values_[t] = floats_of(tensor.data);
    } else if (tensor.constant && tensor.type == Type::kInt32) {
      std::vector<int32_t> numbers(tensor.data.size() / sizeof(int32_t));
      std::memcpy(numbers.data(), tensor.data.data(), tensor.data.size());
      values_[t].assign(numbers.begin(), numbers.end());
    } else if (tensor.constant && is_bool(tensor)) {
      values_[t].assign(tensor.data.begin(), tensor.data.end());
    }
  }
  for (size_t o = 0; o < graph.ops.size(); ++o) {
    const Op& op = graph.ops[o];
    for (int t : op.inputs) {
      if (t >= 0) require_float(graph, o, t);
    }
    for (int t : op.outputs) {
      require_float(graph, o, t);
      values_[t].resize(element_count(graph.tensors[t].shape));
    }
    filters_.push_back(float_oracle::make_filter(graph, op, values_));
  }
  reset_variables();
  for (const Loop& loop : find_loops(graph)) {
    Steps& s = loops_.emplace_back();
    s.loop = loop;
    s.graph = step_graph(graph, loop);
    s.read = loop_sequences(graph, loop);
    s.row.resize(values_.size());
    for (size_t t = 0; t < values_.size(); ++t) {
      const Tensor& tensor = s.graph.tensors[t];
      if (tensor.constant) {
        s.row[t] = values_[t];
      } else if (!tensor.shape.empty()) {
        s.row[t].resize(element_count(tensor.shape));
      }
    }
  }
}

void FloatOracle::run_loop(Steps& s) {
  for (int t = 0; t < s.loop.steps; ++t) {
    for (const int x : s.read) {
      const auto size = static_cast<ptrdiff_t>(s.row[x].size());
      std::copy_n(values_[x].begin() + t * size, size, s.row[x].begin());
    }
    for (int i = s.loop.first; i < s.loop.last; ++i) {
      const Op& op = graph_.ops[i];
      if (op.kind == OpKind::kDelay && t == 0) {
        s.row[op.outputs[0]] = values_[op.inputs[0]];
      } else {
        evaluate(Call(s.graph, op, filters_[i], s.row));
      }
      for (const int y : op.outputs) {
        const auto size = static_cast<ptrdiff_t>(s.row[y].size());
        std::copy_n(s.row[y].begin(), size, values_[y].begin() + t * size);
      }
    }
  }
}

void FloatOracle::reset_variables() {
  kept_.clear();
  for (const Variable& v : graph_.variables) {
    kept_.push_back(floats_of(v.initial));
    if (!v.initial.empty()) continue;
    kept_.back().assign(element_count(graph_.tensors[v.before].shape), 0.F);
  }
}

void FloatOracle::raise(int tensor) {
  if (floors_.empty()) return;
  raise_to(floors_[static_cast<size_t>(tensor)],
           values_[static_cast<size_t>(tensor)]);
}

const FloatValues& FloatOracle::run(std::span<const float> input) {
  int64_t wanted = 0;
  for (int t : graph_.inputs) wanted += element_count(graph_.tensors[t].shape);
  if (static_cast<int64_t>(input.size()) != wanted) {
    throw Error(Exit::kUsage, "the input has " + std::to_string(input.size()) +
                                  " values, " + graph_.name + " takes " +
                                  std::to_string(wanted));
  }
  for (size_t v = 0; v < kept_.size(); ++v) {
    values_[graph_.variables[v].before] = kept_[v];
  }
  for (int t : graph_.inputs) {
    const auto part = input.first(element_count(graph_.tensors[t].shape));
    values_[t].assign(part.begin(), part.end());
    raise(t);
    input = input.subspan(part.size());
  }
  auto loop = loops_.begin();
  for (size_t o = 0; o < graph_.ops.size(); ++o) {
    if (loop != loops_.end() && loop->loop.first == static_cast<int>(o)) {
      run_loop(*loop);
      o = static_cast<size_t>(loop++->loop.last) - 1;
    } else {
      evaluate(Call(graph_, graph_.ops[o], filters_[o], values_));
      for (const int y : graph_.ops[o].outputs) raise(y);
    }
  }
  for (size_t v = 0; v < kept_.size(); ++v) {
    kept_[v] = values_[graph_.variables[v].after];
  }
  return values_;
}

std::vector<float> FloatOracle::output() const {
  std::vector<float> all;
  for (int t : graph_.outputs) {
    all.insert(all.end(), values_[t].begin(), values_[t].end());
  }
  return all;
}

}  // namespace shoal
