#include "host/model/onnx/qdq.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <optional>
#include <utility>

#include "host/base/error.h"
#include "host/model/graph/operators.h"
#include "host/model/graph/quantize.h"
#include "host/model/onnx/text.h"

namespace shoal::onnx_import {
namespace {

// Operators that move bytes: result and operands have one scale.
bool moves(OpKind kind) {
  return op_info(kind).result >= ResultBytes::kOfOperand;
}

// A maximum and the like commutes with rounding, so other scales behind it
// may as well be taken in front.
bool shares_scales(OpKind kind) {
  return moves(kind) || kind == OpKind::kAveragePool2d;
}

class Quantizer {
 public:
  explicit Quantizer(GraphBuilder& builder)
      : builder_(builder), graph_(builder.graph()) {}

  void run(const std::vector<bool>& float_outputs) {
    for (const int t : graph_.inputs) {
      if (!builder_.noted(t) && !is_bool(at(t))) {
        lines_.push_back(text("model input ", quoted(builder_.at(t).name),
                              ": no QuantizeLinear reads it alone"));
      }
    }
    const std::vector<Op> ops = std::move(graph_.ops);
    graph_.ops.clear();
    for (const Op& op : ops) all_.push_back(&op);
    for (const Op& op : ops) convert(op);
    if (!lines_.empty()) report();
    dequantize_outputs(float_outputs);
  }

 private:
  [[noreturn]] void report() const {
    std::string what = graph_.name + ": not supported:";
    for (const std::string& line : lines_) what += "\n  " + line;
    throw Error(Exit::kUnsupported, what,
                "put a QuantizeLinear behind it, end the model before it "
                "(--outputs NAME), or export the float model and quantize it: "
                "shoal quantize MODEL "
                "--calibrate DIR");
  }

  // The parts of one operator of the file ("name:part") are one line.
  void refuse(const std::string& name, const std::string& title,
              const std::string& reason) {
    const std::string whole = name.substr(0, name.find(':'));
    if (!parts_.empty() && parts_of_ == whole) {
      parts_ += ", " + title.substr(0, title.find(' '));
      lines_.back() = text("the parts of ", quoted(whole), " (", parts_,
                           "): ", kUnroundedParts);
      return;
    }
    parts_of_ = whole;
    parts_ = title.substr(0, title.find(' '));
    lines_.push_back(title + ": " + reason);
  }

  Tensor& at(int t) { return graph_.tensors[static_cast<size_t>(t)]; }

  void convert(Op op) {
    // Whole numbers of digits, made and moved, and places that are moved.
    const Type type = at(op.outputs[0]).type;
    if (type == Type::kInt32 ||
        (type == Type::kInt64 && class_of(op.kind) != OpClass::kArg)) {
      return graph_.ops.push_back(std::move(op));
    }
    const std::string title =
        text(op_name(op.kind), " ", quoted(at(op.outputs[0]).name));
    const int result = op.outputs[0];
    if (op.kind == OpKind::kAveragePool2d && has_other_scale(op)) {
      if (has_whole_windows(op)) {
        op = weighted(op);
      } else {
        then_requantize(op, builder_.note(op.inputs[0]).quant);
      }
    } else if (op.kind == OpKind::kSoftmax) {
      then_requantize(op, quantization_by_range(op.kind));
    }
    const std::string reason = prepare(op);
    if (!reason.empty()) return refuse(at(result).name, title, reason);
    const int made = op.outputs[0];
    graph_.ops.push_back(std::move(op));
    if (made != result) convert({OpKind::kQuantize, {made}, {result}, {}});
  }

  bool has_other_scale(const Op& op) {
    return builder_.noted(op.inputs[0]) && builder_.noted(op.outputs[0]) &&
           !same_scales(op.inputs[0], op.outputs[0]);
  }

  // Returns whether no window of the pool reaches over an edge.
  bool has_whole_windows(const Op& op) {
    const auto& a = std::get<WindowAttr>(op.attr);
    const Shape &x = at(op.inputs[0]).shape, &y = at(op.outputs[0]).shape;
    return a.pad_top == 0 && a.pad_left == 0 &&
           (y[1] - 1) * a.stride_h + a.kernel_h <= x[1] &&
           (y[2] - 1) * a.stride_w + a.kernel_w <= x[2];
  }

  // TensorFlow Lite's averages keep the scale of what they average, so another
  // scale would mean to round twice. A sum of weighted values rounds once.
  Op weighted(const Op& pool) {
    const auto& a = std::get<WindowAttr>(pool.attr);
    const int channels = at(pool.inputs[0]).shape[3];
    const Shape shape{1, a.kernel_h, a.kernel_w, channels};
    const auto share = 1.f / static_cast<float>(a.kernel_h * a.kernel_w);
    const int weights = builder_.constant(
        at(pool.outputs[0]).name + ":weights", shape,
        std::vector<float>(static_cast<size_t>(element_count(shape)), share));
    builder_.note(weights).quant = {{share}, {0}};
    return {OpKind::kDepthwiseConv2d,
            {pool.inputs[0], weights, -1},
            pool.outputs,
            pool.attr};
  }

