// Converters that do not know a function in int8 write it in float32: between a
// DEQUANTIZE and a QUANTIZE stand operators that compute element by element.
// Such an island maps each of 256 bytes to one byte, so it runs as a table.
#include <algorithm>
#include <cstring>
#include <map>
#include <set>

#include "host/model/graph/quantize.h"
#include "host/model/import/raw_passes.h"

namespace shoal {
namespace {

// Longer chains are made up: the longest that exporters write has ten steps.
constexpr size_t kMostSteps = 64;

class FunctionMarks {
 public:
  explicit FunctionMarks(RawModel& raw) : raw_(raw) {}

  void run() {
    for (size_t i = 0; i < raw_.ops.size(); ++i) {
      for (const int t : raw_.ops[i].outputs) makers_[t] = i;
      for (const int t : raw_.ops[i].inputs) readers_[t].insert(i);
    }
    for (size_t i = 0; i < raw_.ops.size(); ++i) {
      if (ends_function(raw_.ops[i])) collect(i);
    }
    while (drop_those_read_elsewhere()) {
    }
    for (const auto& [end, steps] : functions_) {
      raw_.ops[end].in_function = true;
      for (const size_t i : steps) raw_.ops[i].in_function = true;
    }
  }

 private:
  const RawTensor& tensor(int t) const {
    return raw_.tensors[static_cast<size_t>(t)];
  }
  bool is_float(int t) const {
    return t >= 0 && tensor(t).type == kCodeFloat32;
  }

  bool ends_function(const RawOp& op) const {
    return is_kind(op, OpKind::kQuantize) && op.inputs.size() == 1 &&
           op.outputs.size() == 1 && is_float(op.inputs[0]) &&
           op.outputs[0] >= 0 && is_byte_tensor(tensor(op.outputs[0])) &&
           makers_.contains(op.inputs[0]);
  }

  bool is_scalar(int t) const {
    const uint32_t buffer = tensor(t).buffer;
    return buffer < raw_.buffers.size() &&
           raw_.buffers[buffer].size() == sizeof(float) &&
           element_count(tensor(t).shape) == 1;
  }

  // The steps from the function's end back to its DEQUANTIZE.
  void collect(size_t end) {
    std::set<size_t> steps;
    std::vector<int> open = {raw_.ops[end].inputs[0]};
    const Shape& shape = tensor(raw_.ops[end].outputs[0]).shape;
    int bytes = -1;  // what the DEQUANTIZE reads
    while (!open.empty()) {
      const int t = open.back();
      open.pop_back();
      if (!is_float(t)) return;
      if (is_scalar(t)) continue;
      const auto made = makers_.find(t);
      if (made == makers_.end() || tensor(t).shape != shape) return;
      const RawOp& op = raw_.ops[made->second];
      if (is_kind(op, OpKind::kDequantize)) {
        if (op.inputs.size() != 1 || op.inputs[0] < 0 ||
            (bytes >= 0 && bytes != op.inputs[0]) ||
            !is_byte_tensor(tensor(op.inputs[0]))) {
          return;
        }
        bytes = op.inputs[0];
        continue;
      }
      if (!is_step(op)) return;
      if (!steps.insert(made->second).second) continue;
      if (steps.size() > kMostSteps) return;
      open.insert(open.end(), op.inputs.begin(), op.inputs.end());
    }
    if (bytes >= 0 && !steps.empty()) functions_[end] = std::move(steps);
  }

  static bool is_step(const RawOp& op) {
    const OpInfo* info = find_op(op.code);
    if (info == nullptr || op.outputs.size() != 1) return false;
    const size_t operands = info->cls == OpClass::kUnary    ? 1
                            : info->cls == OpClass::kBinary ? 2
                                                            : 0;
    return operands != 0 && op.inputs.size() == operands;
  }

