// Depthwise convolution of 16-bit elements: four channels of a pixel at a time.
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

// sums[i] = the sum of w[i] * x[i * kStep] over all taps, for four channels.
template <int kStep>
void four_channels(const Window& window, int x_at, int w_at, int32_t* sums) {
  int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  const int x_step = window.x_step, w_step = window.w_step;
  for (const Run *run = window.runs, *end = run + window.count; run != end;
       ++run) {
    const int16_t* x = run->x + x_at;
    const int8_t* w = run->w + w_at;
    for (int t = window.taps; t > 0; --t) {
      s0 += w[0] * x[0];
      s1 += w[1] * x[kStep];
      s2 += w[2] * x[2 * kStep];
      s3 += w[3] * x[3 * kStep];
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

// The ends of some channels whose whole windows make sums of 32 bits.
class QuickEnds {
 public:
  QuickEnds(const WideConvArgs& a, int first, int count) : first_(first) {
    const int products = a.kernel_h * a.kernel_w;
    const bool is_whole = a.wide.long_sums && !a.partial_in && !a.partial_out &&
                          products <= kWideProducts;
    for (int i = 0; i < count; ++i) {
      const int o = first + i;
      bias_[i] = multipliers_[i] = 0;
      if (!is_whole || !stays_short(a, o, kMostWeight * products)) continue;
      bias_[i] = a.bias[o];
      multipliers_[i] = upper_multiplier(a.multipliers[o], a.shifts[o]);
    }
  }
  // Puts four elements from channel o on of column x. Returns false if some
  // of them end otherwise.
  bool put_four(const WideConvArgs& a, int o, int x,
                const int32_t* sums) const {
    const int32_t* multiplier = multipliers_ + (o - first_);
    const int32_t* bias = bias_ + (o - first_);
    if (!multiplier[0] || !multiplier[1] || !multiplier[2] || !multiplier[3]) {
      return false;
    }
    const int32_t low = a.wide.low, high = a.wide.high;
    int16_t* out = a.out + x * a.out_stride + o;
    for (int i = 0; i < 4; ++i) {
      const int32_t v = rounded_upper_half(bias[i] + sums[i], multiplier[i]);
      out[i] = static_cast<int16_t>(clamp(v, low, high));
    }
    return true;
  }

 private:
  const int first_;
  int32_t bias_[kGroup], multipliers_[kGroup];  // 0: otherwise
};

// Channels [o, end) of a pixel.
void make_pixel(const WideConvArgs& a, const Window& window,
                const QuickEnds& ends, int x, int o, int end) {
  const int step = a.multiplier == 1 ? 1 : 0;
  // Longer sums could wrap.
  const bool fits = window.count * window.taps <= kWideProducts;
  while (o < end) {
    const int in = step ? o : o / a.multiplier;
    const int same = step ? end : (in + 1) * a.multiplier;
    if (fits && o + 4 <= (same < end ? same : end)) {
      int32_t sums[4];
      (step ? four_channels<1> : four_channels<0>)(window, in, o, sums);
      if (!ends.put_four(a, o, x, sums)) {
        for (int i = 0; i < 4; ++i) {
          finish_wide_sum(a, o + i, x, first_wide_sum(a, o + i, x) + sums[i]);
        }
      }
      o += 4;
    } else {
      finish_wide_sum(a, o, x,
                      first_wide_sum(a, o, x) + one_channel(window, in, o));
      ++o;
    }
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
