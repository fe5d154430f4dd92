// Each operation of a cell is one of a network, on one unit: what is not a
// product of a matrix is left to the kernel of that operator.
#include "device/kernels/cell.h"

#include "device/base/fixed_point.h"
#include "device/kernels/dot.h"
#include "device/kernels/kernels.h"
#include "device/kernels/sigmoid.h"
#include "device/kernels/wide_sums.h"
#include "device/program/chunk.h"

namespace shoal {
namespace {

template <class T>
const T* vector_of(const CellArgsOf<T>& a, int number) {
  const int phase = number - a.params->states;
  return phase < 0 ? a.states + number * a.units : a.made + phase * a.units;
}

// A row of weights times a vector; `scale` has its bias, multiplier and shift.
int32_t product(const CellOp& op, const int8_t* w, const int8_t* v, int n,
                const int32_t* scale) {
  uint32_t sum = static_cast<uint32_t>(scale[0]);
  add_dots(w, n, 1, v, 0, 1, n, 0, &sum);
  const int32_t y =
      requantize(wrap(sum), scale[1] & kInt32Max, clamp(scale[2], -31, 30));
  return wrap_add(y, op.zero_out);
}

int32_t product(const CellOp& op, const int8_t* w, const int16_t* v, int n,
                const int32_t* scale) {
  const int64_t sum = wide_dot(w, v, n);
  const int shift = clamp(scale[2], -31, 30);
  if (op.b == 1) {
    return requantize(
        wrap(static_cast<uint32_t>(sum) + static_cast<uint32_t>(scale[0])),
        scale[1] & kInt32Max, shift);
  }
  const int64_t bias = (scale[1] >> 16) * (int64_t{1} << 32) + bits(scale[0]);
  return requantize_once(sum + bias, scale[1] & 0x7FFF, shift);
}

int8_t function_of(const CellParams& p, const CellOp& op, int8_t v) {
  return reinterpret_cast<const int8_t*>(p.table[op.b])[v + 128];
}

int16_t function_of(const CellParams& p, const CellOp& op, int16_t v) {
  const int32_t shift = op.params[1], half = shift > 0 ? 1 << (shift - 1) : 0;
  const int32_t argument = (v * op.params[0] + half) >> shift;
  return static_cast<int16_t>(
      (op.b == 1 ? tangent : logistic)(&p.table[0][0], argument));
}

void combine(const CellOp& op, const int8_t* a, const int8_t* b, int8_t* out) {
  BinaryArgs args{};
  args.x1 = args.channels = 1;
  args.a = a, args.b = b, args.out = out;
  args.zero_out = op.zero_out, args.act_min = op.low, args.act_max = op.high;
  args.params = op.params;
  (static_cast<CellCode>(op.code) == CellCode::kAdd ? add_row : mul_row)(args);
}

void combine(const CellOp& op, const int16_t* a, const int16_t* b,
             int16_t* out) {
  WideBinaryArgs args{};
  args.x1 = args.channels = 1;
  args.a = a, args.b = b, args.out = out;
  args.low = op.low, args.high = op.high;
  args.params = op.params;
  (static_cast<CellCode>(op.code) == CellCode::kAdd ? wide_add_row
                                                    : wide_mul_row)(args);
}

// Values [k, end) of unit u.
template <class T>
void make_values(const CellArgsOf<T>& a, const int8_t* weights, int u, int k,
                 int end, T* value) {
  const CellParams& p = *a.params;
  const auto* scale = reinterpret_cast<const int32_t*>(weights);
  const int8_t* w = weights + kCellDotBytes * static_cast<uint32_t>(
                                                  p.input_dots + p.state_dots);
  for (; k < end; ++k) {
    const CellOp& op = p.op[k];
    switch (static_cast<CellCode>(op.code)) {
      case CellCode::kDot: {
        const int n = op.a == 0 ? a.inputs : a.units;
        const T* v = op.a == 0 ? a.x : vector_of(a, op.a - 1);
        value[k] =
            static_cast<T>(clamp(product(op, w, v, n, scale), op.low, op.high));
        w += n, scale += 3;
        break;
      }
      case CellCode::kState:
        value[k] = vector_of(a, op.a)[u];
        break;
      case CellCode::kTable:
        value[k] = function_of(p, op, value[op.a]);
        break;
      default:
        combine(op, &value[op.a], &value[op.b], &value[k]);
    }
  }
}

template <class T>
void make_step(const CellArgsOf<T>& a) {
  const CellParams& p = *a.params;
  const int8_t* weights = a.weights;
  int phase = 0, u = a.first;
  for (; u >= a.units; u -= a.units) ++phase;
  for (int i = 0; i < a.count; ++i, ++u, weights += p.unit_bytes) {
    if (u == a.units) u = 0, ++phase;
    T value[kMostCellOps];
    make_values(a, weights, u, phase > 0 ? p.phase[phase - 1].end : 0,
                p.phase[phase].end, value);
    if (phase + 1 < p.phases) {
      a.made[phase * a.units + u] = value[p.phase[phase].result];
      continue;
    }
    for (int s = 0; s < p.states; ++s) {
      a.after[s * a.units + u] = value[p.after[s]];
    }
  }
}

}  // namespace

void cell_step(const CellArgs& a) { make_step(a); }
void wide_cell_step(const WideCellArgs& a) { make_step(a); }

}  // namespace shoal
