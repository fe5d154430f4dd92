// Products of matrices that are computed, and running sums.
#include <algorithm>

#include "device/base/fixed_point.h"
#include "host/model/graph/quantize.h"
#include "host/oracle/int8/call.h"
#include "host/oracle/int8/matrices.h"
#include "host/oracle/int8/strides.h"

namespace shoal::oracle {

void matmul(const Call& call) {
  const MulParams p = matmul_params(call.in(0), call.in(1), call.out());
  const Shape& shape = call.out().shape;
  const size_t rank = shape.size();
  const MatmulSides sides = matmul_sides(call);
  const auto a = call.int8s(0), b = call.int8s(1);
  const auto y = call.result();
  size_t o = 0;
  for_each_index(shape, [&](const Index& at) {
    int64_t from_a = at[rank - 2] * sides.row_a;
    int64_t from_b = at[rank - 1] * sides.column_b;
    for (size_t i = 0; i + 2 < rank; ++i) {
      from_a += at[i] * sides.batch_a[i];
      from_b += at[i] * sides.batch_b[i];
    }
    uint32_t sum = 0;
    for (int k = 0; k < sides.length; ++k) {
      const int u = a[static_cast<size_t>(from_a + k * sides.step_a)];
      const int v = b[static_cast<size_t>(from_b + k * sides.step_b)];
      sum += bits((u - p.zero0) * (v - p.zero1));
    }
    const int32_t v = requantize(wrap(sum), p.multiplier, p.shift);
    y[o++] =
        static_cast<int8_t>(clamp(wrap_add(v, call.out().zero()), -128, 127));
  });
}

// From zero on, whatever the zero point: the reference begins at minus it.
void running_sum(const Call& call) {
  const auto& attr = call.attr<CumsumAttr>();
  const Tensor &in = call.in(), &out = call.out();
  const RunningSumParams p = running_sum_params(in, out);
  const auto x = call.int8s();
  const auto y = call.result();
  const auto axis = static_cast<size_t>(attr.axis);
  const auto step = static_cast<size_t>(strides_of(in.shape)[axis]);
  const auto count = static_cast<size_t>(in.shape[axis]);
  for (size_t first = 0; first < x.size(); ++first) {
    if (first / step % count != 0) continue;
    uint32_t sum = 0;
    for (size_t i = 0; i < count; ++i) {
      const size_t at = first + (attr.reverse ? count - 1 - i : i) * step;
      const uint32_t d = bits(x[at] - in.zero());
      const uint32_t counted = attr.exclusive ? sum : sum + d;
      sum += d;
      const int32_t v = requantize(wrap(counted << 19), p.multiplier, p.shift);
      y[at] = static_cast<int8_t>(clamp(wrap_add(v, out.zero()), -128, 127));
    }
  }
}

}  // namespace shoal::oracle
