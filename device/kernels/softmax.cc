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

// With few channels the same difference is rare.
constexpr int kFewChannels = 16;

// Channels share their differences from the highest, 256 at most: what each
// takes, two exponentials, is done once a difference; of few channels, once a
// channel.
void softmax_pixel(const SoftmaxArgs& a, const int8_t* in, int8_t* out) {
  int highest = -128, lowest = 127;
  for (int c = 0; c < a.channels; ++c) {
    if (in[c] > highest) highest = in[c];
    if (in[c] < lowest) lowest = in[c];
  }
  const bool few = a.channels < kFewChannels;
  const int steps = few ? a.channels : highest - lowest + 1;
  // How many channels lie so far below the highest; then their result.
  uint16_t of[256];
  if (!few) {
    for (int d = 0; d < steps; ++d) of[d] = 0;
    for (int c = 0; c < a.channels; ++c) ++of[highest - in[c]];
  }
  uint32_t sum = 0;
  for (int i = 0; i < steps; ++i) {
    const int d = few ? highest - in[i] : i;
    const uint32_t count = few ? 1 : of[d];
    if (count == 0 || -d < a.diff_min) continue;
    sum += count * bits(round_shift(exponential(a, -d), 12));
  }
  const int zeros = leading_zeros(sum);
  const int32_t fraction = wrap((sum << zeros) - 0x80000000u);
  const int32_t scale = saturate(int64_t{2} * reciprocal_one_plus(fraction));
  // A shift of 32 or more (from 512 nearly equal channels on) leaves nothing.
  const int shift = 35 - zeros;
  for (int i = 0; i < steps; ++i) {
    const int d = few ? highest - in[i] : i;
    if (!few && of[d] == 0) continue;
    int32_t y = 0;
    if (-d >= a.diff_min && shift < 32) {
      y = round_shift(high_mul(scale, exponential(a, -d)), shift);
    }
    const auto result = static_cast<int8_t>(clamp(y - 128, -128, 127));
    if (few) {
      out[i] = result;
    } else {
      of[d] = static_cast<uint8_t>(result);
    }
  }
  if (few) return;
  for (int c = 0; c < a.channels; ++c) {
    out[c] = static_cast<int8_t>(of[highest - in[c]]);
  }
}

}  // namespace

void softmax_row(const SoftmaxArgs& a) {
  for (int x = a.x0; x < a.x1; ++x) {
    softmax_pixel(a, a.in + x * a.in_stride, a.out + x * a.out_stride);
  }
}

}  // namespace shoal
