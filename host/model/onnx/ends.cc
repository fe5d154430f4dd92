#include "host/model/onnx/ends.h"

#include <algorithm>
#include <map>

#include "host/base/error.h"
#include "host/model/graph/supported_part.h"
#include "host/model/onnx/text.h"

namespace shoal::onnx_import {
namespace {

// The names of the nodes' results and of the model's inputs.
struct Names {
  std::vector<std::string> all;
  std::map<int64_t, size_t> by_node;  // its first result

  explicit Names(const OnnxModel& model) {
    for (const OnnxEnd& end : model.inputs) all.push_back(end.name);
    for (const OnnxNode& node : model.nodes) {
      if (!node.outputs.empty()) {
        by_node.emplace(static_cast<int64_t>(node.number), all.size());
      }
      all.insert(all.end(), node.outputs.begin(), node.outputs.end());
    }
  }

  std::vector<std::string> asked(const char* flag,
                                 const std::vector<std::string>& names) const {
    const NamedValues values{
        flag, all.size(),
        [this](size_t i) -> const std::string& { return all[i]; },
        [this](int64_t n) {
          const auto found = by_node.find(n);
          return found == by_node.end() ? int64_t{-1}
                                        : static_cast<int64_t>(found->second);
        }};
    std::vector<std::string> out;
    for (const size_t i : named_values(names, values)) out.push_back(all[i]);
    return out;
  }
};

const OnnxNode* maker_of(const OnnxModel& model, const std::string& value) {
  for (const OnnxNode& node : model.nodes) {
    if (std::ranges::find(node.outputs, value) != node.outputs.end()) {
      return &node;
    }
  }
  return nullptr;
}

// Returns whether the value has sums of bytes' products, moved or not.
bool has_integers(const OnnxModel& model, const std::string& value,
                  int steps = 8) {
  constexpr const char* kOfIntegers[] = {
      "Add",     "Concat",  "Flatten", "Identity",  "Neg",
      "Reshape", "Squeeze", "Sub",     "Transpose", "Unsqueeze"};
  const OnnxNode* maker = maker_of(model, value);
  if (maker == nullptr || steps == 0) return false;
  if (maker->type == "ConvInteger" || maker->type == "MatMulInteger") {
    return true;
  }
  return std::ranges::find(kOfIntegers, maker->type) != std::end(kOfIntegers) &&
         std::ranges::any_of(maker->inputs, [&](const std::string& x) {
           return has_integers(model, x, steps - 1);
         });
}

OnnxEnd end_of(const OnnxModel& model, const std::string& value) {
  for (const auto* list : {&model.inputs, &model.outputs, &model.inner}) {
    for (const OnnxEnd& end : *list) {
      if (end.name == value) return end;
    }
  }
  OnnxEnd end;
  end.name = value;
  const OnnxNode* maker = maker_of(model, value);
  const bool bytes = maker != nullptr && maker->type == "QuantizeLinear";
  end.type = bytes                        ? kOnnxInt8
             : has_integers(model, value) ? kOnnxInt32
                                          : kOnnxFloat;
  return end;
}

// Names that the outputs depend on.
std::set<std::string> needed_names(const OnnxModel& model,
                                   const std::set<std::string>& given) {
  std::set<std::string> needed;
  for (const OnnxEnd& end : model.outputs) needed.insert(end.name);
  for (size_t i = model.nodes.size(); i-- > 0;) {
    const OnnxNode& node = model.nodes[i];
    const bool used = std::ranges::any_of(node.outputs, [&](const auto& v) {
      return needed.contains(v) && !given.contains(v);
    });
    if (used) needed.insert(node.inputs.begin(), node.inputs.end());
  }
  return needed;
}

// Returns the names of values that are constants or follow from constants
// alone.
std::set<std::string> constant_names(const OnnxModel& model,
                                     const std::set<std::string>& given) {
  std::set<std::string> constant;
  for (const ConstantRef& c : model.constants) constant.insert(c->name);
  for (const OnnxNode& node : model.nodes) {
    const auto is_known = [&](const std::string& v) {
      return v.empty() || (constant.contains(v) && !given.contains(v));
    };
    const bool known = node.inputs.empty()
                           ? node.type == "Constant"
                           : std::ranges::all_of(node.inputs, is_known);
    if (known) constant.insert(node.outputs.begin(), node.outputs.end());
  }
  return constant;
}

// An output that no node makes of an input would be a network without either.
void check_asked(const OnnxModel& model,
                 const std::vector<std::string>& outputs,
                 const std::set<std::string>& given) {
  const std::set<std::string> constant = constant_names(model, given);
  for (const std::string& v : outputs) {
    const std::string title = "--outputs: " + quoted(v);
    if (constant.contains(v) && !given.contains(v)) {
      throw Error(Exit::kUsage, title + " is a constant: no input leads to it",
                  "name a value that follows from an input");
    }
    if (!given.contains(v) && maker_of(model, v) != nullptr) continue;
    throw Error(Exit::kUsage, title + " is an input: no operator makes it",
                "name the result of an operator");
  }
}

void cut(OnnxModel& model, const ImportOptions& options) {
  const Names names(model);
  std::vector<OnnxEnd> outputs, inputs;
  const auto ends = names.asked("--outputs", options.outputs);
  for (const auto& v : ends) outputs.push_back(end_of(model, v));
  std::set<std::string> given;
  for (const auto& v : names.asked("--inputs", options.inputs)) {
    inputs.push_back(end_of(model, v));
    given.insert(v);
  }
  check_asked(model, ends, given);
  if (!outputs.empty()) model.outputs = std::move(outputs);
  const std::set<std::string> needed = needed_names(model, given);
  std::set<std::string> constants;
  for (const ConstantRef& c : model.constants) constants.insert(c->name);
  for (const OnnxEnd& end : model.inputs) {
    const bool read = needed.contains(end.name);
    if (constants.contains(end.name) || (given.empty() && read)) {
      inputs.push_back(end);
    } else if (read && !given.contains(end.name)) {
      inputs.push_back(end);
      inputs.back().shape_only = true;
    }
  }
  model.inputs = std::move(inputs);
  for (OnnxNode& node : model.nodes) {
    for (std::string& v : node.outputs) {
      if (given.contains(v)) v.clear();
    }
  }
}

void set_shapes(OnnxModel& model, const ImportOptions& options) {
  for (const auto& [name, shape] : asked_shapes(options)) {
    const auto input = std::ranges::find(model.inputs, name, &OnnxEnd::name);
    if (input == model.inputs.end()) {
      throw Error(Exit::kUsage,
                  "--input-shape: no model input is named '" + name + "'");
    }
    const auto fits = [&, &shape = shape](size_t i) {
      return input->dims[i] < 1 || input->dims[i] == shape[i] || i == 0;
    };
    bool same = !input->shaped || input->dims.size() == shape.size();
    for (size_t i = 0; same && i < input->dims.size(); ++i) same = fits(i);
    if (!same) {
      throw Error(Exit::kUsage, text("--input-shape: ", shape_text(shape),
                                     " is not of the input's shape ",
                                     shape_text(input->dims), " (-1: open)"));
    }
    input->shaped = true;
    input->dims.assign(shape.begin(), shape.end());
    input->symbols.assign(shape.size(), "");
  }
}

}  // namespace

void set_ends(OnnxModel& model, const ImportOptions& options) {
  if (options.cuts()) cut(model, options);
  set_shapes(model, options);
  if (options.inputs.empty()) return;
  for (const OnnxEnd& end : model.inputs) {
    if (end.shape_only || (end.shaped && !end.dims.empty())) continue;
    throw Error(
        Exit::kUsage,
        text("--inputs: the file does not say the shape of ", quoted(end.name)),
        "add --input-shape NAME=1x3x320x320");
  }
}

std::string ends_fix(const OnnxModel& model,
                     const std::set<size_t>& unsupported) {
  std::map<std::string, int> index;
  std::vector<std::string> names;
  const auto number = [&](const std::string& value) {
    if (value.empty()) return -1;
    const auto [at, fresh] =
        index.emplace(value, static_cast<int>(names.size()));
    if (fresh) names.push_back(value);
    return at->second;
  };
  std::vector<int> inputs, constants, outputs;
  for (const ConstantRef& c : model.constants) {
    constants.push_back(number(c->name));
  }
  for (const OnnxEnd& end : model.inputs) inputs.push_back(number(end.name));
  std::vector<Operation> operations;
  std::map<int, size_t> makers;
  for (size_t i = 0; i < model.nodes.size(); ++i) {
    const OnnxNode& node = model.nodes[i];
    Operation op;
    for (const auto& v : node.inputs) op.inputs.push_back(number(v));
    for (const auto& v : node.outputs) {
      op.outputs.push_back(number(v));
      makers[op.outputs.back()] = node.number;
    }
    op.supported = !unsupported.contains(i);
    op.weighty = node.type == "Conv" || node.type == "ConvTranspose" ||
                 node.type == "Gemm" || node.type == "MatMul";
    if (node.type == "Constant" || node.type == "Shape") {
      constants.insert(constants.end(), op.outputs.begin(), op.outputs.end());
    }
    operations.push_back(std::move(op));
  }
  for (const OnnxEnd& end : model.outputs) outputs.push_back(number(end.name));
  const auto marked = [&](const std::vector<int>& list) {
    std::vector<bool> out(names.size(), false);
    for (const int v : list) {
      if (v >= 0) out[static_cast<size_t>(v)] = true;
    }
    return out;
  };
  const std::vector<bool> own = marked(inputs);
  return part_flags(
      supported_part(operations, names.size(), own, marked(constants), outputs),
      own, [&](int v) {
        return flag_value(names[static_cast<size_t>(v)], makers[v], true);
      });
}

}  // namespace shoal::onnx_import
