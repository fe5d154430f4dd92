// Nodes that stand in the place of one: parts have its number and name, so that
// errors name what the file has.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "host/model/onnx/model.h"

namespace shoal::onnx_import {

// Returns a node without attributes. Inputs that are none at the end are left
// out.
inline OnnxNode part_of(const OnnxNode& of, const char* type,
                        std::vector<std::string> inputs, std::string output) {
  while (!inputs.empty() && inputs.back().empty()) inputs.pop_back();
  OnnxNode node;
  node.number = of.number;
  node.name = of.name;
  node.type = type;
  node.inputs = std::move(inputs);
  node.outputs = {std::move(output)};
  return node;
}

inline void set_integer(OnnxNode& node, const char* attribute, int64_t value) {
  OnnxAttribute a;
  a.name = attribute;
  a.kind = AttributeKind::kInteger;
  a.integer = value;
  node.attributes.push_back(std::move(a));
}

}  // namespace shoal::onnx_import
