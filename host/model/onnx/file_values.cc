#include "host/model/onnx/file_values.h"

#include <algorithm>

#include "host/model/graph/shapes.h"

namespace shoal::onnx_import {

std::string operand(const OnnxNode& node, size_t i) {
  return i < node.inputs.size() ? node.inputs[i] : std::string();
}

FileValues::FileValues(const OnnxModel& model) : model_(model) {
  for (size_t i = 0; i < model.nodes.size(); ++i) {
    for (const std::string& v : model.nodes[i].outputs) makers_[v] = i;
    for (const std::string& v : model.nodes[i].inputs) readers_[v].push_back(i);
  }
  for (const OnnxEnd& end : model.outputs) ends_.insert(end.name);
  for (const ConstantRef& c : model.constants) constants_[c->name] = c;
}

const OnnxNode* FileValues::maker(const std::string& value) const {
  const auto found = makers_.find(value);
  return found == makers_.end() ? nullptr : &model_.nodes[found->second];
}

const std::vector<size_t>& FileValues::readers(const std::string& value) const {
  static const std::vector<size_t> none;
  const auto found = readers_.find(value);
  return found == readers_.end() ? none : found->second;
}

int FileValues::input_type(const std::string& value) const {
  const auto end = std::ranges::find(
      model_.inputs, value, [](const OnnxEnd& e) -> auto& { return e.name; });
  return end == model_.inputs.end() ? 0 : end->type;
}

const OnnxTensor* FileValues::constant(const std::string& value) const {
  const auto found = constants_.find(value);
  if (found != constants_.end()) return found->second.get();
  const OnnxNode* node = maker(value);
  if (node == nullptr || node->type != "Constant") return nullptr;
  const auto is_value = [](const OnnxAttribute& a) {
    return a.name == "value" && a.tensor != nullptr;
  };
  const auto found_value = std::ranges::find_if(node->attributes, is_value);
  return found_value == node->attributes.end() ? nullptr
                                               : found_value->tensor.get();
}

std::optional<Reals> FileValues::reals(const std::string& value,
                                       int steps) const {
  if (const OnnxTensor* t = constant(value)) {
    const bool whole = static_cast<int64_t>(t->floats.size()) == t->count();
    return whole ? std::optional<Reals>({t->dims, t->floats}) : std::nullopt;
  }
  const OnnxNode* node = maker(value);
  if (node == nullptr || steps == 0) return std::nullopt;
  if (node->type == "Constant") {
    for (const OnnxAttribute& a : node->attributes) {
      if (a.name == "value_float") return Reals{{}, {a.real}};
    }
  }
  const bool divides = node->type == "Div";
  if (!divides && node->type != "Mul") return std::nullopt;
  const auto a = reals(operand(*node, 0), steps - 1),
             b = reals(operand(*node, 1), steps - 1);
  if (!a || !b || a->values.empty() || b->values.empty()) return std::nullopt;
  // Scales are single numbers or lie along one axis.
  const size_t count = std::max(a->values.size(), b->values.size());
  const auto dims = broadcast_shape(a->dims, b->dims);
  if (!dims) return std::nullopt;
  OnnxTensor shape;
  shape.dims = *dims;
  if (shape.count() != static_cast<int64_t>(count)) return std::nullopt;
  Reals out{*dims, {}};
  for (size_t i = 0; i < count; ++i) {
    const float p = a->values[i % a->values.size()],
                q = b->values[i % b->values.size()];
    out.values.push_back(divides ? p / q : p * q);
  }
  return out;
}

}  // namespace shoal::onnx_import
