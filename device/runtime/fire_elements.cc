// Slices of element-wise operators.
#include "device/kernels/kernels.h"
#include "device/program/params.h"
#include "device/runtime/fire_ops.h"

namespace shoal {
namespace {

// A single row serves for all.
int operand_row(const Rows& in, int oy) { return in.rows == 1 ? 0 : oy; }

int8_t* out_row(const Slice& s, int oy) {
  return reinterpret_cast<int8_t*>(s.out.at(oy));
}

void fire_binary(const Slice& s, void (*kernel)(const BinaryArgs&)) {
  const ActorRecord& a = *s.actor;
  BinaryArgs b;
  const auto stride = [&](const Rows& in) {
    return in.columns < s.out.columns ? 0 : in.stride;
  };
  const auto step = [&](const Rows& in) {
    return in.channels < s.out.channels ? 0 : 1;
  };
  b.a_stride = stride(s.in[0]), b.a_step = step(s.in[0]);
  b.b_stride = stride(s.in[1]), b.b_step = step(s.in[1]);
  b.x0 = s.x0, b.x1 = s.x1, b.channels = s.out.channels;
  b.zero_in = a.zero_in, b.zero_out = a.zero_out;
  b.act_min = a.act_min, b.act_max = a.act_max;
  b.params = s.params;
  b.out_stride = s.out.stride;
  for (int oy = s.lo; oy < s.hi; ++oy) {
    b.a = s.in[0].bytes(operand_row(s.in[0], oy));
    b.b = s.in[1].bytes(operand_row(s.in[1], oy));
    b.out = out_row(s, oy);
    kernel(b);
  }
}

void fire_pixels(const Slice& s, void (*kernel)(const PixelArgs&)) {
  const ActorRecord& a = *s.actor;
  PixelArgs p;
  p.in_stride = s.in[0].stride, p.out_stride = s.out.stride;
  p.x0 = s.x0, p.x1 = s.x1, p.channels = s.in[0].channels;
  p.zero_in = a.zero_in, p.zero_out = a.zero_out;
  p.params = s.params;
  for (int oy = s.lo; oy < s.hi; ++oy) {
    p.in = s.in[0].bytes(operand_row(s.in[0], oy));
    p.out = out_row(s, oy);
    kernel(p);
  }
}

}  // namespace

void fire_add(const Slice& s) { fire_binary(s, add_row); }
void fire_mul(const Slice& s) { fire_binary(s, mul_row); }
void fire_divide(const Slice& s) { fire_binary(s, divide_row); }
void fire_squared_difference(const Slice& s) {
  fire_binary(s, squared_difference_row);
}
void fire_maximum(const Slice& s) { fire_binary(s, maximum_row); }
void fire_minimum(const Slice& s) { fire_binary(s, minimum_row); }
void fire_prelu(const Slice& s) { fire_binary(s, prelu_row); }
void fire_log_softmax(const Slice& s) { fire_pixels(s, log_softmax_row); }
void fire_l2_norm(const Slice& s) { fire_pixels(s, l2_norm_row); }
void fire_probability(const Slice& s) { fire_pixels(s, probability_row); }
void fire_arg_max(const Slice& s) { fire_pixels(s, arg_max_row); }
void fire_running_sum(const Slice& s) { fire_pixels(s, running_sum_row); }

void fire_lut(const Slice& s) {
  LutArgs l;
  l.in_stride = s.in[0].stride, l.out_stride = s.out.stride;
  l.x0 = s.x0, l.x1 = s.x1, l.channels = s.out.channels;
  l.table = s.weights;
  for (int oy = s.lo; oy < s.hi; ++oy) {
    l.in = s.in[0].bytes(operand_row(s.in[0], oy));
    l.out = out_row(s, oy);
    lut_row(l);
  }
}

void fire_softmax(const Slice& s) {
  const auto& p = *reinterpret_cast<const SoftmaxParams*>(s.params);
  SoftmaxArgs m;
  m.in_stride = s.in[0].stride, m.out_stride = s.out.stride;
  m.x0 = s.x0, m.x1 = s.x1, m.channels = s.out.channels;
  m.multiplier = p.multiplier, m.shift = p.shift, m.diff_min = p.diff_min;
  for (int oy = s.lo; oy < s.hi; ++oy) {
    m.in = s.in[0].bytes(operand_row(s.in[0], oy));
    m.out = out_row(s, oy);
    softmax_row(m);
  }
}

namespace {

// Returns how many rows from y on, below `end`, lie one behind the other.
int rows_in_line(const Rows& r, int y, int end) {
  const uint32_t slot = (r.first + static_cast<uint32_t>(y)) % r.slots;
  const auto line = static_cast<int>(r.slots - slot);
  return end - y < line ? end - y : line;
}

}  // namespace

void fire_matmul(const Slice& s) {
  const auto& p = *reinterpret_cast<const MulParams*>(s.params);
  const Rows &a = s.in[0], &b = s.in[1];
  MatmulArgs m;
  m.a_stride = static_cast<int>(a.row_bytes);
  m.b_stride = static_cast<int>(b.row_bytes);
  m.length = a.channels;
  m.zero0 = p.zero0, m.zero1 = p.zero1;
  m.multiplier = p.multiplier, m.shift = p.shift;
  m.zero_out = s.actor->zero_out;
  m.out_stride = static_cast<int>(s.out.row_bytes);
  for (int oy = s.lo; oy < s.hi; oy += m.rows) {
    m.a = a.bytes(oy);
    m.rows = rows_in_line(s.out, oy, oy + rows_in_line(a, oy, s.hi));
    for (int c = 0; c < s.out.channels; c += m.columns) {
      m.b = b.bytes(c);
      m.columns = rows_in_line(b, c, s.out.channels);
      m.out = out_row(s, oy) + c;
      matmul_rows(m);
    }
  }
}

void fire_requantize(const Slice& s) {
  const ActorRecord& a = *s.actor;
  RequantizeArgs r;
  r.in_stride = s.in[0].stride, r.out_stride = s.out.stride;
  r.x0 = s.x0, r.x1 = s.x1, r.channels = s.out_n;
  r.bias = s.bias, r.multipliers = s.multipliers, r.shifts = s.shifts;
  r.zero_out = a.zero_out, r.act_min = a.act_min, r.act_max = a.act_max;
  for (int oy = s.lo; oy < s.hi; ++oy) {
    const uint8_t* in = s.in[0].at(operand_row(s.in[0], oy));
    r.in = reinterpret_cast<const int32_t*>(in) + s.out0;
    r.out = out_row(s, oy) + s.out0;
    requantize_row(r);
  }
}

}  // namespace shoal
