// Depthwise convolution. For a group of output channels of a pixel, its taps
// become a list of pointers, and blocks of four channels run down the list.
// Taps on padding make a second list, whose input is zero_in.
#include "device/kernels/portable.h"
#include "device/kernels/window.h"

namespace shoal {
namespace {

constexpr int kGroup = 32;    // output channels
constexpr int kMaxTaps = 16;  // of a list; a larger window takes several

struct Tap {
  const int8_t *x, *w;
};

constexpr uint32_t product(int a, int b) { return bits(a * b); }

// sums[i] += sum over the taps of (w[i] - zero_weight) * x[i * kStep], where x
// and w lie x_at and w_at behind the taps' pointers. A function of its own
// because its operands just fill the registers of a Cortex-M.
template <int kStep, bool kZero>
[[gnu::noinline]] void four_channels(const Tap* tap, const Tap* end, int x_at,
                                     int w_at, int zero_weight,
                                     uint32_t* sums) {
  const int zero = kZero ? zero_weight : 0;
  uint32_t s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
  for (; tap != end; ++tap) {
    const int8_t *x = tap->x + x_at, *w = tap->w + w_at;
    s0 += product(w[0] - zero, x[0]);
    s1 += product(w[1] - zero, x[kStep]);
    s2 += product(w[2] - zero, x[2 * kStep]);
    s3 += product(w[3] - zero, x[3 * kStep]);
  }
  sums[0] = s0, sums[1] = s1, sums[2] = s2, sums[3] = s3;
}

void one_channel(const Tap* tap, const Tap* end, int x_at, int w_at,
                 int zero_weight, uint32_t* sums) {
  uint32_t s = *sums;
  for (; tap != end; ++tap) {
    s += product(tap->w[w_at] - zero_weight, tap->x[x_at]);
  }
  *sums = s;
}

// The taps' share of output channels [o, o + outs). x_step is 0 if all read
// the same input (padding).
void add_taps(const ConvArgs& a, const Tap* tap, const Tap* end, int o,
              int outs, int x_step, uint32_t* sums) {
  const bool one_input = a.multiplier != 1;
  auto* four = one_input ? four_channels<0, false> : four_channels<1, false>;
  if (a.zero_weight) {
    four = one_input ? four_channels<0, true> : four_channels<1, true>;
  }
  const int to = o + outs;
  int in = o / a.multiplier;
  while (o < to) {
    // Channels that read the same input, or all of them.
    int same = one_input ? (in + 1) * a.multiplier : to;
    if (same > to) same = to;
    const int step = one_input ? 0 : x_step;
    int x_at = in * x_step;
    for (; o + 4 <= same; o += 4, sums += 4, x_at += 4 * step) {
      four(tap, end, x_at, o, a.zero_weight, sums);
    }
    for (; o < same; ++o, ++sums, x_at += step) {
      one_channel(tap, end, x_at, o, a.zero_weight, sums);
    }
    ++in;
  }
}

// The taps of one pixel that lie on padding, or those that do not.
void add_window(const ConvArgs& a, int o, int outs, int x, Span inside,
                bool on_padding, uint32_t* sums) {
  const int8_t zero = static_cast<int8_t>(a.zero_in);
  const int8_t zeros[4] = {zero, zero, zero, zero};
  Tap taps[kMaxTaps];
  Tap* end = taps;
  const int base = x * a.stride_x - a.pad_left;
  const int8_t* w = a.weights;
  for (int ky = 0; ky < a.kernel_h; ++ky) {
    const int8_t* row = a.rows[ky];
    for (int kx = 0; kx < a.kernel_w; ++kx, w += a.weight_stride) {
      const bool valid = row && kx >= inside.lo && kx < inside.hi;
      if (valid == on_padding) continue;
      if (end == taps + kMaxTaps) {
        add_taps(a, taps, end, o, outs, !on_padding, sums);
        end = taps;
      }
      *end++ = {valid ? row + (base + kx * a.dilation_x) * a.in_stride : zeros,
                w};
    }
  }
  add_taps(a, taps, end, o, outs, !on_padding, sums);
}

}  // namespace

void portable_depthwise(const ConvArgs& a) {
  const bool nulls = has_null_rows(a.rows, a.kernel_h);
  for (int x = a.x0; x < a.x1; ++x) {
    const Span inside = valid_taps(a, x);
    const bool padded = nulls || inside.hi - inside.lo != a.kernel_w;
    for (int o = 0; o < a.channels; o += kGroup) {
      const int left = a.channels - o;
      const int outs = left < kGroup ? left : kGroup;
      uint32_t sums[kGroup];
      start_sums(a, o, outs, x, sums);
      add_window(a, o, outs, x, inside, false, sums);
      if (padded) add_window(a, o, outs, x, inside, true, sums);
      finish_sums(a, o, outs, x, sums);
    }
  }
}

}  // namespace shoal
