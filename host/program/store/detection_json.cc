#include "host/program/store/detection_json.h"

namespace shoal {
namespace {

constexpr int kMost = 1 << 24;

float single(const JsonFields& f, const char* name) {
  return static_cast<float>(f.real(name));
}

int count(const JsonFields& f, const char* name) {
  return static_cast<int>(f.number(name, 0, kMost));
}

nlohmann::json operand_json(const DetectionOperand& x) {
  nlohmann::json parts = nlohmann::json::array();
  for (const auto& part : x.parts) {
    parts.push_back(
        {{"output", part.output}, {"scale", part.scale}, {"zero", part.zero}});
  }
  nlohmann::json one{
      {"parts", std::move(parts)}, {"scale", x.scale}, {"zero", x.zero}};
  return nlohmann::json::array({std::move(one)});
}

// Parses an operand that has `elements` values in all.
DetectionOperand parse_operand(const JsonFields& whole, const char* name,
                               const Graph& graph, int64_t elements) {
  DetectionOperand x;
  int64_t found = 0;
  const auto outputs = static_cast<int64_t>(graph.outputs.size());
  for (const JsonFields& f : whole.objects(name, 1)) {
    x.scale = single(f, "scale");
    x.zero = count(f, "zero");
    for (const JsonFields& part : f.objects("parts", 1024)) {
      const auto i = static_cast<size_t>(part.number("output", 0, outputs - 1));
      const Tensor& t = graph.tensors[static_cast<size_t>(graph.outputs[i])];
      found += element_count(t.shape);
      x.parts.push_back(
          {static_cast<int>(i), single(part, "scale"), count(part, "zero")});
    }
  }
  if (found != elements) {
    whole.refuse(std::string(name) + " are outputs of another size");
  }
  return x;
}

}  // namespace

nlohmann::json detection_json(const DetectionOp& op) {
  return {{"name", op.name},
          {"boxes", operand_json(op.boxes)},
          {"scores", operand_json(op.scores)},
          {"candidates", op.candidates},
          {"classes", op.classes},
          {"values", op.values},
          {"background", op.background},
          {"most", op.most},
          {"classes_per_box", op.classes_per_box},
          {"most_of_class", op.most_of_class},
          {"regular", op.regular},
          {"score", op.score},
          {"overlap", op.overlap},
          {"y_scale", op.y_scale},
          {"x_scale", op.x_scale},
          {"h_scale", op.h_scale},
          {"w_scale", op.w_scale},
          {"anchors", op.anchors}};
}

DetectionOp parse_detection(const JsonFields& f, const Graph& graph) {
  DetectionOp op;
  op.name = f.text("name", 4096);
  op.candidates = count(f, "candidates");
  op.classes = count(f, "classes");
  op.values = count(f, "values");
  op.background = f.flag("background");
  op.boxes =
      parse_operand(f, "boxes", graph, int64_t{op.candidates} * op.values);
  op.scores =
      parse_operand(f, "scores", graph,
                    op.candidates * (int64_t{op.classes} + op.background));
  op.most = count(f, "most");
  op.classes_per_box = count(f, "classes_per_box");
  op.most_of_class = count(f, "most_of_class");
  op.regular = f.flag("regular");
  op.score = single(f, "score");
  op.overlap = single(f, "overlap");
  op.y_scale = single(f, "y_scale");
  op.x_scale = single(f, "x_scale");
  op.h_scale = single(f, "h_scale");
  op.w_scale = single(f, "w_scale");
  for (const double v : f.reals("anchors", size_t{4} * kMost)) {
    op.anchors.push_back(static_cast<float>(v));
  }
  if (const auto wrong = wrong_with(op)) f.refuse(*wrong);
  return op;
}

}  // namespace shoal
