// Sums of products at the outputs of a quantized model.
#include <algorithm>
#include <cmath>
#include <utility>

#include "host/base/error.h"
#include "host/model/graph/digits.h"
#include "host/model/graph/operators.h"
#include "host/model/onnx/qdq.h"
#include "host/model/onnx/text.h"

namespace shoal::onnx_import {
namespace {

class WholeNumbers {
 public:
  explicit WholeNumbers(GraphBuilder& builder)
      : builder_(builder), graph_(builder.graph()) {}

  void make(int tensor) {
    const int number = maker_of(tensor);
    if (number < 0 || builder_.noted(tensor)) return;
    const Op& op = op_at(number);
    const OpClass cls = class_of(op.kind);
    if (cls == OpClass::kReshape || cls == OpClass::kTranspose) {
      const int from = op.inputs[0];
      make(from);
      if (at(from).type == Type::kInt32) set_number(tensor);
    } else if (is_product(op)) {
      add_up(number, tensor, digits_of(number, digits_for(most(op))));
    } else if (op.kind == OpKind::kConcatenation) {
      join(number, tensor);
    }
  }

 private:
  Tensor& at(int t) { return graph_.tensors[static_cast<size_t>(t)]; }
  void set_number(int t) { at(t).type = at(t).file_type = Type::kInt32; }
  Op& op_at(int number) { return graph_.ops[static_cast<size_t>(number)]; }
  int maker_of(int tensor) const {
    const auto op = std::ranges::find_if(graph_.ops, [tensor](const Op& o) {
      return std::ranges::find(o.outputs, tensor) != o.outputs.end();
    });
    return op == graph_.ops.end() ? -1
                                  : static_cast<int>(op - graph_.ops.begin());
  }
  bool is_product(const Op& op) {
    return has_weights(op.kind) && takes_bytes(op.inputs[0]) &&
           builder_.noted(op.inputs[1]);
  }
  // The part of a tensor that groups split has its bytes.
  bool takes_bytes(int t) {
    const int number = maker_of(t);
    if (number >= 0 && op_at(number).kind == OpKind::kSplit &&
        !builder_.noted(t)) {
      builder_.note(t) = builder_.note(op_at(number).inputs[0]);
    }
    return builder_.noted(t);
  }
  int readers_of(int tensor) const {
    const auto reads = [tensor](const Op& o) {
      return std::ranges::find(o.inputs, tensor) != o.inputs.end();
    };
    return static_cast<int>(std::ranges::count_if(graph_.ops, reads) +
                            std::ranges::count(graph_.outputs, tensor));
  }

  // Parts of as many digits, whatever axis they are joined along: the digits of
  // a number lie side by side.
  void join(int number, int tensor) {
    const std::vector<int> parts = op_at(number).inputs;
    int digits = 0;
    for (const int t : parts) {
      const int maker = maker_of(t);
      if (maker < 0 || builder_.noted(t) || readers_of(t) != 1 ||
          std::ranges::count(parts, t) != 1 || !is_product(op_at(maker))) {
        return;
      }
      digits = std::max(digits, digits_for(most(op_at(maker))));
    }
    std::vector<int> made;
    for (const int t : parts) made.push_back(digits_of(maker_of(t), digits));
    const int joined = digits_tensor(tensor, digits);
    op_at(number).inputs = std::move(made);
    op_at(number).outputs[0] = joined;
    add_up(number, tensor, joined);
  }

  // The axis of output channels.
  static size_t channel_axis(const Op& op) {
    return op.kind == OpKind::kDepthwiseConv2d ? 3 : 0;
  }

