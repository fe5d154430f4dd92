// Each operation of a cell is one of a network, on one unit.
#include "device/kernels/cell.h"

#include "device/base/fixed_point.h"
#include "device/kernels/dot.h"
#include "device/kernels/kernels.h"
#include "device/kernels/sigmoid.h"
#include "device/kernels/wide.h"
#include "device/program/chunk.h"

namespace shoal {
namespace {

// The functions and numbers that depend on the width of elements.
struct CellWidth {
  int bytes;
  // A row of weights times a vector; `scale` has bias, multiplier and shift.
  int (*product)(const CellOp&, const int8_t* w, const void* v, int n,
                 const int32_t* scale);
  int (*function)(const CellParams&, const CellOp&, int v);
  int add_shift;
};

int byte_product(const CellOp& op, const int8_t* w, const void* v, int n,
                 const int32_t* scale) {
  uint32_t sum = static_cast<uint32_t>(scale[0]);
  add_dots(w, n, 1, static_cast<const int8_t*>(v), 0, 1, n, 0, &sum);
  const int32_t y = requantize_rarely(wrap(sum), scale[1] & kInt32Max,
                                      clamp(scale[2], -31, 30));
  return clamp(wrap_add(y, op.zero_out), op.low, op.high);
}

int byte_function(const CellParams& p, const CellOp& op, int v) {
  return reinterpret_cast<const int8_t*>(p.table[op.b])[v + 128];
}

int wide_product(const CellOp& op, const int8_t* w, const void* v, int n,
                 const int32_t* scale) {
  int16_t made = 0;
  const int32_t multiplier = op.b == 1 ? scale[1] & kInt32Max : scale[1];
  const auto shift = static_cast<int8_t>(clamp(scale[2], -31, 30));
  WideConvArgs c{};
  c.channels = 1;
  c.wide = {op.low, op.high, op.b == 0};
  c.bias = scale, c.multipliers = &multiplier, c.shifts = &shift;
  c.out = &made;
  wide_products(w, static_cast<const int16_t*>(v), n, c);
  return made;
}

int wide_function(const CellParams& p, const CellOp& op, int v) {
  const int32_t shift = op.params[1], half = shift > 0 ? 1 << (shift - 1) : 0;
  return (op.b == 1 ? tangent : logistic)(&p.table[0][0],
                                          (v * op.params[0] + half) >> shift);
}

// Does what add_row() and mul_row(), or those of 16 bits, do with one element:
// a call of these takes four times as long. Zero points of 16 bits are 0.
int combine(const CellOp& op, int a, int b, int add_shift) {
  int32_t made = 0;
  if (static_cast<CellCode>(op.code) == CellCode::kAdd) {
    const auto& p = *reinterpret_cast<const AddParams*>(op.params);
    const int32_t s = requantize_rarely(wrap(bits(a - p.zero0) << add_shift),
                                        p.multiplier0, p.shift0);
    const int32_t t = requantize_rarely(wrap(bits(b - p.zero1) << add_shift),
                                        p.multiplier1, p.shift1);
    made = requantize_rarely(p.sign < 0 ? wrap_sub(s, t) : wrap_add(s, t),
                             p.multiplier_out, p.shift_out);
  } else {
    const auto& p = *reinterpret_cast<const MulParams*>(op.params);
    made = requantize_rarely(wrap_mul(a - p.zero0, b - p.zero1), p.multiplier,
                             p.shift);
  }
  return clamp(wrap_add(made, op.zero_out), op.low, op.high);
}

int load(const void* from, int i, int bytes) {
  return bytes == 1 ? static_cast<const int8_t*>(from)[i]
                    : static_cast<const int16_t*>(from)[i];
}
void store(void* to, int i, int bytes, int v) {
  if (bytes == 1) {
    static_cast<int8_t*>(to)[i] = static_cast<int8_t>(v);
  } else {
    static_cast<int16_t*>(to)[i] = static_cast<int16_t>(v);
  }
}

const void* vector_of(const CellArgs& a, int number, int bytes) {
  const int phase = number - a.params->states;
  return phase < 0
             ? static_cast<const int8_t*>(a.states) + number * a.units * bytes
             : static_cast<const int8_t*>(a.made) + phase * a.units * bytes;
}

// Values [k, end) of unit u.
void make_values(const CellArgs& a, const CellWidth& width,
                 const int8_t* weights, int u, int k, int end, int16_t* value) {
  const CellParams& p = *a.params;
  const auto* scale = reinterpret_cast<const int32_t*>(weights);
  const int8_t* w = weights + kCellDotBytes * static_cast<uint32_t>(
                                                  p.input_dots + p.state_dots);
  for (; k < end; ++k) {
    const CellOp& op = p.op[k];
    int made = 0;
    switch (static_cast<CellCode>(op.code)) {
      case CellCode::kDot: {
        const int n = op.a == 0 ? a.inputs : a.units;
        const void* v = op.a == 0 ? a.x : vector_of(a, op.a - 1, width.bytes);
        made = width.product(op, w, v, n, scale);
        w += n, scale += 3;
        break;
      }
      case CellCode::kState:
        made = load(vector_of(a, op.a, width.bytes), u, width.bytes);
        break;
      case CellCode::kTable:
        made = width.function(p, op, value[op.a]);
        break;
      default:
        made = combine(op, value[op.a], value[op.b], width.add_shift);
    }
    value[k] = static_cast<int16_t>(made);
  }
}

// One copy for both widths.
[[gnu::noinline]] void make_step(const CellArgs& a, const CellWidth& width) {
  const CellParams& p = *a.params;
  const int8_t* weights = a.weights;
  int phase = 0, u = a.first;
  for (; u >= a.units; u -= a.units) ++phase;
  for (int i = 0; i < a.count; ++i, ++u, weights += p.unit_bytes) {
    if (u == a.units) u = 0, ++phase;
    int16_t value[kMostCellOps];
    make_values(a, width, weights, u, phase > 0 ? p.phase[phase - 1].end : 0,
                p.phase[phase].end, value);
    if (phase + 1 < p.phases) {
      store(a.made, phase * a.units + u, width.bytes,
            value[p.phase[phase].result]);
      continue;
    }
    for (int s = 0; s < p.states; ++s) {
      store(a.after, s * a.units + u, width.bytes, value[p.after[s]]);
    }
  }
}

}  // namespace

void cell_step(const CellArgs& a) {
  static constexpr CellWidth kBytes{1, byte_product, byte_function, 20};
  make_step(a, kBytes);
}

void wide_cell_step(const CellArgs& a) {
  static constexpr CellWidth kShorts{2, wide_product, wide_function,
                                     kWideAddShift};
  make_step(a, kShorts);
}

}  // namespace shoal
