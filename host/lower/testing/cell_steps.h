// The steps of kCell, for net_eval.cc.
#pragma once

#include <cstring>
#include <vector>

#include "device/base/fixed_point.h"
#include "device/program/params.h"
#include "host/lower/net.h"

namespace shoal {

template <class P>
P cell_params(const CellOp& op) {
  P p;
  std::memcpy(&p, op.params, sizeof p);
  return p;
}

template <class Grid>
void eval_cell(const Layer& l, const Grid& a, const Grid& b, const Grid& y) {
  CellParams p;
  std::memcpy(&p, l.params.data(), sizeof p);
  const int units = y.channels();
  const auto size = l.weights.values.size() / static_cast<size_t>(units);
  std::vector<std::vector<int8_t>> state(static_cast<size_t>(p.states));
  for (int s = 0; s < p.states; ++s) {
    for (int u = 0; u < units; ++u) {
      state[static_cast<size_t>(s)].push_back(b.at(s, 0, u));
    }
  }
  for (int t = 0; t < a.rows(); ++t) {
    std::vector<int8_t> row;
    for (int c = 0; c < a.channels(); ++c) row.push_back(a.at(t, 0, c));
    const auto before = state;
    for (int u = 0; u < units; ++u) {
      const int8_t* unit = &l.weights.values[static_cast<size_t>(u) * size];
      const int8_t* w = unit + 12 * (p.input_dots + p.state_dots);
      std::vector<int> v;
      for (int k = 0; k < p.ops; ++k) {
        const CellOp& op = p.op[k];
        const auto at = [&](int i) { return v[static_cast<size_t>(i)]; };
        int made = 0;
        switch (static_cast<CellCode>(op.code)) {
          case CellCode::kDot: {
            const auto& from =
                op.a == 0 ? row : before[static_cast<size_t>(op.a - 1)];
            int32_t q[3];
            std::memcpy(q, unit, sizeof q);
            unit += sizeof q;
            for (const int8_t x : from) q[0] = wrap_add(q[0], *w++ * x);
            made = wrap_add(requantize(q[0], q[1], q[2]), op.zero_out);
            break;
          }
          case CellCode::kState:
            made = before[static_cast<size_t>(op.a)][static_cast<size_t>(u)];
            break;
          case CellCode::kAdd: {
            const auto m = cell_params<AddParams>(op);
            const int32_t left = requantize((at(op.a) - m.zero0) * (1 << 20),
                                            m.multiplier0, m.shift0);
            const int32_t right = requantize((at(op.b) - m.zero1) * (1 << 20),
                                             m.multiplier1, m.shift1);
            made = requantize(left + m.sign * right, m.multiplier_out,
                              m.shift_out) +
                   op.zero_out;
            break;
          }
          case CellCode::kMul: {
            const auto m = cell_params<MulParams>(op);
            made = requantize((at(op.a) - m.zero0) * (at(op.b) - m.zero1),
                              m.multiplier, m.shift) +
                   op.zero_out;
            break;
          }
          case CellCode::kTable:
            made =
                reinterpret_cast<const int8_t*>(p.table[op.b])[at(op.a) + 128];
            break;
        }
        v.push_back(clamp(made, op.low, op.high));
      }
      for (int s = 0; s < p.states; ++s) {
        state[static_cast<size_t>(s)][static_cast<size_t>(u)] =
            static_cast<int8_t>(v[static_cast<size_t>(p.after[s])]);
      }
      y.at(t, 0, u) = state[0][static_cast<size_t>(u)];
    }
  }
  for (int s = 1; s < p.states; ++s) {
    for (int u = 0; u < units; ++u) {
      y.at(a.rows() + s - 1, 0, u) =
          state[static_cast<size_t>(s)][static_cast<size_t>(u)];
    }
  }
}

}  // namespace shoal