  // No sum is larger, of any bytes.
  int64_t most(const Op& op) {
    const int w = op.inputs[1], bias = op.inputs[2];
    const Quantization& quant = builder_.note(w).quant;
    const std::vector<float> values = builder_.values(w);
    const auto channels = static_cast<size_t>(at(w).shape[channel_axis(op)]);
    const size_t inner = channel_axis(op) == 0 ? values.size() / channels : 1;
    const int zero = builder_.note(op.inputs[0]).quant.zero[0];
    std::vector<double> sums(channels, 0);
    for (size_t i = 0; i < values.size(); ++i) {
      const size_t c = i / inner % channels;
      const float scale = quant.scale[quant.scale.size() > 1 ? c : 0];
      sums[c] += std::abs(std::nearbyint(double{values[i]} / scale)) *
                 std::max(zero + 128, 127 - zero);
    }
    if (bias >= 0) {
      const std::vector<float> added = builder_.values(bias);
      for (size_t c = 0; c < channels; ++c) sums[c] += std::abs(added[c]) + 1;
    }
    return static_cast<int64_t>(std::ranges::max(sums));
  }

  template <class T>
  static std::vector<T> repeated(const std::vector<T>& all, size_t inner,
                                 size_t times) {
    std::vector<T> out;
    for (size_t c = 0; c * inner < all.size(); ++c) {
      for (size_t n = 0; n < times; ++n) {
        const auto first = all.begin() + static_cast<ptrdiff_t>(c * inner);
        out.insert(out.end(), first, first + static_cast<ptrdiff_t>(inner));
      }
    }
    return out;
  }

  // A constant whose channels are there `times` times, one behind the other.
  int widened(int t, size_t axis, int times) {
    const Tensor from = at(t);
    QuantNote note = builder_.note(t);
    const std::vector<float> values = builder_.values(t);
    const auto channels = static_cast<size_t>(from.shape[axis]);
    const size_t inner = axis == 0 ? values.size() / channels : 1;
    const auto n = static_cast<size_t>(times);
    Shape shape = from.shape;
    shape[axis] *= times;
    // At most kMostDigits as many as the file has: no budget counts them.
    const int made = builder_.tensor(from.name + ":digits", shape);
    at(made).constant = true;
    builder_.set_values(made, repeated(values, inner, n));
    if (note.quant.scale.size() > 1) {
      note.quant.scale = repeated(note.quant.scale, 1, n);
      note.quant.zero = repeated(note.quant.zero, 1, n);
    }
    note.ints = repeated(note.ints, inner, n);
    builder_.note(made) = std::move(note);
    return made;
  }

  int digits_tensor(int tensor, int digits) {
    Shape shape = at(tensor).shape;
    shape.back() *= digits;
    const int made = builder_.tensor(at(tensor).name + ":digits", shape);
    builder_.note(made).quant = {{1}, {0}, 0, false, digits};
    return made;
  }

  // Has a product make its sums as digits, and returns their tensor.
  int digits_of(int number, int digits) {
    Op op = op_at(number);
    op.inputs[1] = widened(op.inputs[1], channel_axis(op), digits);
    if (op.inputs[2] >= 0) op.inputs[2] = widened(op.inputs[2], 0, digits);
    if (op.kind == OpKind::kDepthwiseConv2d) {
      std::get<WindowAttr>(op.attr).depth_multiplier *= digits;
    }
    op.outputs[0] = digits_tensor(op.outputs[0], digits);
    op_at(number) = op;
    return op.outputs[0];
  }

  void add_up(int number, int tensor, int digits) {
    graph_.ops.insert(graph_.ops.begin() + number + 1,
                      {OpKind::kCast, {digits}, {tensor}, {}});
    set_number(tensor);
  }

  GraphBuilder& builder_;
  Graph& graph_;
};

}  // namespace

void make_whole_numbers(GraphBuilder& builder,
                        const std::vector<int>& outputs) {
  WholeNumbers numbers(builder);
  for (const int t : outputs) {
    numbers.make(t);
    const Tensor& output = builder.at(t);
    if (output.type == Type::kInt32) continue;
    throw Error(
        Exit::kUnsupported,
        text(builder.graph().name, ": not supported:\n  model output ",
             quoted(output.name),
             ": of its integers, sums of products are computed, moved and "
             "joined, not clamped"),
        "end the model at the sums of each product (--outputs NAME) and do the "
        "rest behind the network, or put a Cast to FLOAT, a Mul by the scale "
        "and a QuantizeLinear behind them");
  }
}

}  // namespace shoal::onnx_import
