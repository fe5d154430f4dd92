#include "host/lower/convolution.h"

#include <cstring>

#include "device/base/fixed_point.h"
#include "host/base/error.h"
#include "host/lower/builder.h"
#include "host/lower/moves.h"
#include "host/lower/wide.h"
#include "host/lower/window.h"
#include "host/model/graph/operators.h"
#include "host/model/graph/quantize.h"

namespace shoal {
namespace {

std::vector<int8_t> int8_data(const Tensor& t) {
  return {t.data.begin(), t.data.end()};
}

std::vector<int32_t> bias_of(const Builder& b, const Op& op, int channels) {
  std::vector<int32_t> bias(channels, 0);
  if (op.inputs.size() > 2 && op.inputs[2] >= 0) {
    const Tensor& t = b.tensor(op.inputs[2]);
    std::memcpy(bias.data(), t.data.data(), bias.size() * sizeof(int32_t));
  }
  return bias;
}

// Everything that depends on quantization alone.
Layer quantized_layer(const Builder& b, OpCode code, Activation activation,
                      bool single_in_float) {
  const Op& op = b.op();
  const Tensor& x = b.tensor(op.inputs[0]);
  const Tensor& w = b.tensor(op.inputs[1]);
  const Tensor& y = b.tensor(op.outputs[0]);
  const int channels = y.shape.back();
  Layer l = b.layer(code, op.outputs[0]);
  l.zero_in = x.zero();
  l.zero_weight = w.zero();
  l.macs = op_macs(b.graph(), op);
  l.weights.values = int8_data(w);
  if (is_int16(x)) {
    set_wide_weights(b, activation, single_in_float, l);
    return l;
  }
  const auto range = activation_range(activation, y.scale(), y.zero());
  l.act_min = range.first;
  l.act_max = range.second;
  l.weights.int4 = w.file_type == Type::kInt4;
  l.weights.bias = bias_of(b, op, channels);
  for (const Multiplier& m :
       channel_multipliers(x, w, y, channels, single_in_float)) {
    l.weights.multipliers.push_back(m.value);
    l.weights.shifts.push_back(static_cast<int8_t>(m.shift));
  }
  return l;
}

// Padding below or to the right shows in the sizes alone.
bool is_pointwise(const Layer& l, const Shape& in, const Shape& out) {
  return l.op == OpCode::kConv && l.kernel_h == 1 && l.kernel_w == 1 &&
         l.stride_y == 1 && l.stride_x == 1 && l.pad_top == 0 &&
         l.pad_left == 0 && in[1] == out[1] && in[2] == out[2];
}

constexpr ByKind<OpCode> kActors(
    {{OpKind::kConv2d, OpCode::kConv},
     {OpKind::kDepthwiseConv2d, OpCode::kDepthwise},
     {OpKind::kTransposeConv, OpCode::kTransposeConv}});

}  // namespace

void fold_zero_point(Layer& l, bool outer) {
  LayerWeights& w = l.weights;
  const size_t channels = w.bias.size();
  const size_t taps = w.values.size() / channels;
  for (size_t o = 0; o < channels; ++o) {
    int32_t sum = 0;
    for (size_t k = 0; k < taps; ++k) {
      const int8_t value = w.values[outer ? o * taps + k : k * channels + o];
      sum = wrap_add(sum, value - l.zero_weight);
    }
    w.bias[o] = wrap_sub(w.bias[o], wrap_mul(l.zero_in, sum));
  }
}

void lower_convolution(Builder& b) {
  const Op& op = b.op();
  WindowAttr attr = std::get<WindowAttr>(op.attr);
  int x = op.inputs[0], y = op.outputs[0];
  if (const Dilated& around = b.dilated(); around.split >= 0) {
    attr = dilated_window(b.graph(), op, around);
    x = b.graph().ops[around.split].inputs[0];
    y = b.graph().ops[around.join].outputs[0];
  }
  Layer l = quantized_layer(b, kActors[op.kind], attr.activation, false);
  set_window(l, attr);
  if (y != op.outputs[0]) {
    // The padding that SPACE_TO_BATCH adds for its own sake is not computed.
    l.macs = l.macs / element_count(b.tensor(op.outputs[0]).shape) *
             element_count(b.tensor(y).shape);
  }
  if (const int pad = b.folded_pad(x); pad >= 0) {
    const Op& by = b.graph().ops[pad];
    const auto& amounts = std::get<PadAttr>(by.attr);
    x = by.inputs[0];
    l.pad_top += amounts.before[1];
    l.pad_left += amounts.before[2];
  }
  const Shape& in = b.tensor(x).shape;
  const Shape& out = b.tensor(y).shape;
  if (l.op == OpCode::kDepthwise) l.depth_multiplier = out[3] / in[3];
  if (l.op != OpCode::kTransposeConv) {
    if (l.zero_in != 0) fold_zero_point(l, l.op == OpCode::kConv);
  }
  const Value v = b.picture(x);
  const Extent lies = extent_of(v.view.box);
  if (is_pointwise(l, in, out) && lies.channels == in[3]) {
    l.in[0] = v.view;
    l.out = b.picture_result(y, {lies.rows, lies.columns, out[3]});
    b.add(std::move(l));
    return;
  }
  add_on_pictures(b, std::move(l), x, y);
}

Layer fully_connected_layer(const Builder& b) {
  const Op& op = b.op();
  return quantized_layer(b, OpCode::kConv,
                         std::get<FusedAttr>(op.attr).activation,
                         b.tensor(op.inputs[1]).quant.scale.size() == 1);
}

void lower_fully_connected(Builder& b) {
  const Op& op = b.op();
  const int x = op.inputs[0], y = op.outputs[0];
  const Tensor& weights = b.tensor(op.inputs[1]);
  const int length = weights.shape[1];
  Layer l = fully_connected_layer(b);
  if (l.zero_in != 0) fold_zero_point(l, true);
  const int channels = weights.shape[0];
  const int64_t count = element_count(b.tensor(x).shape) / length;
  if (count == 1) {
    // The whole picture is the kernel, in whatever order it lies.
    const Value v = b.raw(x);
    if (!is_identity(v.order)) {
      const auto from = placed_elements(v.shape, v.order);
      const std::vector<int8_t> plain = l.weights.values;
      for (int o = 0; o < channels; ++o) {
        for (int k = 0; k < length; ++k) {
          l.weights.values[int64_t{o} * length + k] =
              plain[int64_t{o} * length + from[k]];
        }
      }
    }
    l.in[0] = v.view;
    l.kernel_h = v.view.box.rows();
    l.kernel_w = v.view.box.columns();
    l.out = b.result(y, {1, 1, channels});
    b.add(std::move(l));
    return;
  }
  const Value v = b.plain(x);
  const Extent lies = extent_of(v.view.box);
  Extent in = lies;
  if (lies.channels != length && lies.row_elements() != length) {
    in = {static_cast<int>(count), 1, length};
  }
  l.in[0] = b.as_extent(v, in);
  const bool by_row = in.channels != length;
  if (by_row) l.kernel_w = in.columns;
  l.out = b.result(y, {in.rows, by_row ? 1 : in.columns, channels});
  b.add(std::move(l));
}

}  // namespace shoal
