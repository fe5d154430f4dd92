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
  const int units = b.channels();
  const auto size = l.weights.values.size() / static_cast<size_t>(y.channels());
  std::vector<std::vector<int>> state(static_cast<size_t>(p.states));
  for (int s = 0; s < p.states; ++s) {
    for (int u = 0; u < units; ++u) {
      state[static_cast<size_t>(s)].push_back(b.at(s, 0, u));
    }
  }
  for (int t = 0; t < a.rows(); ++t) {
    std::vector<int> row;
    for (int c = 0; c < a.channels(); ++c) row.push_back(a.at(t, 0, c));
    std::vector<std::vector<int>> vectors = state;
    for (int f = 0; f < p.phases; ++f) {
      vectors.emplace_back();
      for (int u = 0; u < units; ++u) {
        const int8_t* unit =
            &l.weights.values[static_cast<size_t>(f * units + u) * size];
        const int8_t* w = unit + 12 * (p.input_dots + p.state_dots);
        std::vector<int> v(static_cast<size_t>(f ? p.phase[f - 1].end : 0));
        for (int k = static_cast<int>(v.size()); k < p.phase[f].end; ++k) {
          const CellOp& op = p.op[k];
          const auto at = [&](int i) { return v[static_cast<size_t>(i)]; };
          int made = 0;
          switch (static_cast<CellCode>(op.code)) {
            case CellCode::kDot: {
              const auto& from =
                  op.a == 0 ? row : vectors[static_cast<size_t>(op.a - 1)];
              int32_t q[3];
              std::memcpy(q, unit, sizeof q);
              unit += sizeof q;
              for (const int x : from) q[0] = wrap_add(q[0], *w++ * x);
              made = wrap_add(requantize(q[0], q[1], q[2]), op.zero_out);
              break;
            }
            case CellCode::kState:
              made = vectors[static_cast<size_t>(op.a)][static_cast<size_t>(u)];
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
              made = reinterpret_cast<const int8_t*>(
                  p.table[op.b])[at(op.a) + 128];
              break;
          }
          v.push_back(clamp(made, op.low, op.high));
        }
        const int result = v[static_cast<size_t>(p.phase[f].result)];
        vectors.back().push_back(result);
        y.at(t, 0, f * units + u) = static_cast<int8_t>(result);
        for (int s = 0; f + 1 == p.phases && s < p.states; ++s) {
          state[static_cast<size_t>(s)][static_cast<size_t>(u)] =
              v[static_cast<size_t>(p.after[s])];
        }
      }
    }
  }
  for (int s = 1; s < p.states; ++s) {
    for (int o = 0; o < y.channels(); ++o) {
      y.at(a.rows() + s - 1, 0, o) = static_cast<int8_t>(
          state[static_cast<size_t>(s)][static_cast<size_t>(o % units)]);
    }
  }
}

}  // namespace shoal