  // A step whose result something else needs as well stays what it is.
  bool drop_those_read_elsewhere() {
    std::set<size_t> marked;
    for (const auto& [end, steps] : functions_) {
      marked.insert(end);
      marked.insert(steps.begin(), steps.end());
    }
    const auto read_elsewhere = [&](size_t step) {
      const int t = raw_.ops[step].outputs[0];
      return std::ranges::find(raw_.outputs, t) != raw_.outputs.end() ||
             !std::ranges::includes(marked, readers_[t]);
    };
    return std::erase_if(functions_, [&](const auto& function) {
             return std::ranges::any_of(function.second, read_elsewhere);
           }) > 0;
  }

  RawModel& raw_;
  std::map<int, size_t> makers_;                  // of tensors
  std::map<int, std::set<size_t>> readers_;       // of tensors
  std::map<size_t, std::set<size_t>> functions_;  // steps, by the QUANTIZE
};

class FunctionFold {
 public:
  FunctionFold(Graph& graph, const RawModel& raw) : graph_(graph), raw_(raw) {}

  void run() {
    for (size_t i = 0; i < graph_.ops.size(); ++i) {
      for (const int t : graph_.ops[i].outputs) makers_[t] = i;
    }
    std::vector<bool> gone(graph_.ops.size());
    bool any = false;
    for (size_t i = 0; i < graph_.ops.size(); ++i) {
      if (!raw_.ops[i].in_function) continue;
      any = true;
      gone[i] = graph_.ops[i].kind != OpKind::kQuantize;
    }
    if (!any) return;
    std::vector<Op> folded = graph_.ops;
    for (size_t i = 0; i < graph_.ops.size(); ++i) {
      if (raw_.ops[i].in_function && !gone[i]) folded[i] = fold(graph_.ops[i]);
    }
    std::set<int> read(graph_.outputs.begin(), graph_.outputs.end());
    for (size_t i = 0; i < folded.size(); ++i) {
      if (!gone[i])
        read.insert(folded[i].inputs.begin(), folded[i].inputs.end());
    }
    const std::vector<int> numbers = graph_.file_numbers;
    graph_.ops.clear();
    graph_.file_numbers.clear();
    for (size_t i = 0; i < folded.size(); ++i) {
      const bool unread = folded[i].kind == OpKind::kDequantize &&
                          !read.contains(folded[i].outputs[0]);
      if (gone[i] || unread) continue;
      graph_.ops.push_back(std::move(folded[i]));
      graph_.file_numbers.push_back(numbers.empty() ? static_cast<int>(i)
                                                    : numbers[i]);
    }
  }

 private:
  Op fold(const Op& quantize) {
    function_ = {};
    values_.clear();
    value_of(quantize.inputs[0]);
    return {
        OpKind::kFunction, {source_}, quantize.outputs, std::move(function_)};
  }

  // The operand of a step that the tensor is; adds the steps before it.
  int value_of(int t) {
    const Tensor& tensor = graph_.tensors[static_cast<size_t>(t)];
    if (tensor.constant) {
      float value = 0;
      std::memcpy(&value, tensor.data.data(), sizeof value);
      function_.constants.push_back(value);
      return -static_cast<int>(function_.constants.size());
    }
    if (const auto known = values_.find(t); known != values_.end()) {
      return known->second;
    }
    const Op& maker = graph_.ops[makers_.at(t)];
    if (maker.kind == OpKind::kDequantize) {
      source_ = maker.inputs[0];
      return values_[t] = 0;
    }
    Op step{maker.kind, {}, {}, maker.attr};
    for (const int operand : maker.inputs) {
      step.inputs.push_back(value_of(operand));
    }
    function_.steps.push_back(std::move(step));
    return values_[t] = static_cast<int>(function_.steps.size());
  }

  Graph& graph_;
  const RawModel& raw_;
  std::map<int, size_t> makers_;  // of tensors
  FunctionAttr function_;
  std::map<int, int> values_;  // operands of steps, by tensor
  int source_ = -1;
};

}  // namespace

void mark_functions(RawModel& raw) { FunctionMarks(raw).run(); }

void fold_functions(Graph& graph, const RawModel& raw) {
  FunctionFold(graph, raw).run();
}

}  // namespace shoal
