// Softmax over the channels of each pixel: TensorFlow Lite's int8 reference
// with 5 integer bits for differences and 12 for the sum.
#include "device/base/fixed_point.h"
#include "device/kernels/kernels.h"

namespace shoal {
namespace {

// Long, and asked for twice.
[[gnu::noinline]] int32_t exponential(const SoftmaxArgs& a, int difference) {
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

}  // namespace shoal
