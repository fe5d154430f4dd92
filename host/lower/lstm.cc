// UNIDIRECTIONAL_SEQUENCE_LSTM: one layer whose result has a row for each step,
// and rows for the cell state behind them. So the state behind the last step is
// a box of the same tensor, and assigning it to the variable a copy like any
// other.
#include "host/model/graph/lstm.h"

#include <span>

#include "device/program/chunk.h"
#include "host/lower/builder.h"
#include "host/lower/param_list.h"
#include "host/lower/wide.h"
#include "host/model/graph/operators.h"

namespace shoal {
namespace {

const Tensor& operand(const Builder& b, int k) {
  return b.tensor(b.op().inputs[static_cast<size_t>(k)]);
}

void put_word(uint32_t v, std::vector<int8_t>& to) {
  for (int shift = 0; shift < 32; shift += 8) {
    to.push_back(static_cast<int8_t>(v >> shift & 0xFF));
  }
}

// A row of a gate's weights.
std::span<const int8_t> row(const Tensor& w, int unit) {
  const auto length = static_cast<size_t>(w.shape[1]);
  const auto* all = reinterpret_cast<const int8_t*>(w.data.data());
  return {all + static_cast<size_t>(unit) * length, length};
}

uint32_t sum_of(std::span<const int8_t> weights) {
  uint32_t sum = 0;
  for (const int8_t w : weights) sum += static_cast<uint32_t>(w);
  return sum;
}

// The zero points of the input and of the hidden state go into the biases,
// which are long if both have none (device/program/chunk.h).
std::vector<int8_t> unit_weights(const Builder& b, int units) {
  const auto x_zero = static_cast<uint32_t>(operand(b, kLstmInput).zero());
  const auto h_zero = static_cast<uint32_t>(operand(b, kLstmState).zero());
  const bool is_wide = is_int16(operand(b, kLstmInput));
  std::vector<int64_t> biases[kLstmGates];
  for (int g = 0; g < kLstmGates; ++g) {
    biases[g] = lstm_bias(b.graph(), b.op(), g);
  }
  std::vector<int8_t> all;
  for (int u = 0; u < units; ++u) {
    for (int g = 0; g < kLstmGates; ++g) {
      const int64_t bias = biases[g][static_cast<size_t>(u)];
      if (is_wide) {
        put_word(static_cast<uint32_t>(bias), all);
        put_word(static_cast<uint32_t>(bias >> 32), all);
        continue;
      }
      const Tensor& w = operand(b, kLstmInputWeights + g);
      const Tensor& r = operand(b, kLstmRecurrentWeights + g);
      put_word(static_cast<uint32_t>(bias) - x_zero * sum_of(row(w, u)), all);
      put_word(0 - h_zero * sum_of(row(r, u)), all);
    }
    for (const int first : {kLstmInputWeights, kLstmRecurrentWeights}) {
      for (int g = 0; g < kLstmGates; ++g) {
        const auto weights = row(operand(b, first + g), u);
        all.insert(all.end(), weights.begin(), weights.end());
      }
    }
  }
  return all;
}

View rows_of(View view, int first, int count) {
  view.box.y0 += first;
  view.box.y1 = view.box.y0 + count;
  return view;
}

void set_rows(Builder& b, int t, const View& view) {
  const Shape shape = squeezed(b.lies(t));
  b.set(t, {view, shape, identity_order(static_cast<int>(shape.size()))});
}

}  // namespace

void lower_lstm(Builder& b) {
  const Op& op = b.op();
  const int x = op.inputs[kLstmInput], y = op.outputs[0];
  const int units = b.tensor(y).shape.back();
  const int inputs = b.tensor(x).shape.back();
  const auto steps =
      static_cast<int>(element_count(b.tensor(x).shape) / inputs);
  Layer l = b.layer(OpCode::kLstm, y);
  l.zero_out = operand(b, kLstmState).zero();
  const bool is_wide = is_int16(b.tensor(x));
  const int more = lstm_cell_rows(is_wide);
  l.params = param_list(lstm_params(b.graph(), op));
  if (is_wide) add_wide_params(l, Activation::kNone, 1, true);
  l.weights.values = unit_weights(b, units);
  l.macs = op_macs(b.graph(), op);
  l.in[0] = b.plain(x, {steps, 1, inputs});
  l.in[1] = b.plain(op.inputs[kLstmState], {1 + more, 1, units});
  l.out = b.new_tensor(b.tensor(y).name, {steps + more, 1, units}, b.width(y));
  set_rows(b, y, rows_of(l.out, 0, steps));
  set_rows(b, op.outputs[1], rows_of(l.out, steps - 1, 1 + more));
  b.add(std::move(l));
}

}  // namespace shoal
