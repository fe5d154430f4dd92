// Layers without weights.
#include "boards/bench/bench_rows.h"
#include "device/program/geometry.h"
#include "device/program/params.h"

namespace shoal {
namespace {

// Every row by itself.
template <class F>
void each_row(const Bench& b, const BenchClock& clock, BenchResult& r,
              F kernel) {
  for (int y = 0; y < b.fit.rows; ++y) {
    const int8_t* rows[kMaxWindowRows];
    BenchRows& counted = window_rows(b, y, 0, rows) ? r.border : r.interior;
    const auto call = kernel(y, rows, b.out + y * b.out_row);
    count(clock, counted, call);
    ++counted.rows;
  }
}

BinaryArgs binary_args(const Bench& b) {
  BinaryArgs a{};
  a.a_stride = a.b_stride = a.out_stride = a.channels = b.layer.in_c;
  a.a_step = a.b_step = 1;
  a.x0 = 0, a.x1 = b.layer.in_w;
  a.zero_out = kBenchZero, a.act_min = -128, a.act_max = 127;
  return a;
}

// The input with the larger scale is halved, the other one a little more, as in
// TensorFlow Lite.
void measure_add(const Bench& b, const BenchClock& clock, Random& random,
                 BenchResult& r) {
  AddParams p{};
  p.zero0 = kBenchZero, p.zero1 = 3;
  p.multiplier0 = 1 << 30, p.shift0 = 0;
  p.multiplier1 = random.multiplier(), p.shift1 = -1;
  p.multiplier_out = random.multiplier(), p.shift_out = -19;
  p.sign = 1;
  random.fill(b.other, b.in_row * b.fit.in_rows);
  BinaryArgs a = binary_args(b);
  a.params = reinterpret_cast<const int32_t*>(&p);
  each_row(b, clock, r, [&](int y, const int8_t**, int8_t* out) {
    a.a = b.in + y * b.in_row, a.b = b.other + y * b.in_row, a.out = out;
    return [&] { add_row(a); };
  });
}

void measure_mul(const Bench& b, const BenchClock& clock, Random& random,
                 BenchResult& r) {
  const MulParams p{kBenchZero, kBenchZero, random.multiplier(), -8};
  BinaryArgs a = binary_args(b);
  a.b_stride = 0;
  a.params = reinterpret_cast<const int32_t*>(&p);
  each_row(b, clock, r, [&](int y, const int8_t**, int8_t* out) {
    a.a = b.in + y * b.in_row, a.b = b.in, a.out = out;
    return [&] { mul_row(a); };
  });
}

void measure_table(const Bench& b, const BenchClock& clock, Random& random,
                   BenchResult& r) {
  int8_t table[256];
  random.fill(table, 256);
  LutArgs a{};
  a.in_stride = a.out_stride = a.channels = b.layer.in_c;
  a.x0 = 0, a.x1 = b.layer.in_w;
  a.table = table;
  each_row(b, clock, r, [&](int, const int8_t** rows, int8_t* out) {
    a.in = rows[0], a.out = out;
    return [&] { lut_row(a); };
  });
}

// Measures SOFTMAX of an input whose scale is 1/16.
void measure_softmax(const Bench& b, const BenchClock& clock, Random&,
                     BenchResult& r) {
  SoftmaxArgs a{};
  a.in_stride = a.out_stride = a.channels = b.layer.in_c;
  a.x0 = 0, a.x1 = b.layer.in_w;
  a.multiplier = 1 << 30, a.shift = 23, a.diff_min = -248;
  each_row(b, clock, r, [&](int, const int8_t** rows, int8_t* out) {
    a.in = rows[0], a.out = out;
    return [&] { softmax_row(a); };
  });
}

void measure_pool(const Bench& b, const BenchClock& clock, Random&,
                  BenchResult& r) {
  const BenchLayer& l = b.layer;
  const auto kernel =
      l.kind == BenchKind::kMaxPool ? max_pool_row : average_pool_row;
  PoolArgs a{};
  a.kernel_h = a.kernel_w = l.kernel;
  a.in_w = l.in_w, a.in_stride = a.out_stride = a.channels = l.in_c;
  a.stride_x = l.stride;
  a.pad_left = front_padding(l, l.in_w, out_width(l));
  a.x0 = 0, a.x1 = out_width(l);
  a.act_min = -128, a.act_max = 127;
  each_row(b, clock, r, [&](int, const int8_t** rows, int8_t* out) {
    a.rows = rows, a.out = out;
    a.valid_rows = 0;
    for (int ky = 0; ky < l.kernel; ++ky) a.valid_rows += rows[ky] != nullptr;
    return [&] { kernel(a); };
  });
}

void measure_mean(const Bench& b, const BenchClock& clock, Random& random,
                  BenchResult& r) {
  const BenchLayer& l = b.layer;
  ReduceArgs a{};
  a.row_count = l.in_h;
  a.in_w = l.in_w, a.in_stride = a.out_stride = a.channels = l.in_c;
  a.over_x = true;
  a.elements = l.in_h * l.in_w;
  a.zero_in = a.zero_out = kBenchZero;
  a.multiplier = random.multiplier(), a.shift = -5;
  a.act_min = -128, a.act_max = 127;
  each_row(b, clock, r, [&](int, const int8_t** rows, int8_t* out) {
    a.rows = rows, a.out = out;
    return [&] { reduce_sum_row(a); };
  });
}

void measure_nearest(const Bench& b, const BenchClock& clock, Random&,
                     BenchResult& r) {
  const BenchLayer& l = b.layer;
  uint16_t columns[64];
  for (int x = 0; x < out_width(l); ++x) {
    columns[x] = static_cast<uint16_t>(x / l.stride);
  }
  ResizeArgs a{};
  a.in_stride = a.out_stride = a.channels = l.in_c;
  a.columns = columns;
  a.x0 = 0, a.x1 = out_width(l);
  each_row(b, clock, r, [&](int y, const int8_t**, int8_t* out) {
    a.row = b.in + y / l.stride * b.in_row, a.out = out;
    return [&] { resize_row(a); };
  });
}

void measure_bilinear(const Bench& b, const BenchClock& clock, Random&,
                      BenchResult& r) {
  const BenchLayer& l = b.layer;
  BilinearArgs a{};
  a.in_w = l.in_w, a.in_stride = a.out_stride = a.channels = l.in_c;
  a.scale = 1024 / l.stride;
  a.x0 = 0, a.x1 = out_width(l);
  each_row(b, clock, r, [&](int y, const int8_t**, int8_t* out) {
    const int position = y * a.scale;
    const BilinearPlace at = bilinear_place(position, b.fit.in_rows);
    a.upper = b.in + at.lo * b.in_row, a.lower = b.in + at.hi * b.in_row;
    a.part = at.lo == at.hi ? 0 : position - 1024 * at.lo;
    a.out = out;
    return [&] { bilinear_row(a); };
  });
}

}  // namespace

void measure_plain(const Bench& b, const BenchClock& clock, Random& random,
                   BenchResult& r) {
  switch (b.layer.kind) {
    case BenchKind::kAdd:
      return measure_add(b, clock, random, r);
    case BenchKind::kMul:
      return measure_mul(b, clock, random, r);
    case BenchKind::kTable:
      return measure_table(b, clock, random, r);
    case BenchKind::kSoftmax:
      return measure_softmax(b, clock, random, r);
    case BenchKind::kMean:
      return measure_mean(b, clock, random, r);
    case BenchKind::kNearest:
      return measure_nearest(b, clock, random, r);
    case BenchKind::kBilinear:
      return measure_bilinear(b, clock, random, r);
    default:
      return measure_pool(b, clock, random, r);
  }
}

}  // namespace shoal
