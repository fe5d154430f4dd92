// Softmax over the channels of each pixel: TensorFlow Lite's int8 reference
// with 5 integer bits for differences and 12 for the sum.
#include "device/base/fixed_point.h"
#include "device/kernels/kernels.h"

namespace shoal {
namespace {

int32_t exponential(const SoftmaxArgs& a, int difference) {
  const int32_t scaled = wrap(bits(difference) << a.shift);
  return exp_negative(high_mul(scaled, a.multiplier), 5);
}

void softmax_pixel(const SoftmaxArgs& a, const int8_t* in, int8_t* out) {
  int highest = -128;
  for (int c = 0; c < a.channels; ++c) {
    if (in[c] > highest) highest = in[c];
  }
  uint32_t sum = 0;
  for (int c = 0; c < a.channels; ++c) {
    const int d = in[c] - highest;
    if (d >= a.diff_min) sum += bits(round_shift(exponential(a, d), 12));
  }
  const int zeros = leading_zeros(sum);
  const int32_t fraction = wrap((sum << zeros) - 0x80000000u);
  const int32_t scale = saturate(int64_t{2} * reciprocal_one_plus(fraction));
  // A shift of 32 or more (from 512 nearly equal channels on) leaves nothing.
  const int shift = 35 - zeros;
  for (int c = 0; c < a.channels; ++c) {
    const int d = in[c] - highest;
    int32_t y = 0;
    if (d >= a.diff_min && shift < 32) {
      y = round_shift(high_mul(scale, exponential(a, d)), shift);
    }
    out[c] = static_cast<int8_t>(clamp(y - 128, -128, 127));
  }
}

}  // namespace

void softmax_row(const SoftmaxArgs& a) {
  for (int x = a.x0; x < a.x1; ++x) {
    softmax_pixel(a, a.in + x * a.in_stride, a.out + x * a.out_stride);
  }
}

namespace {

void log_softmax_pixel(const LogSoftmaxArgs& args, const int8_t* in,
                       int8_t* out) {
  const SoftmaxArgs& a = args.of;
  int highest = -128;
  for (int c = 0; c < a.channels; ++c) {
    if (in[c] > highest) highest = in[c];
  }
  uint32_t sum = 0;
  for (int c = 0; c < a.channels; ++c) {
    const int d = in[c] - highest;
    if (d >= a.diff_min) sum += bits(round_shift(exponential(a, d), 12));
  }
  const int32_t log = log_of_sum(sum);
  int32_t limit = requantize(wrap_add(log, kInt32Min), args.back_multiplier,
                             args.back_shift);
  if (limit < a.diff_min - 1) limit = a.diff_min - 1;
  for (int c = 0; c < a.channels; ++c) {
    const int d = in[c] - highest;
    int32_t y = -128;
    if (d > limit) {
      const int32_t g = requantize(d, a.multiplier, a.shift);
      y = round_shift(wrap_sub(g, log), 22) + 127;
    }
    out[c] = static_cast<int8_t>(clamp(y, -128, 127));
  }
}

}  // namespace

void log_softmax_row(const LogSoftmaxArgs& args) {
  const SoftmaxArgs& a = args.of;
  for (int x = a.x0; x < a.x1; ++x) {
    log_softmax_pixel(args, a.in + x * a.in_stride, a.out + x * a.out_stride);
  }
}

}  // namespace shoal
