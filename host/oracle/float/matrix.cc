// Products of matrices that are computed, running sums, places along an axis,
// RESIZE_BILINEAR.
#include <algorithm>
#include <cmath>

#include "host/oracle/float/call.h"
#include "host/oracle/int8/matrices.h"
#include "host/oracle/int8/strides.h"

namespace shoal::float_oracle {
namespace {

struct Place {
  int lo, hi;
  float part;  // of hi
};

Place place(int in, int out, const ResizeAttr& a, int at) {
  const float ratio =
      a.align_corners && out > 1
          ? static_cast<float>(in - 1) / static_cast<float>(out - 1)
          : static_cast<float>(in) / static_cast<float>(out);
  const auto number = static_cast<float>(at);
  const float p =
      a.half_pixel_centers ? (number + 0.5f) * ratio - 0.5f : number * ratio;
  Place out_place{static_cast<int>(std::floor(p)),
                  static_cast<int>(std::ceil(p)), 0};
  out_place.lo = std::clamp(out_place.lo, 0, in - 1);
  out_place.hi = std::clamp(out_place.hi, 0, in - 1);
  out_place.part = p - static_cast<float>(out_place.lo);
  return out_place;
}

}  // namespace

void matmul(const Call& call) {
  const Shape& shape = call.out().shape;
  const size_t rank = shape.size();
  const oracle::MatmulSides sides = oracle::matmul_sides(call);
  const auto a = call.operand(0), b = call.operand(1);
  float* y = call.result().data();
  oracle::for_each_index(shape, [&](const oracle::Index& at) {
    int64_t from_a = at[rank - 2] * sides.row_a;
    int64_t from_b = at[rank - 1] * sides.column_b;
    for (size_t i = 0; i + 2 < rank; ++i) {
      from_a += at[i] * sides.batch_a[i];
      from_b += at[i] * sides.batch_b[i];
    }
    double sum = 0;
    for (int k = 0; k < sides.length; ++k) {
      sum += double{a[static_cast<size_t>(from_a + k * sides.step_a)]} *
             b[static_cast<size_t>(from_b + k * sides.step_b)];
    }
    *y++ = static_cast<float>(sum);
  });
}

void running_sum(const Call& call) {
  const auto& attr = call.attr<CumsumAttr>();
  const Shape& shape = call.in().shape;
  const auto x = call.operand();
  const auto y = call.result();
  const auto axis = static_cast<size_t>(attr.axis);
  const auto step = static_cast<size_t>(oracle::strides_of(shape)[axis]);
  const auto count = static_cast<size_t>(shape[axis]);
  for (size_t first = 0; first < x.size(); ++first) {
    if (first / step % count != 0) continue;
    double sum = 0;
    for (size_t i = 0; i < count; ++i) {
      const size_t at = first + (attr.reverse ? count - 1 - i : i) * step;
      const double before = sum;
      sum += x[at];
      y[at] = static_cast<float>(attr.exclusive ? before : sum);
    }
  }
}

void arg(const Call& call) {
  const auto axis = static_cast<size_t>(call.attr<AxisAttr>().axis);
  const bool most = call.op().kind == OpKind::kArgMax;
  const Shape& shape = call.in().shape;
  const auto step = static_cast<size_t>(oracle::strides_of(shape)[axis]);
  const auto count = static_cast<size_t>(shape[axis]);
  const auto x = call.operand();
  float* y = call.result().data();
  for (size_t first = 0; first < x.size(); ++first) {
    if (first / step % count != 0) continue;
    size_t best = 0;
    for (size_t i = 1; i < count; ++i) {
      const float v = x[first + i * step], w = x[first + best * step];
      if (most ? v > w : v < w) best = i;
    }
    *y++ = static_cast<float>(best);
  }
}

void bilinear(const Call& call) {
  const auto& a = call.attr<ResizeAttr>();
  const Shape &in = call.in().shape, &out = call.out().shape;
  const auto x = call.operand();
  const auto y = call.result();
  const oracle::Strides strides = oracle::strides_of(in);
  size_t o = 0;
  oracle::for_each_index(out, [&](const oracle::Index& at) {
    const Place v = place(in[1], out[1], a, at[1]);
    const Place h = place(in[2], out[2], a, at[2]);
    const auto value = [&](int row, int column) {
      return x[static_cast<size_t>(
          oracle::offset_of({at[0], row, column, at[3]}, strides))];
    };
    y[o++] = value(v.lo, h.lo) * (1 - v.part) * (1 - h.part) +
             value(v.lo, h.hi) * (1 - v.part) * h.part +
             value(v.hi, h.lo) * v.part * (1 - h.part) +
             value(v.hi, h.hi) * v.part * h.part;
  });
}

}  // namespace shoal::float_oracle
