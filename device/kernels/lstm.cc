// Source of the formulas: lstm_eval of TensorFlow Lite Micro, whose functions
// of 16 bits lie between the entries of a table.
#include "device/kernels/lstm.h"

#include "device/base/fixed_point.h"
#include "device/kernels/dot.h"
#include "device/kernels/sigmoid.h"
#include "device/kernels/wide.h"
#include "device/program/chunk.h"

namespace shoal {
namespace {

int32_t to_int16(int32_t v) { return clamp(v, -32768, 32767); }

int32_t gate_argument(const LstmGate& g, uint32_t input, uint32_t recurrent) {
  const int32_t a =
      requantize_rarely(wrap(input), g.input_multiplier, g.input_shift);
  const int32_t b = requantize_rarely(wrap(recurrent), g.recurrent_multiplier,
                                      g.recurrent_shift);
  return to_int16(to_int16(a) + to_int16(b));
}

// Moves a unit's cell state on, given the arguments of its gates. Returns its
// hidden state less the zero point.
[[gnu::noinline]] int32_t next_state(const LstmParams& p,
                                     const int32_t* arguments, int16_t& state) {
  int32_t gate[kLstmGates];
  for (int g = 0; g < kLstmGates; ++g) {
    const int32_t v = 3 * arguments[g];
    gate[g] = g == 2 ? tangent(p.table, v) : logistic(p.table, v);
  }
  const int32_t kept = to_int16(
      requantize_rarely(gate[1] * state, p.keep_multiplier, p.keep_shift));
  const int32_t added = to_int16(
      requantize_rarely(gate[0] * gate[2], p.add_multiplier, p.add_shift));
  int32_t c = to_int16(kept + added);
  if (p.clip < 1 << 15) c = clamp(c, -p.clip, p.clip);
  state = static_cast<int16_t>(c);
  const int32_t half = p.tanh_shift > 0 ? 1 << (p.tanh_shift - 1) : 0;
  const int32_t t =
      tangent(p.table, (c * p.tanh_multiplier + half) >> p.tanh_shift);
  return requantize_rarely(t * gate[3], p.hidden_multiplier, p.hidden_shift);
}

}  // namespace

void lstm_step(const LstmArgs& a) {
  const LstmParams& p = *a.params;
  const auto unit_bytes = lstm_unit_bytes(a.inputs, a.units);
  for (int u = 0; u < a.count; ++u) {
    const int8_t* unit = a.weights + static_cast<uint64_t>(u) * unit_bytes;
    const auto* bias = reinterpret_cast<const uint32_t*>(unit);
    uint32_t inputs[kLstmGates], hiddens[kLstmGates];
    for (int g = 0; g < kLstmGates; ++g) {
      inputs[g] = bias[2 * g], hiddens[g] = bias[2 * g + 1];
    }
    const int8_t* w = unit + kLstmBiasBytes;
    add_dots(w, a.inputs, kLstmGates, static_cast<const int8_t*>(a.x), 0, 1,
             a.inputs, 0, inputs);
    w += kLstmGates * a.inputs;
    add_dots(w, a.units, kLstmGates, static_cast<const int8_t*>(a.h), 0, 1,
             a.units, 0, hiddens);
    int32_t arguments[kLstmGates];
    for (int g = 0; g < kLstmGates; ++g) {
      arguments[g] = gate_argument(p.gates[g], inputs[g], hiddens[g]);
    }
    const int32_t h = next_state(p, arguments, a.c[u]);
    static_cast<int8_t*>(a.out)[u] =
        static_cast<int8_t>(clamp(wrap_add(h, a.zero_out), -128, 127));
  }
}

// The gates' sums are those of convolutions, of which the input's has a bias.
void wide_lstm_step(const LstmArgs& a) {
  const LstmParams& p = *a.params;
  const auto unit_bytes = lstm_unit_bytes(a.inputs, a.units);
  int32_t bias[2][kLstmGates] = {}, multipliers[2][kLstmGates];
  int8_t shifts[2][kLstmGates];
  int16_t sums[2][kLstmGates];
  WideConvArgs c{};
  c.channels = kLstmGates;
  c.wide = {-32768, 32767, 1};
  for (int u = 0; u < a.count; ++u) {
    const int8_t* w = a.weights + static_cast<uint64_t>(u) * unit_bytes;
    const auto* biases = reinterpret_cast<const int32_t*>(w);
    for (int g = 0; g < kLstmGates; ++g) {
      const LstmGate& m = p.gates[g];
      bias[0][g] = biases[2 * g];
      multipliers[0][g] =
          wrap(bits(biases[2 * g + 1]) << 16) | (m.input_multiplier & 0x7FFF);
      multipliers[1][g] = m.recurrent_multiplier & 0x7FFF;
      shifts[0][g] = static_cast<int8_t>(m.input_shift);
      shifts[1][g] = static_cast<int8_t>(m.recurrent_shift);
    }
    w += kLstmBiasBytes;
    for (int k = 0; k < 2; ++k) {
      const int n = k == 0 ? a.inputs : a.units;
      c.bias = bias[k], c.multipliers = multipliers[k], c.shifts = shifts[k];
      c.out = sums[k];
      wide_products(w, static_cast<const int16_t*>(k == 0 ? a.x : a.h), n, c);
      w += kLstmGates * n;
    }
    int32_t arguments[kLstmGates];
    for (int g = 0; g < kLstmGates; ++g) {
      arguments[g] = to_int16(sums[0][g] + sums[1][g]);
    }
    static_cast<int16_t*>(a.out)[u] =
        static_cast<int16_t>(to_int16(next_state(p, arguments, a.c[u])));
  }
}

}  // namespace shoal
