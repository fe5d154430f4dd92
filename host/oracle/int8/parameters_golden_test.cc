// The golden set prints the integer parameters of each operator: more than
// its results show, whose last bits hide small differences.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "host/base/files.h"
#include "host/model/graph/quantize.h"
#include "host/model/import/import.h"
#include "tests/shared.h"

namespace shoal {
namespace {

template <class... T>
std::string join(const T&... parts) {
  std::ostringstream text;
  (text << ... << parts);
  return text.str();
}

std::string clamp_text(Activation activation, const Tensor& y) {
  const auto [low, high] = activation_range(activation, y.scale(), y.zero());
  return join(" act=[", low, ",", high, "]");
}

std::string channels_text(const Graph& g, const Op& op, int count,
                          bool single_in_float) {
  const Tensor &x = g.tensors[op.inputs[0]], &w = g.tensors[op.inputs[1]],
               &y = g.tensors[op.outputs[0]];
  const int printed = single_in_float && w.quant.scale.size() == 1 ? 1 : count;
  std::string text = join("\tn=", printed, "\tmult_shift=");
  const auto all = channel_multipliers(x, w, y, count, single_in_float);
  for (int c = 0; c < printed; ++c) {
    text += join(c ? "," : "", all[c].value, ":", all[c].shift);
  }
  return text;
}

std::string convolution_text(const Graph& g, const Op& op) {
  const Tensor &x = g.tensors[op.inputs[0]], &w = g.tensors[op.inputs[1]],
               &y = g.tensors[op.outputs[0]];
  const auto& a = std::get<WindowAttr>(op.attr);
  const bool scatter = op.kind == OpKind::kTransposeConv;
  return join(op_name(op.kind), "\tpad_h=", a.pad_top, " pad_w=", a.pad_left,
              " in_zp=", x.zero(), scatter ? "" : join(" w_zp=", w.zero()),
              " out_zp=", y.zero(), clamp_text(a.activation, y),
              channels_text(g, op, y.shape[3], false));
}

std::string fully_connected_text(const Graph& g, const Op& op) {
  const Tensor &x = g.tensors[op.inputs[0]], &w = g.tensors[op.inputs[1]],
               &y = g.tensors[op.outputs[0]];
  return join("FULLY_CONNECTED\tin_zp=", x.zero(), " w_zp=", w.zero(),
              " out_zp=", y.zero(),
              clamp_text(std::get<FusedAttr>(op.attr).activation, y),
              " per_channel=", w.quant.scale.size() > 1 ? 1 : 0,
              channels_text(g, op, w.shape[0], true));
}

std::string sum_text(const Graph& g, const Op& op) {
  const Tensor &a = g.tensors[op.inputs[0]], &b = g.tensors[op.inputs[1]],
               &y = g.tensors[op.outputs[0]];
  const AddParams p = add_params(a, b, y, op.kind == OpKind::kSub);
  return join(op_name(op.kind), "\tleft_shift=20 off1=", -p.zero0,
              " m1=", p.multiplier0, ":", p.shift0, " off2=", -p.zero1,
              " m2=", p.multiplier1, ":", p.shift1, " out_off=", y.zero(),
              " mo=", p.multiplier_out, ":", p.shift_out,
              clamp_text(std::get<FusedAttr>(op.attr).activation, y));
}

std::string product_text(const Graph& g, const Op& op) {
  const Tensor& y = g.tensors[op.outputs[0]];
  const MulParams p =
      mul_params(g.tensors[op.inputs[0]], g.tensors[op.inputs[1]], y);
  return join("MUL\tin1_zp=", p.zero0, " in2_zp=", p.zero1,
              " out_zp=", y.zero(), " mo=", p.multiplier, ":", p.shift,
              clamp_text(std::get<FusedAttr>(op.attr).activation, y));
}

std::string prelu_text(const Graph& g, const Op& op) {
  const Tensor &x = g.tensors[op.inputs[0]], &y = g.tensors[op.outputs[0]];
  const PreluParams p = prelu_params(x, g.tensors[op.inputs[1]], y);
  return join("PRELU\tin_off=", -x.zero(), " alpha_off=", -p.zero_alpha,
              " out_zp=", y.zero(), " pos=", p.multiplier_pos, ":", p.shift_pos,
              " neg=", p.multiplier_neg, ":", p.shift_neg);
}

// The multiplier before MEAN divides it by the number of elements.
std::string reduce_text(const Graph& g, const Op& op) {
  const Tensor &x = g.tensors[op.inputs[0]], &y = g.tensors[op.outputs[0]];
  const ReduceParams p = sum_params(x, y, 1);
  return join(op_name(op.kind), "\tmult=", p.multiplier, ":", p.shift,
              " in_zp=", x.zero(), " out_zp=", y.zero());
}

std::string softmax_text(const Graph& g, const Op& op) {
  const SoftmaxParams p = softmax_params(g.tensors[op.inputs[0]],
                                         std::get<AlphaAttr>(op.attr).value);
  return join("SOFTMAX\tinput_mult=", p.multiplier,
              " input_left_shift=", p.shift, " diff_min=", p.diff_min);
}

std::string pool_text(const Graph& g, const Op& op) {
  const auto& a = std::get<WindowAttr>(op.attr);
  return join(op_name(op.kind), "\tpad_h=", a.pad_top, " pad_w=", a.pad_left,
              clamp_text(a.activation, g.tensors[op.outputs[0]]));
}

// Empty for operators that are judged by their tables.
std::string line_of(const Graph& g, const Op& op) {
  switch (op.kind) {
    case OpKind::kConv2d:
    case OpKind::kDepthwiseConv2d:
    case OpKind::kTransposeConv:
      return convolution_text(g, op);
    case OpKind::kFullyConnected:
      return fully_connected_text(g, op);
    case OpKind::kAdd:
    case OpKind::kSub:
      return sum_text(g, op);
    case OpKind::kMul:
      return product_text(g, op);
    case OpKind::kPrelu:
      return prelu_text(g, op);
    case OpKind::kMean:
    case OpKind::kSum:
      return reduce_text(g, op);
    case OpKind::kSoftmax:
      return softmax_text(g, op);
    case OpKind::kAveragePool2d:
    case OpKind::kMaxPool2d:
      return pool_text(g, op);
    default:
      return {};
  }
}

bool is_judged(const std::string& line) {
  static const std::vector<std::string> kinds = {"CONV_2D",
                                                 "DEPTHWISE_CONV_2D",
                                                 "TRANSPOSE_CONV",
                                                 "ADD",
                                                 "FULLY_CONNECTED",
                                                 "SUB",
                                                 "MUL",
                                                 "PRELU",
                                                 "MEAN",
                                                 "SUM",
                                                 "SOFTMAX",
                                                 "AVERAGE_POOL_2D",
                                                 "MAX_POOL_2D"};
  return std::find(kinds.begin(), kinds.end(),
                   line.substr(0, line.find('\t'))) != kinds.end();
}

std::vector<std::string> printed_lines(const std::string& path) {
  const auto bytes = read_file(path);
  std::istringstream text(std::string(bytes.begin(), bytes.end()));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) {
    if (is_judged(line))
      lines.push_back(line.substr(0, line.find(" in_scale")));
  }
  return lines;
}

TEST(GoldenParameters, EveryOperator) {
  int models = 0;
  for (const std::string& name : golden_model_names()) {
    const auto file = shared_dir() / "golden" / name / "qparams.txt";
    if (!std::filesystem::exists(file)) continue;
    ++models;
    SCOPED_TRACE(name);
    const Graph graph = load_model(golden_model_file(name));
    std::vector<std::string> lines;
    for (const Op& op : graph.ops) {
      const std::string line = line_of(graph, op);
      if (!line.empty()) lines.push_back(line);
    }
    EXPECT_EQ(lines, printed_lines(file.string()));
  }
  EXPECT_GE(models, 40);
}

}  // namespace
}  // namespace shoal
