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
// kLstm: TensorFlow Lite Micro's UNIDIRECTIONAL_SEQUENCE_LSTM in int8. Row t of
// the result is the hidden state after step t, which reads row t of the first
// operand; two rows more are the cell state behind the last step, int16, the
// low byte first. The second operand has the state before the first step in
// three rows of the same form: hidden state, cell state. In what follows, gates
// are input, forget, cell and output, and arguments of both functions are in
// units of 2^-12, results of 2^-15.
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
inline constexpr int kLstmCellRows = 2;
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
