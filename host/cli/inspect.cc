#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "host/base/size.h"
#include "host/base/table.h"
#include "host/cli/commands.h"
#include "host/cli/output.h"
#include "host/lower/net.h"
#include "host/model/graph/operators.h"
#include "host/model/import/import.h"

namespace shoal {
namespace {

std::string shape_text(const Shape& shape) {
  std::string text;
  for (const int d : shape)
    text += (text.empty() ? "" : "x") + std::to_string(d);
  return text.empty() ? "scalar" : text;
}

// As the model has it, and as it would be in int8.
struct OpBytes {
  int64_t own = 0, int8 = 0;
  OpBytes& operator+=(const OpBytes& other) {
    own += other.own;
    int8 += other.int8;
    return *this;
  }
};

bool is_int4(const Tensor& t) { return t.file_type == Type::kInt4; }

// Returns whether the operator's weights have four bits.
bool has_int4_weights(const Graph& graph, const Op& op) {
  return has_weights(op.kind) &&
         is_int4(graph.tensors[static_cast<size_t>(op.inputs[1])]);
}

OpBytes tensor_bytes(const Tensor& t) {
  const int64_t elements = element_count(t.shape);
  if (is_int4(t)) return {(elements + 1) / 2, (elements + 1) / 2};
  return {elements * type_bytes(t.type),
          elements * (t.type == Type::kFloat32 ? 1 : type_bytes(t.type))};
}

// Activations in and out of one operator: what an engine that holds whole
// tensors needs at least while it runs it.
OpBytes whole_bytes(const Graph& graph, const Op& op) {
  std::set<int> tensors(op.outputs.begin(), op.outputs.end());
  tensors.insert(op.inputs.begin(), op.inputs.end());
  OpBytes sum;
  for (const int t : tensors) {
    if (t < 0 || graph.tensors[static_cast<size_t>(t)].constant) continue;
    sum += tensor_bytes(graph.tensors[static_cast<size_t>(t)]);
  }
  return sum;
}

// A bias has four bytes in int8 models too.
OpBytes weight_bytes(const Graph& graph, const Op& op) {
  OpBytes sum;
  for (size_t i = 0; i < op.inputs.size(); ++i) {
    const int t = op.inputs[i];
    if (t < 0 || !graph.tensors[static_cast<size_t>(t)].constant) continue;
    OpBytes bytes = tensor_bytes(graph.tensors[static_cast<size_t>(t)]);
    if (i == 2 && has_weights(op.kind)) bytes.int8 = bytes.own;
    sum += bytes;
  }
  return sum;
}

struct Summary {
  int64_t macs = 0;
  OpBytes weights, largest;
  size_t largest_op = 0, layers = 0;  // layers of float models: none
  ModelFormat format{};
  bool floats = false, uint8 = false;
};

Summary summarize(const Graph& graph, ModelFormat format) {
  Summary s;
  s.macs = model_macs(graph);
  s.format = format;
  s.floats = is_float(graph);
  if (!s.floats) s.layers = lower(graph).layers.size();
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    s.weights += weight_bytes(graph, graph.ops[i]);
    const OpBytes bytes = whole_bytes(graph, graph.ops[i]);
    if (bytes.own > s.largest.own) s.largest = bytes, s.largest_op = i;
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

const char* format_name(ModelFormat format) {
  switch (format) {
    case ModelFormat::kTflite:
      return "tflite";
    case ModelFormat::kOnnx:
      return "onnx";
    case ModelFormat::kZoo:
      return "zoo";
  }
  return "";
}

nlohmann::json op_json(const Graph& graph, const Op& op, bool floats) {
  const OpBytes weights = weight_bytes(graph, op),
                whole = whole_bytes(graph, op);
  nlohmann::json json{
      {"opcode", op_name(op.kind)},       {"name", result(graph, op).name},
      {"shape", result(graph, op).shape}, {"macs", op_macs(graph, op)},
      {"weight_bytes", weights.own},      {"in_out_bytes", whole.own}};
  if (has_weights(op.kind)) {
    const Tensor& w = graph.tensors[static_cast<size_t>(op.inputs[1])];
    json["weight_type"] = type_name(w.file_type);
  }
  if (floats) {
    json["int8_weight_bytes"] = weights.int8;
    json["int8_in_out_bytes"] = whole.int8;
  }
  return json;
}

// Which outputs.
nlohmann::json parts_json(const DetectionOperand& x) {
  nlohmann::json parts = nlohmann::json::array();
  for (const auto& part : x.parts) parts.push_back(part.output);
  return parts;
}

nlohmann::json operator_json(const DetectionOp& op) {
  return {{"name", op.name},
          {"boxes", parts_json(op.boxes)},
          {"scores", parts_json(op.scores)},
          {"anchors", op.candidates},
          {"classes", op.classes},
          {"background", op.background},
          {"max_detections", op.most},
          {"max_classes_per_detection", op.classes_per_box},
          {"detections_per_class", op.most_of_class},
          {"use_regular_nms", op.regular},
          {"nms_score_threshold", op.score},
          {"nms_iou_threshold", op.overlap},
          {"scales", {op.y_scale, op.x_scale, op.h_scale, op.w_scale}}};
}

void print_json(const LoadedModel& model, const Summary& s) {
  const Graph& graph = model.graph;
  nlohmann::json json{{"model", graph.name},
                      {"format", format_name(s.format)},
                      {"float", s.floats},
                      {"macs", s.macs},
                      {"weight_bytes", s.weights.own},
                      {"largest_layer_bytes", s.largest.own},
                      {"largest_layer", static_cast<int>(s.largest_op)},
                      {"shifted_uint8", s.uint8}};
  if (s.floats) {
    json["int8_weight_bytes"] = s.weights.int8;
    json["int8_largest_layer_bytes"] = s.largest.int8;
  } else {
    json["layers"] = s.layers;
  }
  for (const int t : graph.inputs) {
    json["inputs"].push_back(
        tensor_json(graph.tensors[static_cast<size_t>(t)]));
  }
  for (const int t : graph.outputs) {
    json["outputs"].push_back(
        tensor_json(graph.tensors[static_cast<size_t>(t)]));
  }
  for (const Variable& v : graph.variables) {
    json["variables"].push_back(
        {{"name", v.name},
         {"tensor",
          tensor_json(graph.tensors[static_cast<size_t>(v.before)])}});
  }
  for (const Op& op : graph.ops) {
    json["ops"].push_back(op_json(graph, op, s.floats));
  }
  if (model.detection) json["detection"] = operator_json(*model.detection);
  say_json(json);
}

void print_tensor(const char* what, const Tensor& t) {
  say("%-9s %s %s", what, type_name(t.file_type), shape_text(t.shape).c_str());
  if (!t.quant.scale.empty()) {
    say("  scale %.9g zero point %d", static_cast<double>(t.scale()),
        t.zero() + (t.file_type == Type::kUint8 ? 128 : 0));
  }
  say("  %s\n", t.name.c_str());
}

// "127.5", or "(123.7, 116.3, 103.5)".
std::string channels_text(const std::vector<float>& values) {
  std::string text;
  for (const float v : values) {
    text += fmt::format("{}{:.6g}", text.empty() ? "" : ", ", v);
  }
  return values.size() == 1 ? text : "(" + text + ")";
}

// Only tensors of four axes are turned.
void print_layout(const Graph& graph) {
  const bool turned = std::ranges::any_of(graph.inputs, [&](int t) {
    return graph.tensors[static_cast<size_t>(t)].shape.size() == 4;
  });
  if (turned) {
    say("shapes of four axes are NHWC (rows x columns x channels), as frames\n"
        "are given, also where the ONNX file has channels first\n");
  } else {
    say("frames are given with the axes of the ONNX file, in its order\n");
  }
}

void print_head(const LoadedModel& model, const Summary& s) {
  const Graph& graph = model.graph;
  say("%s: %zu operators", graph.name.c_str(), graph.ops.size());
  if (s.floats) {
    say(" in float32; shoal quantize makes the int8 model that runs\n");
  } else {
    say(", %zu layers to run\n", s.layers);
  }
  for (const int t : graph.inputs) {
    print_tensor("input", graph.tensors[static_cast<size_t>(t)]);
  }
  if (graph.pixels) {
    say("pixels    (p - %s) / %s\n", channels_text(graph.pixels->mean).c_str(),
        channels_text(graph.pixels->deviation).c_str());
  }
  for (const int t : graph.outputs) {
    print_tensor("output", graph.tensors[static_cast<size_t>(t)]);
  }
  if (model.detection) {
    say("behind    TFLite_Detection_PostProcess of %s anchors, %s classes, on "
        "the coordinator\n",
        format_count(model.detection->candidates).c_str(),
        format_count(model.detection->classes).c_str());
  }
  for (const Variable& v : graph.variables) {
    print_tensor("variable", graph.tensors[static_cast<size_t>(v.before)]);
  }
  if (!graph.variables.empty()) {
    say("variables live from frame to frame: --stream runs a sequence\n");
  }
  if (s.format == ModelFormat::kOnnx) print_layout(graph);
  if (s.uint8) {
    say("uint8 weights: run as int8 shifted by 128; equal to the shifted\n"
        "model's golden, not always to uint8 engines (a rounding step in\n"
        "average pools)\n");
  }
}

void print_ops(const Graph& graph, bool floats) {
  std::vector<TableColumn> columns{{"op"},
                                   {"operator", Align::kLeft},
                                   {"result", Align::kLeft, 1},
                                   {"MACs"},
                                   {"weights B"},
                                   {"in + out B", Align::kRight, 2}};
  if (floats) {
    columns.push_back({"in int8: W", Align::kRight, 3});
    columns.push_back({"in + out B", Align::kRight, 4});
  }
  TextTable table(columns);
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    const Op& op = graph.ops[i];
    const OpBytes weights = weight_bytes(graph, op);
    const OpBytes whole = whole_bytes(graph, op);
    table.add({std::to_string(file_number(graph, static_cast<int>(i))),
               op_name(op.kind) +
                   std::string(has_int4_weights(graph, op) ? " int4" : ""),
               shape_text(result(graph, op).shape),
               format_count(op_macs(graph, op)), format_count(weights.own),
               format_count(whole.own),
               floats ? format_count(weights.int8) : "",
               floats ? format_count(whole.int8) : ""});
  }
  say("\n");
  say_table(table);
}

std::string amount(const OpBytes& bytes, bool floats) {
  if (!floats) return format_bytes(bytes.own);
  return format_bytes(bytes.own) + " in float32, " + format_bytes(bytes.int8) +
         " in int8";
}

void print_table(const LoadedModel& model, const Summary& s) {
  const Graph& graph = model.graph;
  print_head(model, s);
  print_ops(graph, s.floats);
  say("\nMACs                        %s\n", format_count(s.macs).c_str());
  say("weights                     %s\n", amount(s.weights, s.floats).c_str());
  say("largest single layer        %s%sof input + output, operator %d:\n"
      "                            what engines that hold whole "
      "tensors need at least\n",
      amount(s.largest, s.floats).c_str(),
      s.floats ? "\n                            " : " ",
      file_number(graph, static_cast<int>(s.largest_op)));
}

}  // namespace

int inspect_command(const InspectFlags& flags) {
  const LoadedModel model = load_whole_model(flags.model, flags.ends);
  const Graph& graph = model.graph;
  const Summary summary = summarize(graph, model.format);
  if (flags.json) {
    print_json(model, summary);
  } else {
    print_table(model, summary);
  }
  return 0;
}

}  // namespace shoal
