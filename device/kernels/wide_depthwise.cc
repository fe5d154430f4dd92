// Depthwise convolution of 16-bit elements: four channels of a pixel at a time.
#include "device/kernels/wide_sums.h"
#include "device/kernels/window.h"
#include "device/program/image.h"

namespace shoal {
namespace {

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

// sums[i] += w[i] * x[i * step] over `taps` taps of a run, for four channels.
void four_channels(const Window& window, const Run& run, int x_at, int w_at,
                   int step, int32_t* sums) {
  const int16_t* x = run.x + x_at;
  const int8_t* w = run.w + w_at;
  int32_t s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
  for (int t = window.taps; t > 0; --t) {
    s0 += w[0] * x[0];
    s1 += w[1] * x[step];
    s2 += w[2] * x[2 * step];
    s3 += w[3] * x[3 * step];
    x += window.x_step, w += window.w_step;
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

}  // namespace

void wide_depthwise_row(const WideConvArgs& a) {
  const int step = a.multiplier == 1 ? 1 : 0;
  for (int x = a.x0; x < a.x1; ++x) {
    const Window window = window_at(a, x);
    // Longer sums could wrap.
    const bool fits = window.count * window.taps <= kWideProducts;
    for (int o = 0; o < a.channels;) {
      const int in = o / a.multiplier;
      const int same = step ? a.channels : (in + 1) * a.multiplier;
      const int end = same < a.channels ? same : a.channels;
      if (fits && o + 4 <= end) {
        int32_t sums[4] = {};
        for (int r = 0; r < window.count; ++r) {
          four_channels(window, window.runs[r], in, o, step, sums);
        }
        for (int i = 0; i < 4; ++i, ++o) {
          finish_wide_sum(a, o, x, first_wide_sum(a, o, x) + sums[i]);
        }
        continue;
      }
      finish_wide_sum(a, o, x,
                      first_wide_sum(a, o, x) + one_channel(window, in, o));
      ++o;
    }
  }
}

}  // namespace shoal
