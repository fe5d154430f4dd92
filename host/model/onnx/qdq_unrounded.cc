// Tensors of a QDQ model that nothing rounds.
#include <algorithm>
#include <map>
#include <set>

#include "host/model/graph/operators.h"
#include "host/model/graph/quantize.h"
#include "host/model/onnx/qdq.h"

namespace shoal::onnx_import {
namespace {

// Real models have no longer chains, as in host/model/import/functions.cc.
constexpr size_t kMostSteps = 64;

class Unrounded {
 public:
  explicit Unrounded(GraphBuilder& builder)
      : builder_(builder), graph_(builder.graph()) {
    for (size_t i = 0; i < graph_.ops.size(); ++i) {
      for (const int t : graph_.ops[i].outputs) makers_[t] = i;
      for (const int t : graph_.ops[i].inputs) {
        if (t >= 0) readers_[t].insert(i);
      }
    }
  }

  void fold_functions();
  void take_scales_from_readers();

 private:
  const Tensor& at(int t) const { return builder_.at(t); }
  bool is_output(int t) const {
    return std::ranges::find(graph_.outputs, t) != graph_.outputs.end();
  }
  static bool is_step(const Op& op) {
    const OpClass cls = class_of(op.kind);
    return (cls == OpClass::kUnary || cls == OpClass::kBinary) &&
           op.kind != OpKind::kQuantize && op.outputs.size() == 1;
  }
  bool is_scalar(int t) const {
    return at(t).constant && element_count(at(t).shape) == 1;
  }
  std::set<size_t> steps_to(size_t end, int& source);
  Op function_of(size_t end, const std::set<size_t>& steps, int source);

  GraphBuilder& builder_;
  Graph& graph_;
  std::map<int, size_t> makers_;
  std::map<int, std::set<size_t>> readers_;
};

// The operators that compute a rounded result, element by element, from one
// rounded tensor; none if there is no such chain, or something else needs a
// value inside of it. A single operator of rounded tensors alone is none, too.
std::set<size_t> Unrounded::steps_to(size_t end, int& source) {
  const int result = graph_.ops[end].outputs[0];
  std::set<size_t> steps = {end};
  std::vector<int> open = graph_.ops[end].inputs;
  bool plain = true;
  while (!open.empty()) {
    const int t = open.back();
    open.pop_back();
    if (is_scalar(t)) {
      plain = plain && builder_.noted(t);
      continue;
    }
    if (at(t).constant || at(t).shape != at(result).shape) return {};
    if (builder_.noted(t)) {
      if (source >= 0 && source != t) return {};
      source = t;
      continue;
    }
    plain = false;
    const auto made = makers_.find(t);
    if (made == makers_.end() || is_output(t) ||
        !is_step(graph_.ops[made->second]) || steps.size() == kMostSteps) {
      return {};
    }
    steps.insert(made->second);
    const std::vector<int>& more = graph_.ops[made->second].inputs;
    open.insert(open.end(), more.begin(), more.end());
  }
  const bool apart = std::ranges::all_of(steps, [&](size_t i) {
    return i == end ||
           std::ranges::includes(steps, readers_[graph_.ops[i].outputs[0]]);
  });
  if (plain || source < 0 || !apart) return {};
  return steps;
}

Op Unrounded::function_of(size_t end, const std::set<size_t>& steps,
                          int source) {
  FunctionAttr function;
  std::map<int, int> values = {{source, 0}};
  for (const size_t i : steps) {
    const Op& op = graph_.ops[i];
    Op step{op.kind, {}, {}, op.attr};
    for (const int t : op.inputs) {
      if (is_scalar(t)) {
        function.constants.push_back(builder_.values(t)[0]);
        step.inputs.push_back(-static_cast<int>(function.constants.size()));
      } else {
        step.inputs.push_back(values.at(t));
      }
    }
    function.steps.push_back(std::move(step));
    values[op.outputs[0]] = static_cast<int>(function.steps.size());
  }
  return {OpKind::kFunction,
          {source},
          graph_.ops[end].outputs,
          std::move(function)};
}

void Unrounded::fold_functions() {
  std::set<size_t> gone;
  std::map<size_t, Op> functions;
  for (size_t end = 0; end < graph_.ops.size(); ++end) {
    if (!is_step(graph_.ops[end]) ||
        !builder_.noted(graph_.ops[end].outputs[0])) {
      continue;
    }
    int source = -1;
    const std::set<size_t> steps = steps_to(end, source);
    if (steps.empty()) continue;
    functions.emplace(end, function_of(end, steps, source));
    gone.insert(steps.begin(), steps.end());
  }
  std::vector<Op> ops;
  for (size_t i = 0; i < graph_.ops.size(); ++i) {
    const auto function = functions.find(i);
    if (function != functions.end()) {
      ops.push_back(std::move(function->second));
    } else if (!gone.contains(i)) {
      ops.push_back(std::move(graph_.ops[i]));
    }
  }
  graph_.ops = std::move(ops);
}

// Rounding commutes with movement and with clamps: a tensor that only such an
// operator reads can take its result's scale, and a constant be rounded to it
// (a single number is part of a function, see fold_functions).
void Unrounded::take_scales_from_readers() {
  for (auto op = graph_.ops.rbegin(); op != graph_.ops.rend(); ++op) {
    const bool commutes = op->kind == OpKind::kRelu ||
                          op->kind == OpKind::kRelu6 ||
                          op_info(op->kind).result >= ResultBytes::kOfOperand;
    // Truth values, by which a SELECT_V2 chooses, have no scale.
    if (!commutes || op->kind == OpKind::kSelectV2 ||
        !builder_.noted(op->outputs[0])) {
      continue;
    }
    const QuantNote& note = builder_.note(op->outputs[0]);
    for (const int t : op->inputs) {
      if (t < 0 || builder_.noted(t) || readers_[t].size() != 1) continue;
      if (at(t).constant) {
        if (is_scalar(t)) continue;
        round_to(builder_, t, note);
      } else if (!is_output(t) && makers_.contains(t)) {
        builder_.note(t) = note;
      }
    }
  }
}

}  // namespace

void round_to(GraphBuilder& builder, int constant, const QuantNote& note) {
  std::vector<float> values = builder.values(constant);
  const float scale = note.quant.scale[0];
  const int zero = note.quant.zero[0];
  for (float& v : values) {
    v = static_cast<float>(round_to_byte(double{v} / scale, zero) - zero) *
        scale;
  }
  builder.set_values(constant, values);
  builder.note(constant) = note;
}

void round_what_is_unrounded(GraphBuilder& builder) {
  Unrounded(builder).take_scales_from_readers();
  Unrounded(builder).fold_functions();
}

}  // namespace shoal::onnx_import
