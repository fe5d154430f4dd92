// Where the elements of a product's operands lie. Internal to the oracles.
#pragma once

#include "host/oracle/int8/op_view.h"
#include "host/oracle/int8/strides.h"

namespace shoal::oracle {

struct MatmulSides {
  int length;                // of a sum
  int64_t row_a, step_a;     // from row to row of the left side, along a row
  int64_t column_b, step_b;  // from column to column of the right one, down it
  Strides batch_a, batch_b;
};

inline MatmulSides matmul_sides(const OpView& op) {
  const auto& attr = op.attr<MatmulAttr>();
  const auto batches = [&](size_t i) {
    const Shape& s = op.in(i).shape;
    Strides out = broadcast_strides(s, op.out().shape.size());
    out.resize(out.size() - 2);
    return out;
  };
  const Shape &a = op.in(0).shape, &b = op.in(1).shape;
  MatmulSides s{};
  s.length = a[a.size() - (attr.adj_x ? 2 : 1)];
  s.row_a = attr.adj_x ? 1 : a.back();
  s.step_a = attr.adj_x ? a.back() : 1;
  s.column_b = attr.adj_y ? b.back() : 1;
  s.step_b = attr.adj_y ? 1 : b.back();
  s.batch_a = batches(0);
  s.batch_b = batches(1);
  return s;
}

}  // namespace shoal::oracle
