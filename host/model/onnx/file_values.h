// Tells who makes and reads the values of a file, and the numbers of constants,
// before nodes are converted. Internal to host/model/onnx.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host/model/onnx/model.h"

namespace shoal::onnx_import {

inline bool is_own(const OnnxNode& node) {
  return node.domain.empty() || node.domain == "ai.onnx";
}
// Operand i; "": none.
std::string operand(const OnnxNode& node, size_t i);

// Constants of real numbers.
struct Reals {
  std::vector<int64_t> dims;
  std::vector<float> values;
};

class FileValues {
 public:
  // The model outlives this, and its nodes stay where they are.
  explicit FileValues(const OnnxModel& model);

  // Null for constants and model inputs.
  const OnnxNode* maker(const std::string& value) const;
  const std::vector<size_t>& readers(const std::string& value) const;
  bool is_output(const std::string& value) const {
    return ends_.contains(value);
  }
  // The type of a model input; 0: it is none.
  int input_type(const std::string& value) const;
  // An initializer, or the tensor of a Constant node; else null.
  const OnnxTensor* constant(const std::string& value) const;
  // The numbers of a constant, and of products and quotients of constants.
  std::optional<Reals> reals(const std::string& value) const {
    return reals(value, kMostSteps);
  }
  size_t number_of(const OnnxNode& node) const {
    return static_cast<size_t>(&node - model_.nodes.data());
  }

 private:
  static constexpr int kMostSteps = 8;
  std::optional<Reals> reals(const std::string& value, int steps) const;

  const OnnxModel& model_;
  std::map<std::string, size_t> makers_;
  std::map<std::string, std::vector<size_t>> readers_;
  std::map<std::string, ConstantRef> constants_;
  std::set<std::string> ends_;
};

}  // namespace shoal::onnx_import
