#include "host/model/graph/lstm.h"

#include <algorithm>
#include <cmath>

#include "device/base/fixed_point.h"
#include "host/model/graph/quantize.h"
#include "host/model/graph/sigmoid_table.h"
#include "host/model/graph/wide.h"

namespace shoal {
namespace {

constexpr double kResultScale = 0x1p-15;  // the scale of the functions' results

// The product of the operands' scales in float32, over the arguments' scale.
Multiplier argument_multiplier(const Tensor& x, const Tensor& weights) {
  const float product = x.scale() * weights.scale();
  return quantize_multiplier(static_cast<double>(product) / 0x1p-12);
}

}  // namespace

int cell_power(float scale) {
  int exponent = 0;
  const bool is_power = std::frexp(scale, &exponent) == 0.5F;
  return is_power ? exponent - 1 : kLeastCellPower - 1;
}

LstmParams lstm_params(const Graph& g, const Op& op) {
  const auto& attr = std::get<LstmAttr>(op.attr);
  const auto tensor = [&](int operand) -> const Tensor& {
    return g.tensors[op.inputs[static_cast<size_t>(operand)]];
  };
  LstmParams p{};
  for (int k = 0; k < kLstmGates; ++k) {
    const Multiplier x =
        argument_multiplier(tensor(kLstmInput), tensor(kLstmInputWeights + k));
    const Multiplier h = argument_multiplier(tensor(kLstmState),
                                             tensor(kLstmRecurrentWeights + k));
    p.gates[k] = {x.value, x.shift, h.value, h.shift};
    if (!is_int16(tensor(kLstmInput))) continue;
    for (int32_t* m :
         {&p.gates[k].input_multiplier, &p.gates[k].recurrent_multiplier}) {
      *m = shortened_multiplier(*m);
    }
  }
  const double cell = attr.cell_scale;
  const Multiplier keep = quantize_multiplier(kResultScale * cell / cell);
  p.keep_multiplier = keep.value, p.keep_shift = keep.shift;
  const Multiplier add =
      quantize_multiplier(kResultScale * kResultScale / cell);
  p.add_multiplier = add.value, p.add_shift = add.shift;
  const Multiplier hidden =
      quantize_multiplier(kResultScale * kResultScale /
                          static_cast<double>(tensor(kLstmState).scale()));
  p.hidden_multiplier = hidden.value, p.hidden_shift = hidden.shift;
  // Three quarters of the argument times 2^14; the table has 24 steps for 1.
  const int left = 12 + cell_power(attr.cell_scale);
  p.tanh_multiplier = 3 << std::max(0, left);
  p.tanh_shift = std::max(0, -left);
  p.clip = 1 << 15;
  if (attr.clip > 0) {
    p.clip = static_cast<int32_t>(std::min(attr.clip / cell, 32767.0));
  }
  for (int k = 0; k < 256; ++k) {
    p.table[k / 2] |= static_cast<uint32_t>(sigmoid_entry(k)) << (k % 2 * 16);
  }
  return p;
}

std::vector<int64_t> lstm_bias(const Graph& g, const Op& op, int gate) {
  return whole_numbers(
      g.tensors[op.inputs[static_cast<size_t>(kLstmBiases + gate)]]);
}

}  // namespace shoal
