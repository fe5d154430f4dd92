#include "host/plan/types/variables.h"

#include <algorithm>

#include "device/program/image.h"

namespace shoal {

bool assigns_variable(const Net& net, const Layer& layer) {
  return std::ranges::any_of(net.variables, [&](const NetVariable& v) {
    return v.after == layer.out.tensor;
  });
}

std::vector<PlanVariable> node_variables(const std::vector<PlanStage>& stages,
                                         uint32_t offset) {
  std::vector<PlanVariable> all;
  for (const PlanStage& stage : stages) {
    for (const PlanBuffer& b : stage.buffers) {
      const bool known = std::any_of(
          all.begin(), all.end(),
          [&b](const PlanVariable& v) { return v.variable == b.variable; });
      if (b.variable >= 0 && !known) {
        all.push_back({b.variable, b.box, b.element_bytes, 0});
      }
    }
  }
  std::ranges::sort(all, {}, &PlanVariable::variable);
  for (PlanVariable& v : all) {
    v.offset = offset;
    offset += 2 * variable_stride(v.bytes());
  }
  return all;
}

uint32_t variable_bytes(const std::vector<PlanVariable>& all) {
  uint32_t bytes = 0;
  for (const PlanVariable& v : all) bytes += 2 * variable_stride(v.bytes());
  return bytes;
}

void place_variables(PlanNode& node) {
  node.variables = node_variables(node.stages, node.layout.variables);
  const int last = static_cast<int>(node.stages.size()) - 1;
  for (PlanStage& stage : node.stages) {
    for (PlanBuffer& b : stage.buffers) {
      for (const PlanVariable& v : node.variables) {
        if (v.variable != b.variable) continue;
        b.offset = v.offset + (b.complete ? 0 : variable_stride(v.bytes()));
        b.first_stage = 0;
        b.last_stage = last;
      }
    }
  }
}

std::vector<int8_t> initial_values(const Net& net, const PlanVariable& v) {
  const NetVariable& of = net.variables[static_cast<size_t>(v.variable)];
  const NetTensor& t = net.tensors[static_cast<size_t>(of.before)];
  std::vector<int8_t> values;
  for (int y = v.box.y0; y < v.box.y1; ++y) {
    for (int x = v.box.x0; x < v.box.x1; ++x) {
      const int64_t pixel = (int64_t{y} * t.columns + x) * t.channels;
      const auto from = [&](int channel) {
        return of.initial.begin() + (pixel + channel) * t.element_bytes;
      };
      values.insert(values.end(), from(v.box.c0), from(v.box.c1));
    }
  }
  const bool alike =
      std::all_of(values.begin(), values.end(),
                  [&](int8_t byte) { return byte == values[0]; });
  if (alike) values.resize(1);
  return values;
}

uint32_t initial_bytes(const Net& net, const std::vector<PlanVariable>& all) {
  uint32_t bytes = 0;
  for (const PlanVariable& v : all) {
    const auto values = initial_values(net, v);
    if (values.size() > 1) bytes += static_cast<uint32_t>(values.size());
  }
  return bytes;
}

}  // namespace shoal