  // The operator makes a tensor of these scales, of which the caller makes its
  // result.
  void then_requantize(Op& op, Quantization quant) {
    if (!builder_.noted(op.outputs[0])) return;  // prepare() says so
    const Tensor& y = at(op.outputs[0]);
    const int made = builder_.tensor(y.name + ":in its own scale", y.shape);
    builder_.note(made).quant = std::move(quant);
    op.outputs[0] = made;
  }

  // Scales and bytes of all operands, or why there are none.
  std::string prepare(Op& op) {
    const std::string lost = pass_scales(op);
    if (!lost.empty()) return lost;
    for (const int t : op.outputs) {
      // Truth values and places are what they are.
      if (is_bool(at(t)) || class_of(op.kind) == OpClass::kArg) continue;
      const Quantization own = quantization_by_range(op.kind);
      if (!builder_.noted(t) && !own.scale.empty() && ends_model(t)) {
        builder_.note(t).quant = own;
      }
      if (!builder_.noted(t)) {
        return "no QuantizeLinear behind it rounds its result";
      }
      make_bytes(t);
    }
    for (size_t i = 0; i < op.inputs.size(); ++i) {
      if (op.inputs[i] < 0 || (i == 2 && has_weights(op.kind))) continue;
      const std::string reason = prepare_operand(op, i);
      if (!reason.empty()) return reason;
    }
    if (has_weights(op.kind) && op.inputs[2] >= 0) return prepare_bias(op);
    if (class_of(op.kind) == OpClass::kPad) {
      prepare_padding(op);
    }
    return "";
  }

  // The scale that TensorFlow Lite gives functions of a known range; none for
  // others.
  static Quantization quantization_by_range(OpKind kind) {
    switch (kind) {
      case OpKind::kSoftmax:
      case OpKind::kLogistic:
        return {{1.F / 256}, {-128}};
      case OpKind::kTanh:
        return {{1.F / 128}, {0}};
      default:
        return {};
    }
  }

  // Returns whether nothing computes with the tensor before it leaves the
  // model.
  bool ends_model(int t) {
    const auto known = ends_.find(t);
    if (known != ends_.end()) return known->second;
    const bool ends = std::ranges::all_of(all_, [&](const Op* op) {
      if (std::ranges::count(op->inputs, t) == 0) return true;
      return moves(op->kind) && std::ranges::all_of(op->outputs, [&](int y) {
               return ends_model(y);
             });
    });
    return ends_[t] = ends;
  }

  // A result that nothing rounds has its operands' bytes, if they have one
  // scale. Returns why it cannot.
  std::string pass_scales(const Op& op) {
    const bool rounded = std::ranges::all_of(
        op.outputs, [&](int t) { return builder_.noted(t); });
    if (rounded || (!shares_scales(op.kind) && op.kind != OpKind::kRelu)) {
      return "";
    }
    int like = -1;
    for (const int from : op.inputs) {
      if (from < 0 || at(from).constant || !builder_.noted(from)) continue;
      if (like >= 0 && !same_scales(like, from)) return unlike(op);
      like = from;
    }
    if (like < 0) return "";
    const QuantNote note = builder_.note(like);
    if (const std::optional<float> value = beyond(op, note)) {
      return text("it is joined with ", *value,
                  ", which is beyond the range of ", quoted(at(like).name),
                  ", and no QuantizeLinear behind it rounds its result");
    }
    for (const int t : op.outputs) {
      if (!builder_.noted(t)) builder_.note(t) = note;
    }
    return "";
  }

  // One scale would lose what the other parts hold.
  std::string unlike(const Op& op) {
    std::string flags;
    for (const int t : op.inputs) {
      if (t < 0 || at(t).constant || is_bool(at(t))) continue;
      const std::string& real = builder_.note(t).real_name;
      flags += " --outputs " + (real.empty() ? at(t).name : real);
    }
    return text(
        "no QuantizeLinear behind it rounds its result, and its parts have "
        "unlike scales, of which one would lose the other's values; end the "
        "model at the parts:",
        flags);
  }

