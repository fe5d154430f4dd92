// Converters that do not know a function in int8 write it in float32: between a
// DEQUANTIZE and a QUANTIZE stand operators that compute element by element.
// Such an island maps each of 256 bytes to one byte, so it runs as a table.
#include <algorithm>
#include <cmath>
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
      if (ends_function(raw_.ops[i]) && !collect_softmax(i)) collect(i);
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

  // A SOFTMAX between the two: each byte follows from those of a row.
  bool collect_softmax(size_t end) {
    const auto made = makers_.find(raw_.ops[end].inputs[0]);
    const RawOp& op = raw_.ops[made->second];
    if (!is_kind(op, OpKind::kSoftmax) || op.inputs.size() != 1 ||
        op.outputs.size() != 1 || !is_float(op.inputs[0]) ||
        !(op.options.value > 0) || !std::isfinite(op.options.value)) {
      return false;
    }
    const auto before = makers_.find(op.inputs[0]);
    if (before == makers_.end()) return false;
    const RawOp& from = raw_.ops[before->second];
    const Shape& shape = tensor(raw_.ops[end].outputs[0]).shape;
    if (!is_kind(from, OpKind::kDequantize) || from.inputs.size() != 1 ||
        from.inputs[0] < 0 || !is_byte_tensor(tensor(from.inputs[0])) ||
        tensor(from.inputs[0]).shape != shape || shape.empty()) {
      return false;
    }
    functions_[end] = {made->second};
    return true;
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
      if (!gone[i]) {
        read.insert(folded[i].inputs.begin(), folded[i].inputs.end());
      }
    }
    for (size_t i = 0; i < folded.size(); ++i) {
      if (folded[i].kind == OpKind::kDequantize &&
          !read.contains(folded[i].outputs[0])) {
        gone[i] = true;
      }
    }
    keep(std::move(folded), gone);
    drop_tensors(gone);
  }

 private:
  void keep(std::vector<Op> ops, const std::vector<bool>& gone) {
    const std::vector<int> numbers = graph_.file_numbers;
    graph_.ops.clear();
    graph_.file_numbers.clear();
    for (size_t i = 0; i < ops.size(); ++i) {
      if (gone[i]) continue;
      graph_.ops.push_back(std::move(ops[i]));
      graph_.file_numbers.push_back(numbers.empty() ? static_cast<int>(i)
                                                    : numbers[i]);
    }
  }

  // Tensors that only operators had that are gone.
  void drop_tensors(const std::vector<bool>& gone) {
    std::set<int> kept(graph_.inputs.begin(), graph_.inputs.end());
    std::set<int> dropped;
    kept.insert(graph_.outputs.begin(), graph_.outputs.end());
    for (size_t i = 0; i < gone.size(); ++i) {
      std::set<int>& owners = gone[i] ? dropped : kept;
      owners.insert(raw_.ops[i].inputs.begin(), raw_.ops[i].inputs.end());
      // The QUANTIZE at the end of a function no longer reads the last step.
      if (raw_.ops[i].in_function && !gone[i]) {
        dropped.insert(raw_.ops[i].inputs[0]);
        kept.erase(raw_.ops[i].inputs[0]);
      }
      owners.insert(raw_.ops[i].outputs.begin(), raw_.ops[i].outputs.end());
    }
    for (const Op& op : graph_.ops) {
      kept.insert(op.inputs.begin(), op.inputs.end());
    }
    for (const Variable& v : graph_.variables) {
      kept.insert({v.before, v.after});
    }
    std::vector<int> places(graph_.tensors.size(), -1);
    std::vector<Tensor> tensors;
    for (size_t i = 0; i < places.size(); ++i) {
      const int t = static_cast<int>(i);
      if (dropped.contains(t) && !kept.contains(t)) continue;
      places[i] = static_cast<int>(tensors.size());
      tensors.push_back(std::move(graph_.tensors[i]));
    }
    graph_.tensors = std::move(tensors);
    const auto rename = [&places](int& t) {
      if (t >= 0) t = places[static_cast<size_t>(t)];
    };
    for (Op& op : graph_.ops) {
      std::ranges::for_each(op.inputs, rename);
      std::ranges::for_each(op.outputs, rename);
    }
    std::ranges::for_each(graph_.inputs, rename);
    std::ranges::for_each(graph_.outputs, rename);
    for (Variable& v : graph_.variables) {
      rename(v.before);
      rename(v.after);
    }
  }

  // Steps stay in the file's order.
  Op fold(const Op& quantize) {
    FunctionAttr function;
    int source = -1;
    std::map<int, int> values;  // operands of steps, by tensor
    for (const size_t i : steps_of(quantize)) {
      const Op& op = graph_.ops[i];
      if (op.kind == OpKind::kDequantize) {
        source = op.inputs[0];
        values[op.outputs[0]] = 0;
        continue;
      }
      Op step{op.kind, {}, {}, op.attr};
      for (const int t : op.inputs) {
        const Tensor& tensor = graph_.tensors[static_cast<size_t>(t)];
        if (!tensor.constant) {
          step.inputs.push_back(values.at(t));
          continue;
        }
        float value = 0;
        std::memcpy(&value, tensor.data.data(), sizeof value);
        function.constants.push_back(value);
        step.inputs.push_back(-static_cast<int>(function.constants.size()));
      }
      function.steps.push_back(std::move(step));
      values[op.outputs[0]] = static_cast<int>(function.steps.size());
    }
    if (function.steps.size() == 1 &&
        function.steps[0].kind == OpKind::kSoftmax) {
      AlphaAttr beta = std::get<AlphaAttr>(function.steps[0].attr);
      beta.is_real = true;
      return {OpKind::kSoftmax, {source}, quantize.outputs, beta};
    }
    return {OpKind::kFunction, {source}, quantize.outputs, std::move(function)};
  }

  // The operators behind its operand, back to the DEQUANTIZE.
  std::set<size_t> steps_of(const Op& quantize) const {
    std::set<size_t> steps;
    std::vector<int> open = {quantize.inputs[0]};
    while (!open.empty()) {
      const auto made = makers_.find(open.back());
      open.pop_back();
      if (made == makers_.end() || !steps.insert(made->second).second) continue;
      const Op& op = graph_.ops[made->second];
      if (op.kind == OpKind::kDequantize) continue;
      open.insert(open.end(), op.inputs.begin(), op.inputs.end());
    }
    return steps;
  }

  Graph& graph_;
  const RawModel& raw_;
  std::map<int, size_t> makers_;  // of tensors
};

}  // namespace

void mark_functions(RawModel& raw) { FunctionMarks(raw).run(); }

void fold_functions(Graph& graph, const RawModel& raw) {
  FunctionFold(graph, raw).run();
}

}  // namespace shoal
