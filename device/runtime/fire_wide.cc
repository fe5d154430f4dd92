// Slices of actors with elements of 16 bits, by operator.
#include <cstring>

#include "device/kernels/kernels.h"
#include "device/kernels/wide.h"
#include "device/runtime/fire_ops.h"

namespace shoal {
namespace {

constexpr int kElement = 2;  // bytes

template <class P>
const P& params_at(const Slice& s, int skipped = 0) {
  return *reinterpret_cast<const P*>(s.params + skipped);
}
const WideParams& wide_of(const Slice& s) {
  return params_at<WideParams>(s, param_count(s.actor->op));
}

const int16_t* row_of(const Rows& rows, int y) {
  return reinterpret_cast<const int16_t*>(rows.at(y));
}
int16_t* out_row(const Slice& s, int oy) {
  return reinterpret_cast<int16_t*>(s.out.at(oy)) + s.out0;
}
// A single row serves for all.
int operand_row(const Rows& in, int oy) { return in.rows == 1 ? 0 : oy; }

void window_rows(const Slice& s, int oy, const int16_t** rows) {
  const ActorRecord& a = *s.actor;
  RowRule rule;
  rule.op = a.op, rule.in_rows = s.in[0].rows;
  rule.stride_y = a.stride_y, rule.dilation_y = a.dilation_y;
  rule.pad_top = a.pad_top;
  for (int ky = s.ky_lo; ky < s.ky_hi; ++ky) {
    const int iy = window_row(rule, oy, ky);
    *rows++ = iy < 0 ? nullptr : row_of(s.in[0], iy) + s.in0;
  }
}

// Where the private sums of a cut window come from and go to.
template <class Sum>
struct Sums {
  const Sum* in;
  Sum* out;
  Sums(const Slice& s, int oy) : in(nullptr), out(nullptr) {
    if (!s.sums) return;
    Sum* const own = reinterpret_cast<Sum*>(s.sums) +
                     (oy - s.sums_row) * s.out.columns * s.out.channels +
                     s.out0;
    if (!s.first) in = own;
    if (!s.last) out = own;
  }
};

void fire_taps(const Slice& s, void (*kernel)(const WideConvArgs&)) {
  const ActorRecord& a = *s.actor;
  const int16_t* rows[kMaxWindowRows];
  WideConvArgs c;
  c.rows = rows;
  c.kernel_h = s.ky_hi - s.ky_lo, c.kernel_w = a.kernel_w;
  c.in_w = s.in[0].columns, c.in_stride = s.in[0].stride, c.in_c = s.in_n;
  c.stride_x = a.stride_x, c.dilation_x = a.dilation_x;
  c.pad_left = a.pad_left;
  c.x0 = s.x0, c.x1 = s.x1;
  c.channels = s.out_n, c.multiplier = a.multiplier;
  c.weights = s.weights, c.weight_stride = s.weight_stride;
  c.bias = s.bias, c.multipliers = s.multipliers, c.shifts = s.shifts;
  c.wide = wide_of(s);
  c.partial_stride = s.out.channels;
  c.out_stride = s.out.stride;
  for (int oy = s.lo; oy < s.hi; ++oy) {
    window_rows(s, oy, rows);
    const Sums<int64_t> sums(s, oy);
    c.partial_in = sums.in, c.partial_out = sums.out;
    c.out = out_row(s, oy);
    kernel(c);
  }
}

void fire_pool(const Slice& s, void (*kernel)(const WidePoolArgs&)) {
  const ActorRecord& a = *s.actor;
  const int16_t* rows[kMaxWindowRows];
  WidePoolArgs p;
  p.rows = rows;
  p.kernel_h = s.ky_hi - s.ky_lo, p.kernel_w = a.kernel_w;
  p.in_w = s.in[0].columns, p.in_stride = s.in[0].stride;
  p.stride_x = a.stride_x, p.pad_left = a.pad_left;
  p.x0 = s.x0, p.x1 = s.x1;
  p.channels = s.out_n;
  p.act_min = wide_of(s).low, p.act_max = wide_of(s).high;
  p.partial_stride = s.out.channels;
  p.out_stride = s.out.stride;
  for (int oy = s.lo; oy < s.hi; ++oy) {
    window_rows(s, oy, rows);
    const int first = oy * a.stride_y - a.pad_top;
    p.valid_rows = clip(first + a.kernel_h, 0, s.in[0].rows) -
                   clip(first, 0, s.in[0].rows);
    const Sums<int32_t> sums(s, oy);
    p.partial_in = sums.in, p.partial_out = sums.out;
    p.out = out_row(s, oy);
    kernel(p);
  }
}

void fire_binary(const Slice& s, void (*kernel)(const WideBinaryArgs&)) {
  WideBinaryArgs b;
  const auto stride = [&](const Rows& in) {
    return in.columns < s.out.columns ? 0 : in.stride;
  };
  const auto step = [&](const Rows& in) {
    return in.channels < s.out.channels ? 0 : 1;
  };
  b.a_stride = stride(s.in[0]), b.a_step = step(s.in[0]);
  b.b_stride = stride(s.in[1]), b.b_step = step(s.in[1]);
  b.x0 = s.x0, b.x1 = s.x1, b.channels = s.out.channels;
  b.low = wide_of(s).low, b.high = wide_of(s).high;
  b.params = s.params;
  b.out_stride = s.out.stride;
  for (int oy = s.lo; oy < s.hi; ++oy) {
    b.a = row_of(s.in[0], operand_row(s.in[0], oy));
    b.b = s.in[1].at(operand_row(s.in[1], oy));
    b.out = out_row(s, oy);
    kernel(b);
  }
}

void fire_pixels(const Slice& s, void (*kernel)(const WidePixelArgs&)) {
  WidePixelArgs p;
  p.in_stride = s.in[0].stride, p.out_stride = s.out.stride;
  p.x0 = s.x0, p.x1 = s.x1, p.channels = s.out.channels;
  p.params = s.params;
  for (int oy = s.lo; oy < s.hi; ++oy) {
    p.in = s.in[0].at(operand_row(s.in[0], oy));
    p.out = s.out.at(oy);
    kernel(p);
  }
}

// The same slice with a channel for each byte.
Slice as_bytes(const Slice& s) {
  Slice bytes = s;
  if (s.actor->in[0] == kNone) bytes.in[0].stride = bytes.in[0].channels = 0;
  bytes.in[0].stride *= kElement, bytes.in[0].channels *= kElement;
  bytes.out.stride *= kElement, bytes.out.channels *= kElement;
  return bytes;
}

void move_pixel(const MoveParams& p, const Rows& in, const int16_t* from,
                int channels, int16_t* to) {
  int ic = p.base_c;
  for (int c = 0; c < channels; ++c, ic += p.stride_c) {
    to[c] = ic >= 0 && ic < in.channels ? from[ic] : int16_t{0};
  }
}

}  // namespace

void fire_wide_conv(const Slice& s) { fire_taps(s, wide_conv_row); }
void fire_wide_depthwise(const Slice& s) { fire_taps(s, wide_depthwise_row); }
void fire_wide_transpose_conv(const Slice& s) {
  fire_taps(s, wide_transpose_conv_row);
}
void fire_wide_average_pool(const Slice& s) {
  fire_pool(s, wide_average_pool_row);
}
void fire_wide_max_pool(const Slice& s) { fire_pool(s, wide_max_pool_row); }

void fire_wide_reduce_sum(const Slice& s) {
  const ActorRecord& a = *s.actor;
  const auto& p = params_at<ReduceParams>(s);
  const int16_t* rows[kMaxWindowRows];
  WideReduceArgs r;
  r.rows = rows;
  r.row_count = s.ky_hi - s.ky_lo;
  r.in_w = s.in[0].columns, r.in_stride = s.in[0].stride;
  r.channels = s.in_n;
  r.over_x = a.flags & kReduceColumns, r.over_c = a.flags & kReduceChannels;
  r.multiplier = p.multiplier, r.shift = p.shift;
  r.low = wide_of(s).low, r.high = wide_of(s).high;
  r.partial_stride = s.out.channels;
  r.out_stride = s.out.stride;
  for (int oy = s.lo; oy < s.hi; ++oy) {
    window_rows(s, oy, rows);
    const Sums<int32_t> sums(s, oy);
    r.partial_in = sums.in, r.partial_out = sums.out;
    r.out = out_row(s, oy);
    wide_reduce_sum_row(r);
  }
}

void fire_wide_add(const Slice& s) { fire_binary(s, wide_add_row); }
void fire_wide_mul(const Slice& s) { fire_binary(s, wide_mul_row); }
void fire_wide_squared_difference(const Slice& s) {
  fire_binary(s, wide_squared_difference_row);
}
void fire_wide_maximum(const Slice& s) { fire_binary(s, wide_maximum_row); }
void fire_wide_minimum(const Slice& s) { fire_binary(s, wide_minimum_row); }
void fire_wide_prelu(const Slice& s) { fire_binary(s, wide_prelu_row); }

void fire_rescale(const Slice& s) { fire_pixels(s, rescale_row); }
void fire_sigmoid(const Slice& s) { fire_pixels(s, sigmoid_row); }
void fire_wide_softmax(const Slice& s) { fire_pixels(s, wide_softmax_row); }

void fire_wide_matmul(const Slice& s) {
  const auto& p = params_at<MulParams>(s);
  WideMatmulArgs m;
  m.length = s.in[0].channels;
  m.multiplier = p.multiplier, m.shift = p.shift;
  m.wide = wide_of(s);
  for (int oy = s.lo; oy < s.hi; ++oy) {
    m.row = row_of(s.in[0], oy);
    int16_t* out = out_row(s, oy);
    for (int c = 0; c < s.out.channels; ++c) {
      m.b = row_of(s.in[1], c);
      out[c] = wide_matmul_element(m);
    }
  }
}

void fire_wide_move(const Slice& s) {
  const auto& p = params_at<MoveParams>(s);
  for (int oy = s.lo; oy < s.hi; ++oy) {
    const int iy = oy * p.stride_y + p.base_y;
    const Rows& in = s.in[0];
    const int16_t* row = iy >= 0 && iy < in.rows ? row_of(in, iy) : nullptr;
    for (int x = s.x0; x < s.x1; ++x) {
      const int ix = x * p.stride_x + p.base_x;
      int16_t* to = out_row(s, oy) + x * s.out.stride;
      if (row && ix >= 0 && ix < in.columns) {
        move_pixel(p, in, row + ix * in.stride, s.out.channels, to);
      } else {
        std::memset(to, 0, static_cast<size_t>(s.out.channels * kElement));
      }
    }
  }
}

void fire_wide_transpose(const Slice& s) {
  transpose_elements(as_bytes(s), kElement);
}
void fire_wide_resize(const Slice& s) { fire_resize(as_bytes(s)); }
void fire_wide_reshape(const Slice& s) { fire_reshape(as_bytes(s)); }
void fire_wide_constant(const Slice& s) { fire_constant(as_bytes(s)); }

}  // namespace shoal
