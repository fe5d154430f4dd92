// Operators that go through a sequence step by step.
#include <cmath>

#include "host/model/graph/lstm.h"
#include "host/model/import/import_row.h"
#include "host/model/import/op_reader.h"

namespace shoal {
namespace {

constexpr int kTanh = 4;  // the format's number of a fused TANH
// Operands of the file. Those of the same kind are in the order of the gates.
constexpr int kInputWeights = 1, kRecurrentWeights = 5, kPeepholes = 9,
              kBiases = 12, kProjection = 16, kState = 18, kNorms = 20,
              kEnd = 24;

void refuse_variants(const OpReader& r) {
  const auto refuse = [&r](int from, int to, const char* what) {
    for (int i = from; i < to; ++i) {
      if (r.has(i)) {
        r.unsupported(text(what,
                           "; TensorFlow Lite Micro computes none; "
                           "build the layer without"));
      }
    }
  };
  refuse(kPeepholes, kBiases, "peephole weights");
  refuse(kProjection, kState, "a projection");
  refuse(kNorms, kEnd, "layer normalization inside");
  for (int i = kInputWeights; i < kPeepholes; ++i) {
    if (!r.has(i)) {
      r.unsupported(
          "a coupled input and forget gate (CIFG); build the layer with "
          "four gates");
    }
  }
}

int gate_weights(const OpReader& r, int operand, int units, int inputs) {
  const Tensor& w = r.weights(operand);
  r.expect_shape(w, {units, inputs});
  if (w.quant.scale.size() != 1 || w.zero() != 0) {
    r.unsupported("weights with a scale for each channel or a zero point");
  }
  return r.input(operand);
}

void check_cell(const OpReader& r) {
  const int power = cell_power(r.options().cell_scale);
  if (power < kLeastCellPower || power > kMostCellPower) {
    r.unsupported(text("cell states of scale ", r.options().cell_scale,
                       ", which is no power of two from 2^", kLeastCellPower,
                       " to 2^", kMostCellPower,
                       "; convert the float model again"));
  }
  if (r.options().cell_zero != 0) {
    r.unsupported(
        "cell states with a zero point; convert the float model "
        "again");
  }
  const float clip = r.options().clip;
  r.require(std::isfinite(clip), text("clips cell states to ", clip));
}

// find_states() has put one state of bytes in place of two.
void convert_lstm(const OpReader& r, Op& op) {
  refuse_variants(r);
  const Tensor& x = r.quantized(0);
  const Tensor& y = r.quantized_result();
  const RawOptions& o = r.options();
  r.require(r.outputs() == 2, text("has ", r.outputs(), " results"));
  r.expect_rank(x, 3);
  const int batch = x.shape[o.time_major ? 1 : 0];
  if (batch != 1) {
    r.unsupported(text("a batch of ", batch,
                       "; export with batch 1, as each sequence has a state "
                       "of its own"));
  }
  if (o.activation != kTanh) {
    r.unsupported("another activation than TANH");
  }
  check_cell(r);
  const Tensor& state = r.quantized(kState);
  const int units = state.shape.back(), inputs = x.shape.back();
  Shape shape = x.shape;
  shape.back() = units;
  r.expect_shape(y, shape);
  op.inputs = {r.input(0), r.input(kState)};
  for (int k = 0; k < kLstmGates; ++k) {
    op.inputs.push_back(gate_weights(r, kInputWeights + k, units, inputs));
  }
  for (int k = 0; k < kLstmGates; ++k) {
    op.inputs.push_back(gate_weights(r, kRecurrentWeights + k, units, units));
  }
  for (int k = 0; k < kLstmGates; ++k) {
    r.require(r.has(kBiases + k), text("input ", kBiases + k, " is missing"));
    op.inputs.push_back(r.bias(kBiases + k, units));
  }
  op.attr = LstmAttr{o.cell_scale, o.clip > 0 ? o.clip : 0};
}

// unfold_loops() has made it.
void convert_delay(const OpReader& r, Op& op) {
  const Tensor &initial = r.data(0), &after = r.data(1), &before = r.result();
  r.expect_rank(after, 2);
  r.same_shape(after, before);
  r.expect_shape(initial, {1, after.shape[1]});
  r.expect_equal_quantization(initial, before);
  r.expect_equal_quantization(after, before);
  op.inputs = {r.input(0), r.input(1)};
}

}  // namespace

const ImportRow& recurrent_row(OpKind kind) {
  static constexpr ImportRows kRows(
      {{OpKind::kLstm, {convert_lstm}}, {OpKind::kDelay, {convert_delay}}});
  return kRows[kind];
}

}  // namespace shoal
