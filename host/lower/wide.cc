#include "host/lower/wide.h"

#include "device/base/fixed_point.h"
#include "host/lower/param_list.h"
#include "host/model/graph/operators.h"

namespace shoal {

void add_wide_params(Layer& l, Activation activation, float output_scale,
                     bool long_sums) {
  const auto [low, high] = wide_activation_range(activation, output_scale);
  for (const int v : param_list(WideParams{low, high, long_sums ? 1 : 0})) {
    l.params.push_back(v);
  }
}

// A long bias lies in two places; see device/program/chunk.h.
void set_wide_weights(const Builder& b, Activation activation,
                      bool single_in_float, Layer& l) {
  const Op& op = b.op();
  const Tensor& y = b.tensor(op.outputs[0]);
  const int channels = y.shape.back();
  const bool long_sums = sums_are_long(b.graph(), op);
  for (const int64_t v : wide_bias(b.graph(), op, channels)) {
    l.weights.bias.push_back(static_cast<int32_t>(v));
    l.weights.multipliers.push_back(
        long_sums ? static_cast<int32_t>(v >> 32) * (1 << 16) : 0);
  }
  size_t c = 0;
  for (const Multiplier& m :
       channel_multipliers(b.tensor(op.inputs[0]), b.tensor(op.inputs[1]), y,
                           channels, single_in_float)) {
    l.weights.multipliers[c++] +=
        long_sums ? shortened_multiplier(m.value) : m.value;
    l.weights.shifts.push_back(static_cast<int8_t>(m.shift));
  }
  add_wide_params(l, activation, y.scale(), long_sums);
}

void lower_wide_unary(Builder& b) {
  const Op& op = b.op();
  const int x = op.inputs[0], y = op.outputs[0];
  const bool curved = op.kind == OpKind::kLogistic || op.kind == OpKind::kTanh;
  Layer l = b.layer(curved ? OpCode::kSigmoid : OpCode::kRescale, y);
  l.zero_out = 0;  // it has its own
  l.params = curved ? param_list(sigmoid_params(op, b.tensor(x)))
                    : param_list(rescale_params(b.graph(), op));
  const Value v = b.raw(x);
  l.in[0] = v.view;
  l.out = b.new_tensor(b.tensor(y).name, extent_of(v.view.box), b.width(y));
  b.set(y, {l.out, v.shape, v.order});
  b.add(std::move(l));
}

}  // namespace shoal
