#include "host/model/graph/supported_part.h"

#include <algorithm>
#include <set>

namespace shoal {
namespace {

size_t place(int value) { return static_cast<size_t>(value); }

class PartSearch {
 public:
  PartSearch(const std::vector<Operation>& operations, size_t values,
             const std::vector<bool>& inputs,
             const std::vector<bool>& constants,
             const std::vector<int>& outputs)
      : operations_(operations),
        values_(values),
        inputs_(inputs),
        constants_(constants),
        outputs_(outputs),
        levels_(operations.size(), 0),
        data_(values) {
    find_levels();
  }

  SupportedPart best() const {
    constexpr int kMostCuts = 32;
    SupportedPart best;
    size_t most = 0;
    for (int cut = 0; cut <= std::min(deepest_, kMostCuts); ++cut) {
      size_t layers = 0;
      SupportedPart found = behind(cut, layers);
      if (layers <= most) continue;
      most = layers;
      best = std::move(found);
      if (cut == 0) break;
    }
    return best;
  }

 private:
  // How many unsupported operations lie on the longest way to each, itself
  // included.
  void find_levels() {
    for (size_t v = 0; v < values_; ++v)
      data_[v] = inputs_[v] && !constants_[v];
    std::vector<int> level(values_, 0);
    for (size_t i = 0; i < operations_.size(); ++i) {
      const Operation& op = operations_[i];
      for (const int v : op.inputs) {
        if (v >= 0) levels_[i] = std::max(levels_[i], level[place(v)]);
      }
      if (!op.supported) ++levels_[i];
      deepest_ = std::max(deepest_, levels_[i]);
      const bool data = std::ranges::any_of(
          op.inputs, [&](int v) { return v >= 0 && data_[place(v)]; });
      for (const int v : op.outputs) {
        if (v < 0) continue;
        level[place(v)] = levels_[i];
        data_[place(v)] = data;
      }
    }
  }

  // Without the unsupported operations up to this level and what leads to them.
  SupportedPart behind(int cut, size_t& layers) const {
    std::vector<bool> read(values_, false), inputs = inputs_;
    std::vector<bool> left(operations_.size(), true);
    for (size_t i = operations_.size(); i-- > 0;) {
      const Operation& op = operations_[i];
      const auto leads = [&](int v) { return v >= 0 && read[place(v)]; };
      left[i] = !(!op.supported && levels_[i] <= cut) &&
                std::ranges::none_of(op.outputs, leads);
      if (left[i]) continue;
      for (const int v : op.inputs) {
        if (v >= 0) read[place(v)] = true;
      }
      for (const int v : op.outputs) {
        if (v >= 0 && data_[place(v)]) inputs[place(v)] = true;
      }
    }
    std::vector<Operation> rest;
    for (size_t i = 0; i < left.size(); ++i) {
      if (left[i]) rest.push_back(operations_[i]);
    }
    SupportedPart part;
    part.outputs = ends_before(rest, values_, inputs, constants_, outputs_);
    part.to_the_end = std::set<int>(part.outputs.begin(), part.outputs.end()) ==
                      std::set<int>(outputs_.begin(), outputs_.end());
    part.inputs = needed_inputs(rest, inputs, part.outputs, layers);
    return part;
  }

  std::vector<int> needed_inputs(const std::vector<Operation>& rest,
                                 const std::vector<bool>& inputs,
                                 const std::vector<int>& outputs,
                                 size_t& layers) const {
    std::vector<bool> read(values_, false);
    for (const int v : outputs) read[place(v)] = true;
    for (size_t i = rest.size(); i-- > 0;) {
      const Operation& op = rest[i];
      const bool needed = std::ranges::any_of(
          op.outputs, [&](int v) { return v >= 0 && read[place(v)]; });
      if (!needed) continue;
      layers += op.weighty ? 1 : 0;
      for (const int v : op.inputs) {
        if (v >= 0) read[place(v)] = true;
      }
    }
    std::vector<int> out;
    for (size_t v = 0; v < values_; ++v) {
      if (read[v] && inputs[v] && !constants_[v]) {
        out.push_back(static_cast<int>(v));
      }
    }
    return out;
  }

  const std::vector<Operation>& operations_;
  const size_t values_;
  const std::vector<bool>&inputs_, &constants_;
  const std::vector<int>& outputs_;
  std::vector<int> levels_;
  std::vector<bool> data_;  // values that follow from the model's inputs
  int deepest_ = 0;
};

}  // namespace

SupportedPart supported_part(const std::vector<Operation>& operations,
                             size_t values, const std::vector<bool>& inputs,
                             const std::vector<bool>& constants,
                             const std::vector<int>& outputs) {
  return PartSearch(operations, values, inputs, constants, outputs).best();
}

std::string part_flags(const SupportedPart& part,
                       const std::vector<bool>& model_inputs,
                       const std::function<std::string(int)>& value) {
  if (part.outputs.empty()) return "";
  const bool from_the_start = std::ranges::all_of(
      part.inputs, [&](int v) { return model_inputs[place(v)]; });
  std::string flags;
  const auto add = [&](const char* flag, const std::vector<int>& values) {
    for (const int v : values) {
      flags += " " + std::string(flag) + " " + value(v);
    }
  };
  if (!from_the_start) add("--inputs", part.inputs);
  if (!part.to_the_end) add("--outputs", part.outputs);
  if (flags.empty()) return "";
  const char* what = from_the_start    ? "to end the model before that:"
                     : part.to_the_end ? "to begin the model behind that:"
                                       : "to run what lies between:";
  return what + flags;
}

}  // namespace shoal