  // A constant beside such bytes that none of them means, to half a quantum.
  std::optional<float> beyond(const Op& op, const QuantNote& note) {
    const double scale = note.quant.scale[0];
    const int zero = note.quant.zero[0];
    const auto fits = [&](float v) {
      return std::abs((round_to_byte(v / scale, zero) - zero) * scale - v) <=
             0.51 * scale;
    };
    if (const auto* pad = std::get_if<PadAttr>(&op.attr)) {
      if (std::isfinite(pad->real) && !fits(pad->real)) return pad->real;
    }
    for (const int t : op.inputs) {
      if (t < 0 || !at(t).constant || is_bool(at(t))) continue;
      for (const float v : builder_.values(t)) {
        // The lesser one of a byte and more than all bytes is the byte.
        const bool is_idle = (op.kind == OpKind::kMinimum && v > 0) ||
                             (op.kind == OpKind::kMaximum && v < 0);
        if (!is_idle && !fits(v)) return v;
      }
    }
    return std::nullopt;
  }

  std::string prepare_operand(Op& op, size_t i) {
    const int t = op.inputs[i];
    if (is_bool(at(t))) return "";
    if (is_bool(at(op.outputs[0])) && op.inputs.size() == 2) {
      compare_in_bytes(t, op.inputs[1 - i]);
    }
    const int y = op.outputs[0];
    // Rounding commutes with movement.
    if (!builder_.noted(t) && at(t).constant && moves(op.kind)) {
      round_to(builder_, t, builder_.note(y));
    }
    if (!builder_.noted(t)) {
      return onnx_import::quoted(at(t).name) + " is not quantized";
    }
    if (at(t).constant && moves(op.kind) && !same_scales(t, y)) {
      round_to(builder_, t, builder_.note(y));
    }
    if (at(t).constant) {
      const std::string reason = round_constant(t);
      if (!reason.empty()) return reason;
    } else {
      make_bytes(t);
    }
    if (has_weights(op.kind) && i == 1) return check_weights(t);
    const int result = op.outputs[0];
    if (!moves(op.kind) || same_scales(t, result)) return "";
    op.inputs[i] = requantized(t, result);
    return "";
  }

  // A constant that is a byte in the scale of what is compared with it needs no
  // scale of its own.
  void compare_in_bytes(int t, int other) {
    if (!at(t).constant || builder_.noted(t) || !builder_.noted(other)) return;
    const Quantization& quant = builder_.note(other).quant;
    for (const float v : builder_.values(t)) {
      const double byte = double{v} / quant.scale[0] + quant.zero[0];
      if (!(byte >= -128 && byte <= 127) || byte != std::nearbyint(byte)) {
        return;
      }
    }
    builder_.note(t).quant = quant;
  }

  bool same_scales(int a, int b) {
    const Quantization &p = builder_.note(a).quant, &q = builder_.note(b).quant;
    return p.scale == q.scale && p.zero == q.zero;
  }

  // The operand in the scale of `like`.
  int requantized(int from, int like) {
    const int made =
        builder_.tensor(at(from).name + ":requantized", at(from).shape);
    builder_.note(made) = builder_.note(like);
    make_bytes(made);
    Op op{OpKind::kQuantize, {from}, {made}, {}};
    convert(std::move(op));
    return made;
  }

  void make_bytes(int t) {
    Tensor& tensor = at(t);
    tensor.type = tensor.file_type = Type::kInt8;
    tensor.quant = builder_.note(t).quant;
    tensor.quant.rounds_once = !tensor.constant;
  }

  // A dequantized constant goes back to the same bytes, unless something was
  // computed with it.
  std::string round_constant(int t) {
    Tensor& tensor = at(t);
    const Quantization& quant = builder_.note(t).quant;
    const std::vector<float> values = builder_.values(t);
    std::vector<uint8_t> bytes(values.size());
    size_t inner = 1;
    for (size_t a = static_cast<size_t>(quant.axis) + 1;
         a < tensor.shape.size(); ++a) {
      inner *= static_cast<size_t>(tensor.shape[a]);
    }
    for (size_t i = 0; i < values.size(); ++i) {
      const size_t c = i / inner % quant.scale.size();
      const int q =
          round_to_byte(double{values[i]} / quant.scale[c], quant.zero[c]);
      if (static_cast<float>(q - quant.zero[c]) * quant.scale[c] != values[i]) {
        return text(quoted(tensor.name), " holds ", values[i],
                    ", which no byte means");
      }
      bytes[i] = static_cast<uint8_t>(q);
    }
    tensor.data = std::move(bytes);
    make_bytes(t);
    return "";
  }

  std::string check_weights(int t) {
    const std::vector<int32_t>& zeros = at(t).quant.zero;
    const bool none =
        std::all_of(zeros.begin(), zeros.end(), [](int z) { return z == 0; });
    if (none || zeros.size() == 1) return "";
    return "weights with a zero point per channel; quantize them "
           "symmetrically, or per tensor";
  }

