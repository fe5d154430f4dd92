// Depthwise convolution of 16-bit elements: four channels of a pixel at a time,
// one where several outputs read an input channel.
#include "device/kernels/wide_sums.h"
#include "device/kernels/window.h"
#include "device/program/image.h"

namespace shoal {
namespace {

constexpr int kGroup = 32;  // channels that share a look at the window

// A kernel row's taps inside the picture.
struct Run {
  const int16_t* x;
  const int8_t* w;
};

struct Window {
  Run runs[kMaxWindowRows];
  int count = 0, taps = 0;
  int x_step, w_step;
};

// sums[i] = the sum of w[i] * x[i] over all taps, for four channels.
void four_channels(const Window& window, int o, int32_t* sums) {
  int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  const int x_step = window.x_step, w_step = window.w_step;
  for (const Run *run = window.runs, *end = run + window.count; run != end;
       ++run) {
    const int16_t* x = run->x + o;
    const int8_t* w = run->w + o;
    for (int t = window.taps; t > 0; --t) {
      s0 += w[0] * x[0];
      s1 += w[1] * x[1];
      s2 += w[2] * x[2];
      s3 += w[3] * x[3];
      x += x_step, w += w_step;
    }
  }
  sums[0] = s0, sums[1] = s1, sums[2] = s2, sums[3] = s3;
}

int64_t one_channel(const Window& window, int x_at, int w_at) {
  int64_t sum = 0;
  for (int r = 0; r < window.count; ++r) {
    const int16_t* x = window.runs[r].x + x_at;
    const int8_t* w = window.runs[r].w + w_at;
    for (int t = window.taps; t > 0; --t) {
      sum += *w * *x;
      x += window.x_step, w += window.w_step;
    }
  }
  return sum;
}

Window window_at(const WideConvArgs& a, int x) {
  Window window;
  const int base = x * a.stride_x - a.pad_left;
  const Span taps = valid_taps(base, a.kernel_w, a.dilation_x, a.in_w);
  window.taps = taps.hi - taps.lo;
  window.x_step = a.dilation_x * a.in_stride;
  window.w_step = a.weight_stride;
  if (window.taps == 0) return window;
  const int at = (base + taps.lo * a.dilation_x) * a.in_stride;
  for (int ky = 0; ky < a.kernel_h; ++ky) {
    if (!a.rows[ky]) continue;
    const int tap = ky * a.kernel_w + taps.lo;
    window.runs[window.count++] = {a.rows[ky] + at,
                                   a.weights + tap * a.weight_stride};
  }
  return window;
}

// The ends of some channels, if the whole windows of all make sums of 32 bits.
class QuickEnds {
 public:
  QuickEnds(const WideConvArgs& a, int first, int count) : first_(first) {
    const int products = a.kernel_h * a.kernel_w;
    all_ = a.wide.long_sums && !a.partial_in && !a.partial_out &&
           products <= kWideProducts;
    for (int i = 0; all_ && i < count; ++i) {
      const int o = first + i;
      bias_[i] = a.bias[o];
      multipliers_[i] = upper_multiplier(a.multipliers[o], a.shifts[o]);
      all_ = multipliers_[i] && stays_short(a, o, kMostWeight * products);
    }
  }
  bool are_all() const { return all_; }
  // Puts four elements from channel o on of column x.
  void put_four(const WideConvArgs& a, int o, int x,
                const int32_t* sums) const {
    const int32_t low = a.wide.low, high = a.wide.high;
    int16_t* out = a.out + x * a.out_stride + o;
    for (int i = 0; i < 4; ++i) {
      const int at = o - first_ + i;
      const int32_t v =
          rounded_upper_half(bias_[at] + sums[i], multipliers_[at]);
      out[i] = static_cast<int16_t>(clamp(v, low, high));
    }
  }

 private:
  const int first_;
  bool all_;
  int32_t bias_[kGroup], multipliers_[kGroup];
};

// Channels [o, end) of a pixel.
void make_pixel(const WideConvArgs& a, const Window& window,
                const QuickEnds& ends, int x, int o, int end) {
  // Longer sums could wrap.
  const bool in_fours =
      a.multiplier == 1 && window.count * window.taps <= kWideProducts;
  while (o < end) {
    if (!in_fours || o + 4 > end) {
      const int64_t sum = one_channel(window, o / a.multiplier, o);
      finish_wide_sum(a, o, x, first_wide_sum(a, o, x) + sum);
      ++o;
      continue;
    }
    int32_t sums[4];
    four_channels(window, o, sums);
    if (ends.are_all()) {
      ends.put_four(a, o, x, sums);
    } else {
      for (int i = 0; i < 4; ++i) {
        finish_wide_sum(a, o + i, x, first_wide_sum(a, o + i, x) + sums[i]);
      }
    }
    o += 4;
  }
}

}  // namespace

void portable_wide_depthwise(const WideConvArgs& a) {
  for (int o = 0; o < a.channels; o += kGroup) {
    const int count = a.channels - o < kGroup ? a.channels - o : kGroup;
    const QuickEnds ends(a, o, count);
    for (int x = a.x0; x < a.x1; ++x) {
      make_pixel(a, window_at(a, x), ends, x, o, o + count);
    }
  }
}

}  // namespace shoal
