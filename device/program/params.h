// The meaning of an actor's int32 parameters, per operator. Multipliers and
// shifts are requantize()'s.
#pragma once

#include <cstdint>

namespace shoal {

// kAdd: out = rq(rq((a-z0) << 20, m0,s0) + sign * rq((b-z1) << 20, m1,s1),
// m2,s2) + zero_out.
struct AddParams {
  int32_t zero0, zero1, multiplier0, shift0, multiplier1, shift1,
      multiplier_out, shift_out, sign;
};
// kMul: out = rq((a-z0) * (b-z1), m,s) + zero_out.
struct MulParams {
  int32_t zero0, zero1, multiplier, shift;
};
// kDivide: see div in device/kernels; MulParams.
// kSquaredDifference: d = rq((a-z0) << 7, m0,s0) - rq((b-z1) << 7, m1,s1),
// out = rq(d * d, m,s) + zero_out.
struct SquaredDifferenceParams {
  int32_t zero0, zero1, multiplier0, shift0, multiplier1, shift1,
      multiplier_out, shift_out;
};
// kMatmul: rq(sum of (a-z0) * (b-z1), m,s) + zero_out; MulParams.
// kPrelu: x >= zero_in: rq(x-zx, m0,s0); else rq((x-zx)*(a-za), m1,s1).
struct PreluParams {
  int32_t zero_alpha, multiplier_pos, shift_pos, multiplier_neg, shift_neg;
};
// kReduceSum: rq(sum(x) - count * zero_in, m,s) + zero_out. `count` elements
// are summed for one output.
struct ReduceParams {
  int32_t count, multiplier, shift;
};
// kSoftmax: see softmax in device/kernels.
struct SoftmaxParams {
  int32_t multiplier, shift, diff_min;
};
// kLogSoftmax: kSoftmax's, and the way back from 26 fractional bits to
// differences of bytes.
struct LogSoftmaxParams {
  int32_t multiplier, shift, diff_min, back_multiplier, back_shift;
};
// kProbability: clamp(round(e * factor / sum of e / 2^shift) + zero_out),
// halves up, where e of channel c is exponentials[largest channel - c].
struct ProbabilityParams {
  int32_t factor;             // 0 to kMostProbabilityFactor
  int32_t shift;              // 1 to 62
  int32_t exponentials[256];  // 0 to kWholeProbability, which the first one is
};
inline constexpr int32_t kMostProbabilityFactor = 1 << 23;
inline constexpr int32_t kWholeProbability = 1 << 30;
// kLstm: TensorFlow Lite Micro's UNIDIRECTIONAL_SEQUENCE_LSTM. Row t of the
// result is the hidden state after step t, which reads row t of the first
// operand; two rows more are the cell state behind the last step, int16, the
// low byte first. The second operand has the state before the first step in
// three rows of the same form: hidden state, cell state. With elements of 16
// bits the cell state is one row; sums have 64 bits then, and the gates'
// multipliers 15 (requantize_once()). In what follows, gates are input, forget,
// cell and output, and arguments of both functions are in units of 2^-12,
// results of 2^-15.
//   a gate: f(sat16(sat16(rq(x's sum, input)) + sat16(rq(h's sum, recurrent))))
//   c = sat16(sat16(rq(forget * c)) + sat16(rq(input * cell))), clipped
//   h = clamp(rq(tanh(c) * output) + zero_out)
struct LstmGate {
  int32_t input_multiplier, input_shift;
  int32_t recurrent_multiplier, recurrent_shift;
};
inline constexpr int kLstmGates = 4;
struct LstmParams {
  LstmGate gates[kLstmGates];
  int32_t keep_multiplier, keep_shift;      // of forget * c
  int32_t add_multiplier, add_shift;        // of input * cell
  int32_t hidden_multiplier, hidden_shift;  // of tanh(c) * output
  // tanh's argument is (c * multiplier + half) >> shift in units of 1 / 12288.
  int32_t tanh_multiplier, tanh_shift;
  int32_t clip;  // of c, to both sides; 32768: none
  // sigmoid(k / 24) in units of 2^-16: numbers of 16 bits, two in a word, the
  // lower one first.
  uint32_t table[128];
};
// Rows of the state behind those of the hidden one.
constexpr int lstm_cell_rows(bool is_wide) { return is_wide ? 1 : 2; }
// kCell: a step of a loop, as operations on one unit of a state after the
// other. A step has phases: each makes one value of every unit, in which the
// next phases' products find all units. Row t of the result has the units of
// each phase of step t, which reads row t of the first operand; the last phase
// makes the first state. A further state has a row behind them, as it is after
// the last step, once for each phase. The second operand has the states before
// the first step, a row each. Vectors are the states before the step, then the
// results of earlier phases. Operation k makes value k, from values of its
// phase:
//   kDot    requantize(sum of a weight's row and a vector) + zero_out, where a
//           is 0 for the step's row and n for vector n - 1
//   kState  the unit of vector a
//   kAdd    kAdd of values a and b, with AddParams
//   kMul    kMul of values a and b, with MulParams
//   kTable  table b at value a + 128
// With elements of 16 bits the operators are those of 16 bits: kDot's sums have
// 64 bits (b = 1: 32) and lie in weights as those of a convolution do, and
// kTable is kSigmoid of value a, with its multiplier and shift as parameters
// and is_tanh as b; the first two tables have its entries.
enum class CellCode : int32_t { kDot, kState, kAdd, kMul, kTable };
struct CellOp {
  int32_t code, a, b, zero_out, low, high;
  int32_t params[9];
};
inline constexpr int kMostCellOps = 24, kMostCellTables = 6;
// Both of them, before and after a step, take 4 bytes a unit.
inline constexpr int kMostCellStates = 2;
inline constexpr int kMostCellPhases = 3;
struct CellPhase {
  int32_t end;     // behind its last operation
  int32_t result;  // a value
};
struct CellParams {
  int32_t unit_bytes;  // of weights in any phase; cell_unit_bytes()
  int32_t states, phases;
  // Operations kDot of both kinds, in the phase that has the most.
  int32_t input_dots, state_dots;
  int32_t after[kMostCellStates];  // values of the last phase
  CellPhase phase[kMostCellPhases];
  CellOp op[kMostCellOps];
  uint32_t table[kMostCellTables][64];  // bytes, the lowest one first
};
// kL2Norm: sums of this many squares stay below 2^31.
inline constexpr int kMostL2Channels = 32768;
// kBilinear: output place o lies at (o * scale + base) / 1024 of the input.
struct BilinearParams {
  int32_t scale_y, base_y, scale_x, base_x;
};
// kArgMax: the largest (1) or the smallest (-1).
struct ArgParams {
  int32_t sign;
};
// kRunningSum: rq(sum << 19, m,s) + zero_out; without the element itself;
// from the end.
struct RunningSumParams {
  int32_t multiplier, shift, exclusive, reverse;
};
// A wide actor that computes has these behind its own parameters. Results
// are clamped to [low, high]; the record's act_min and act_max are not read.
struct WideParams {
  int32_t low, high;
  // 1: sums have 64 bits and are rounded once (requantize_once()); see chunk.h.
  // 0: sums have 32 bits and are rounded as those of int8 are.
  int32_t long_sums;
};
// kAdd of 16 bits: operands are shifted by 15 bits instead of 20.
inline constexpr int kWideAddShift = 15;
// kRescale: d = x - zero_in; rq(d, positive) + zero_out for d >= 0, and
// rq(d, negative) + zero_out below. A negative multiplier m gives rq(-d, -m).
struct RescaleParams {
  int32_t in_bytes, out_bytes;  // of an element: 1 or 2, not both 1
  int32_t zero_in, zero_out, multiplier, shift, negative_multiplier,
      negative_shift, low, high;
};
// kSigmoid: v = (x * multiplier + half) >> shift is the argument, in units of
// 1 / 12288; the function of |v| lies between two entries of the table, which
// are numbers of 16 bits, two in a word, the lower one first: sigmoid(k / 24)
// in units of 2^-16.
struct SigmoidParams {
  int32_t multiplier, shift;
  int32_t is_tanh;  // 1: 2 sigmoid(2 x) - 1
  uint32_t table[128];
};
// kWideSoftmax: distances from the largest channel are scaled so that 65535 is
// 10. Both tables have 513 numbers of 16 bits in units of 2^-15, two in a word:
// e^x for x from -10 to 0, and 1 / (1 + x) for x from 0 to 1.
inline constexpr int kWideTableWords = 257;
struct WideSoftmaxParams {
  int32_t multiplier, shift;
  uint32_t exponentials[kWideTableWords];
  uint32_t reciprocals[kWideTableWords];
};
// kMove: out(y,x,c) = in(y*sy + by, x*sx + bx, c*sc + bc), or `fill` where
// that is outside the in port's box. Strides may be negative.
struct MoveParams {
  int32_t stride_y, base_y, stride_x, base_x, stride_c, base_c, fill;
};
// kSpaceToDepth, kDepthToSpace.
struct BlockParams {
  int32_t block;
};
// kTranspose: out element number ((i0*d1 + i1)*d2 + i2)*d3 + i3, with output
// sizes d, is in element number i0*s0 + i1*s1 + i2*s2 + i3*s3.
struct TransposeParams {
  int32_t size[4];
  int32_t stride[4];
};

template <class T>
inline constexpr uint16_t kParamCount = sizeof(T) / sizeof(int32_t);

}  // namespace shoal
