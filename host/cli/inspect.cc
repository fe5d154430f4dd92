#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>

#include "host/base/size.h"
#include "host/cli/commands.h"
#include "host/graph/graph.h"
#include "host/import/import.h"
#include "host/lower/net.h"

namespace shoal {
namespace {

std::string shape_text(const Shape& shape) {
  std::string text;
  for (const int d : shape)
    text += (text.empty() ? "" : "x") + std::to_string(d);
  return text.empty() ? "scalar" : text;
}

int64_t tensor_bytes(const Tensor& t) {
  return element_count(t.shape) * type_bytes(t.type);
}

// Activations in and out of one operator: what an engine that holds whole
// tensors needs at the least while it runs it.
int64_t whole_bytes(const Graph& graph, const Op& op) {
  std::set<int> tensors(op.outputs.begin(), op.outputs.end());
  tensors.insert(op.inputs.begin(), op.inputs.end());
  int64_t sum = 0;
  for (const int t : tensors) {
    if (t < 0 || graph.tensors[static_cast<size_t>(t)].constant) continue;
    sum += tensor_bytes(graph.tensors[static_cast<size_t>(t)]);
  }
  return sum;
}

int64_t weight_bytes(const Graph& graph, const Op& op) {
  int64_t sum = 0;
  for (const int t : op.inputs) {
    if (t >= 0 && graph.tensors[static_cast<size_t>(t)].constant) {
      sum += tensor_bytes(graph.tensors[static_cast<size_t>(t)]);
    }
  }
  return sum;
}

struct Summary {
  int64_t macs = 0, weights = 0, largest = 0;
  size_t largest_op = 0, layers = 0;
  bool uint8 = false;
};

Summary summarize(const Graph& graph, const Net& net) {
  Summary s;
  s.macs = model_macs(graph);
  s.layers = net.layers.size();
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    s.weights += weight_bytes(graph, graph.ops[i]);
    const int64_t bytes = whole_bytes(graph, graph.ops[i]);
    if (bytes > s.largest) s.largest = bytes, s.largest_op = i;
  }
  // Only a model whose weights are uint8 was shifted as a whole.
  for (const Tensor& t : graph.tensors) {
    s.uint8 |= t.constant && t.file_type == Type::kUint8;
  }
  return s;
}

const Tensor& result(const Graph& graph, const Op& op) {
  return graph.tensors[static_cast<size_t>(op.outputs[0])];
}

nlohmann::json tensor_json(const Tensor& t) {
  nlohmann::json json{
      {"name", t.name}, {"type", type_name(t.file_type)}, {"shape", t.shape}};
  if (!t.quant.scale.empty()) {
    json["scale"] = t.scale();
    json["zero_point"] = t.zero() + (t.file_type == Type::kUint8 ? 128 : 0);
  }
  return json;
}

void print_json(const Graph& graph, const Summary& s) {
  nlohmann::json json{{"model", graph.name},
                      {"macs", s.macs},
                      {"weight_bytes", s.weights},
                      {"largest_layer_bytes", s.largest},
                      {"largest_layer", static_cast<int>(s.largest_op)},
                      {"layers", s.layers},
                      {"shifted_uint8", s.uint8}};
  for (const int t : graph.inputs) {
    json["inputs"].push_back(
        tensor_json(graph.tensors[static_cast<size_t>(t)]));
  }
  for (const int t : graph.outputs) {
    json["outputs"].push_back(
        tensor_json(graph.tensors[static_cast<size_t>(t)]));
  }
  for (const Op& op : graph.ops) {
    json["ops"].push_back({{"opcode", op_name(op.kind)},
                           {"name", result(graph, op).name},
                           {"shape", result(graph, op).shape},
                           {"macs", op_macs(graph, op)},
                           {"weight_bytes", weight_bytes(graph, op)},
                           {"in_out_bytes", whole_bytes(graph, op)}});
  }
  std::printf("%s\n", json.dump(2).c_str());
}

void print_tensor(const char* what, const Tensor& t) {
  std::printf("%-9s %s %s", what, type_name(t.file_type),
              shape_text(t.shape).c_str());
  if (!t.quant.scale.empty()) {
    std::printf("  scale %.9g zero point %d", static_cast<double>(t.scale()),
                t.zero() + (t.file_type == Type::kUint8 ? 128 : 0));
  }
  std::printf("  %s\n", t.name.c_str());
}

void print_table(const Graph& graph, const Summary& s) {
  std::printf("%s: %zu operators, %zu layers to run\n", graph.name.c_str(),
              graph.ops.size(), s.layers);
  for (const int t : graph.inputs) {
    print_tensor("input", graph.tensors[static_cast<size_t>(t)]);
  }
  for (const int t : graph.outputs) {
    print_tensor("output", graph.tensors[static_cast<size_t>(t)]);
  }
  if (s.uint8) {
    std::printf(
        "uint8 weights: run as int8 shifted by 128; equal to the shifted\n"
        "model's golden, not always to uint8 engines (a rounding step in\n"
        "average pools)\n");
  }
  std::printf("\n%4s %-24s %-16s %13s %11s %11s\n", "op", "operator", "result",
              "MACs", "weights B", "in + out B");
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    const Op& op = graph.ops[i];
    std::printf("%4zu %-24s %-16s %13s %11s %11s\n", i, op_name(op.kind),
                shape_text(result(graph, op).shape).c_str(),
                format_count(op_macs(graph, op)).c_str(),
                format_count(weight_bytes(graph, op)).c_str(),
                format_count(whole_bytes(graph, op)).c_str());
  }
  std::printf("\nMACs                        %s\n",
              format_count(s.macs).c_str());
  std::printf("weights                     %s\n",
              format_bytes(s.weights).c_str());
  std::printf(
      "largest single layer        %s of input + output, operator %zu:\n"
      "                            what engines with whole tensors need at the "
      "least\n",
      format_bytes(s.largest).c_str(), s.largest_op);
}

}  // namespace

int inspect_command(const InspectFlags& flags) {
  const Graph graph = load_model(flags.model);
  const Summary summary = summarize(graph, lower(graph));
  if (flags.json) {
    print_json(graph, summary);
  } else {
    print_table(graph, summary);
  }
  return 0;
}

}  // namespace shoal
