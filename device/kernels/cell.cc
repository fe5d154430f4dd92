// Each operation of a cell is one of an int8 network, on one unit: what is not
// a product of a matrix is left to the kernel of that operator.
#include "device/kernels/cell.h"

#include "device/base/fixed_point.h"
#include "device/kernels/dot.h"
#include "device/kernels/kernels.h"
#include "device/program/chunk.h"

namespace shoal {
namespace {

void set_bounds(const CellOp& op, BinaryArgs& b) {
  b.zero_out = op.zero_out, b.act_min = op.low, b.act_max = op.high;
  b.params = op.params;
}

const int8_t* vector_of(const CellArgs& a, int number) {
  const int phase = number - a.params->states;
  return phase < 0 ? a.states + number * a.units : a.made + phase * a.units;
}

// Values [k, end) of unit u.
void make_values(const CellArgs& a, const int8_t* weights, int u, int k,
                 int end, int8_t* value) {
  const CellParams& p = *a.params;
  const auto* scale = reinterpret_cast<const int32_t*>(weights);
  const int8_t* w = weights + kCellDotBytes * static_cast<uint32_t>(
                                                  p.input_dots + p.state_dots);
  BinaryArgs b{};
  b.x1 = b.channels = 1;
  for (; k < end; ++k) {
    const CellOp& op = p.op[k];
    switch (static_cast<CellCode>(op.code)) {
      case CellCode::kDot: {
        const int n = op.a == 0 ? a.inputs : a.units;
        const int8_t* v = op.a == 0 ? a.x : vector_of(a, op.a - 1);
        uint32_t sum = static_cast<uint32_t>(scale[0]);
        add_dots(w, n, 1, v, 0, 1, n, 0, &sum);
        const int32_t y = requantize(wrap(sum), scale[1] & kInt32Max,
                                     clamp(scale[2], -31, 30));
        value[k] = static_cast<int8_t>(
            clamp(wrap_add(y, op.zero_out), op.low, op.high));
        w += n, scale += 3;
        break;
      }
      case CellCode::kState:
        value[k] = vector_of(a, op.a)[u];
        break;
      case CellCode::kTable: {
        const auto* table = reinterpret_cast<const int8_t*>(p.table[op.b]);
        value[k] = table[value[op.a] + 128];
        break;
      }
      default:
        b.a = &value[op.a], b.b = &value[op.b], b.out = &value[k];
        set_bounds(op, b);
        (static_cast<CellCode>(op.code) == CellCode::kAdd ? add_row
                                                          : mul_row)(b);
    }
  }
}

}  // namespace

void cell_step(const CellArgs& a) {
  const CellParams& p = *a.params;
  const int8_t* weights = a.weights;
  int phase = 0, u = a.first;
  for (; u >= a.units; u -= a.units) ++phase;
  for (int i = 0; i < a.count; ++i, ++u, weights += p.unit_bytes) {
    if (u == a.units) u = 0, ++phase;
    int8_t value[kMostCellOps];
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

}  // namespace shoal