  // A bias is rounded to the unit of the products. Few bits of weights and
  // inputs make that coarse beside the result, so 2^k times the weights, in
  // scales of 2^-k, take their place: the same values, and a finer unit.
  void refine_weights(const Op& op) {
    Tensor& w = at(op.inputs[1]);
    Quantization& quant = w.quant;
    const auto reads = [&](const Op* o) {
      return std::ranges::count(o->inputs, op.inputs[1]) > 0;
    };
    if (std::ranges::count_if(all_, reads) != 1 ||
        std::ranges::any_of(quant.zero, [](int z) { return z != 0; })) {
      return;
    }
    const double fine = double{at(op.outputs[0]).scale()} / 16;
    const size_t channels = quant.scale.size();
    size_t inner = 1;
    for (size_t a = static_cast<size_t>(quant.axis) + 1; a < w.shape.size();
         ++a) {
      inner *= static_cast<size_t>(w.shape[a]);
    }
    std::vector<int> most(channels, 1);
    for (size_t i = 0; i < w.data.size(); ++i) {
      int& m = most[i / inner % channels];
      m = std::max(m, std::abs(int{static_cast<int8_t>(w.data[i])}));
    }
    std::vector<int> times(channels, 1);
    for (size_t c = 0; c < channels; ++c) {
      const double unit = double{at(op.inputs[0]).scale()} * quant.scale[c];
      while (unit / times[c] > fine && 2 * times[c] * most[c] <= 127) {
        times[c] *= 2;
      }
      quant.scale[c] /= static_cast<float>(times[c]);
    }
    for (size_t i = 0; i < w.data.size(); ++i) {
      w.data[i] = static_cast<uint8_t>(static_cast<int8_t>(w.data[i]) *
                                       times[i / inner % channels]);
    }
    builder_.note(op.inputs[1]).quant = quant;
  }

  // In units of the products that are summed: the file's integers if those are
  // their units, else the nearest ones.
  std::string prepare_bias(Op& op) {
    const int t = op.inputs[2];
    const std::vector<float> values = builder_.values(t);
    std::vector<int32_t> ints = builder_.note(t).ints;
    const bool has_ints = !ints.empty();
    if (!has_ints) refine_weights(op);
    const Tensor &x = at(op.inputs[0]), &w = at(op.inputs[1]);
    ints.resize(values.size(), 0);
    Quantization quant;
    for (size_t c = 0; c < values.size(); ++c) {
      const size_t s = w.quant.scale.size() > 1 ? c : 0;
      const double unit = double{x.scale()} * w.quant.scale[s];
      if (c == 0 || w.quant.scale.size() > 1) {
        quant.scale.push_back(static_cast<float>(unit));
        quant.zero.push_back(0);
      }
      const double value = values[c];
      const double gap = std::abs(ints[c] * unit - value);
      if (has_ints && gap <= 1e-6 * std::max(unit, std::abs(value))) continue;
      const double nearest = std::nearbyint(value / unit);
      if (!(std::abs(nearest) < 0x1p31)) {
        return text("the bias of channel ", c, ", ", values[c],
                    ", leaves 32 bits in units of ", unit,
                    ", the product of the scales");
      }
      ints[c] = static_cast<int32_t>(nearest);
    }
    Tensor& bias = at(t);
    bias.type = bias.file_type = Type::kInt32;
    bias.quant = quant;
    bias.data.resize(4 * ints.size());
    std::memcpy(bias.data.data(), ints.data(), bias.data.size());
    return "";
  }

  // The lowest byte does for endless depth, as maxima see it.
  void prepare_padding(Op& op) {
    auto& attr = std::get<PadAttr>(op.attr);
    const Tensor& y = at(op.outputs[0]);
    attr.value = round_to_byte(double{attr.real} / y.scale(), y.zero());
    attr.real = 0;
  }

  void dequantize_outputs(const std::vector<bool>& float_outputs) {
    for (size_t i = 0; i < graph_.outputs.size(); ++i) {
      const int t = graph_.outputs[i];
      if (!float_outputs[i] || at(t).type != Type::kInt8) continue;
      const std::string name = at(t).name;
      const int made = builder_.tensor(name + ":real", at(t).shape);
      builder_.claim(made, name);
      graph_.ops.push_back({OpKind::kDequantize, {t}, {made}, {}});
      graph_.outputs[i] = made;
    }
  }

  GraphBuilder& builder_;
  Graph& graph_;
  std::vector<const Op*> all_;  // of the float graph, while run() converts it
  std::map<int, bool> ends_;    // what ends_model() found
  std::vector<std::string> lines_;
  std::string parts_of_, parts_;  // of the last line
  static constexpr const char* kUnroundedParts =
      "they compute in float32, no QuantizeLinear rounds their results";
};

}  // namespace

void quantize_graph(GraphBuilder& builder,
                    const std::vector<bool>& float_outputs) {
  round_what_is_unrounded(builder);
  Quantizer(builder).run(float_outputs);
}

}  // namespace shoal::onnx_import
