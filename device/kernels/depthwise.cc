// Depthwise convolution. The window of a column becomes a list of runs, one
// for each kernel row; columns that read no padding column share one list.
// Taps on padding make a second list, whose input is zero_in. Blocks of four
// pixels of a channel run down the lists, or, where there are fewer pixels,
// blocks of four channels of a pixel.
#if defined(__GNUC__) && !defined(__clang__)
// Reordered, a chain of sums no longer fits multiply-accumulate instructions.
#pragma GCC optimize("no-tree-reassoc")
#endif

#if defined(__thumb__) && !defined(__thumb2__)
#pragma GCC optimize("omit-frame-pointer")  // loops take all registers
#endif

#include "device/kernels/family.h"
#include "device/kernels/thumb1.h"
#include "device/kernels/window.h"
#include "device/program/image.h"

namespace shoal {
namespace {

constexpr int kGroup = 32;  // output channels whose sums are held
constexpr int kMaxRuns = 2 * kMaxWindowRows;

// The cases that a family leaves to this kernel are rare and need not have
// loops of their own: for DSP even numbers of rows, dilation and multipliers of
// channels, for Helium next to nothing.
#if defined(SHOAL_HAS_MVE_KERNELS)
constexpr bool kOwnThree = true, kOwnPlain = true;
#elif defined(SHOAL_HAS_DSP_KERNELS)
constexpr bool kOwnThree = true, kOwnPlain = false;
#else
constexpr bool kOwnThree = false, kOwnPlain = false;
#endif

constexpr uint32_t product(int a, int b) { return bits(a * b); }

// Taps side by side in a kernel row.
struct Run {
  const int8_t *x, *w;
  int taps;
};
struct RunList {
  const Run *begin, *end;
  int x_step, w_step;  // from one tap of a run to the next
  int zero_weight;
  int in_step;     // from one input channel to the next; 0 on padding
  int pixel_step;  // from one output column to the next
};

// sums[i] = from[i] + sum over all taps of (w[i] - zero_weight) * x[i * kStep]
// for four channels, where x and w lie x_at and w_at behind the list's
// pointers. kThree: all runs have three taps. A function of its own because
// its operands just fill the registers of a Cortex-M.
template <int kStep, bool kZero, bool kThree>
[[gnu::noinline]] void four_channels(const RunList& list, int x_at, int w_at,
                                     const uint32_t* from, uint32_t* sums) {
  const int zero = kZero ? list.zero_weight : 0;
  const int x_step = list.x_step, w_step = list.w_step;
  uint32_t s0 = from[0], s1 = from[1], s2 = from[2], s3 = from[3];
  for (const Run *run = list.begin, *end = list.end; run != end; ++run) {
    const int8_t *x = run->x + x_at, *w = run->w + w_at;
    const auto add_tap = [&]() __attribute__((always_inline)) {
      s0 += product(w[0] - zero, x[0]);
      s1 += product(w[1] - zero, x[kStep]);
      s2 += product(w[2] - zero, x[2 * kStep]);
      s3 += product(w[3] - zero, x[3 * kStep]);
      x += x_step, w += w_step;
    };
    if (kThree) {
      add_tap();
      add_tap();
      add_tap();
    } else {
      for (int t = run->taps; t > 0; --t) add_tap();
    }
  }
  sums[0] = s0, sums[1] = s1, sums[2] = s2, sums[3] = s3;
}

// sums[j] += the same of one channel for four pixels, pixel_step apart: a
// weight is loaded once for all of them.
template <bool kZero, bool kThree>
[[gnu::noinline]] void four_pixels(const RunList& list, int x_at, int w_at,
                                   uint32_t* sums) {
  const int zero = kZero ? list.zero_weight : 0;
  const int x_step = list.x_step, w_step = list.w_step;
  const int step = list.pixel_step;
  uint32_t s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
  for (const Run *run = list.begin, *end = list.end; run != end; ++run) {
    const int8_t *x = run->x + x_at, *w = run->w + w_at;
#if defined(SHOAL_THUMB1)
    if (kThree && !kZero) {
      thumb1_three_taps(w, w_step, x, x_step, step, s0, s1, s2, s3);
      continue;
    }
#endif
    const auto add_tap = [&]() __attribute__((always_inline)) {
      const int k = *w - zero;
      s0 += product(k, x[0]);
      s1 += product(k, x[step]);
      s2 += product(k, x[2 * step]);
      s3 += product(k, x[3 * step]);
      x += x_step, w += w_step;
    };
    if (kThree) {
      add_tap();
      add_tap();
      add_tap();
    } else {
      for (int t = run->taps; t > 0; --t) add_tap();
    }
  }
  sums[0] = s0, sums[1] = s1, sums[2] = s2, sums[3] = s3;
}

uint32_t one_channel(const RunList& list, int x_at, int w_at) {
  uint32_t s = 0;
  for (const Run* run = list.begin; run != list.end; ++run) {
    const int8_t *x = run->x + x_at, *w = run->w + w_at;
    for (int t = 0; t < run->taps; ++t, x += list.x_step, w += list.w_step) {
      s += product(*w - list.zero_weight, *x);
    }
  }
  return s;
}

using FourChannels = void (*)(const RunList&, int, int, const uint32_t*,
                              uint32_t*);

FourChannels four_channels_for(const ConvArgs& a) {
  const bool zero = kOwnPlain || a.zero_weight != 0;
  if (a.multiplier != 1) {
    return zero ? four_channels<0, true, false>
                : four_channels<0, kOwnPlain, false>;
  }
  return zero ? four_channels<1, true, false>
              : four_channels<1, kOwnPlain, false>;
}

// Output channels [o, o + outs) of one pixel, whose input lies x_at behind
// the list's pointers.
void add_list(const ConvArgs& a, const RunList& list, FourChannels four,
              int x_at, int o, int outs, const uint32_t* from, uint32_t* sums) {
  const bool one_input = a.multiplier != 1;
  const int step = one_input ? 0 : list.in_step;
  const int o_end = o + outs;
  for (int in = o / a.multiplier; o < o_end; ++in) {
    // Channels that read the same input, or all of them.
    int same = one_input ? (in + 1) * a.multiplier : o_end;
    if (same > o_end) same = o_end;
    int at = x_at + in * list.in_step;
    for (; o + 4 <= same; o += 4, from += 4, sums += 4, at += 4 * step) {
      four(list, at, o, from, sums);
    }
    for (; o < same; ++o, at += step) {
      *sums++ = *from++ + one_channel(list, at, o);
    }
  }
}

// The taps inside the rows of column x.
RunList input_runs(const ConvArgs& a, int x, Span inside, Run* run) {
  RunList list = {
      run,           run, a.dilation_x * a.in_stride, a.weight_stride,
      a.zero_weight, 1,   a.stride_x * a.in_stride};
  const int column = x * a.stride_x - a.pad_left + inside.lo * a.dilation_x;
  const int taps = inside.hi - inside.lo;
  for (int ky = 0; ky < a.kernel_h; ++ky) {
    if (!a.rows[ky] || taps == 0) continue;
    const int w_at = (ky * a.kernel_w + inside.lo) * a.weight_stride;
    *run++ = {a.rows[ky] + column * a.in_stride, a.weights + w_at, taps};
  }
  list.end = run;
  return list;
}

// The taps outside, whose input is always zeros[0..3].
RunList padding_runs(const ConvArgs& a, Span inside, const int8_t* zeros,
                     Run* run) {
  RunList list = {run, run, 0, a.weight_stride, a.zero_weight, 0, 0};
  const int8_t* w = a.weights;
  for (int ky = 0; ky < a.kernel_h; ++ky) {
    const int left = a.rows[ky] ? inside.lo : a.kernel_w;
    const int right = a.rows[ky] ? a.kernel_w - inside.hi : 0;
    if (left) *run++ = {zeros, w, left};
    if (right) *run++ = {zeros, w + inside.hi * a.weight_stride, right};
    w += a.kernel_w * a.weight_stride;
  }
  list.end = run;
  return list;
}

// A window's taps, inside the rows and on padding.
struct Window {
  RunList input, padding;
};

// Pixel by pixel.
void add_pixels(const ConvArgs& a, const Window& window, bool three,
                Span columns, int x_at) {
  const FourChannels four = four_channels_for(a);
  FourChannels main = four;
  if (!kOwnThree && a.multiplier == 1 && three) {
    main = a.zero_weight ? four_channels<1, true, !kOwnThree>
                         : four_channels<1, kOwnPlain, !kOwnThree>;
  }
  const RunList& padding = window.padding;
  for (int x = columns.lo; x < columns.hi; ++x) {
    for (int o = 0; o < a.channels; o += kGroup) {
      const int left = a.channels - o, outs = left < kGroup ? left : kGroup;
      uint32_t sums[kGroup];
      add_list(a, window.input, main, x_at, o, outs, first_sums(a, o, x), sums);
      if (padding.begin != padding.end) {
        add_list(a, padding, four, 0, o, outs, sums, sums);
      }
      finish_sums(a, o, outs, x, sums);
    }
    x_at += window.input.pixel_step;
  }
}

using FourPixels = void (*)(const RunList&, int, int, uint32_t*);

FourPixels four_pixels_for(const ConvArgs& a, bool three) {
  if (kOwnPlain || a.zero_weight) {
    return !kOwnThree && three ? four_pixels<true, !kOwnThree>
                               : four_pixels<true, false>;
  }
  return !kOwnPlain && three ? four_pixels<kOwnPlain, !kOwnPlain>
                             : four_pixels<kOwnThree, false>;
}

// Channel by channel; the number of columns is a multiple of four.
template <bool kByte>
void add_blocks(const ConvArgs& a, const Window& window, bool three,
                Span columns) {
  const FourPixels four = four_pixels_for(a, three);
  const Quantizer<kByte> to_byte(a);
  const bool padded = window.padding.begin != window.padding.end;
  const int out_stride = a.out_stride;
  for (int o = 0; o < a.channels; ++o) {
    uint32_t start = bits(a.bias[o]);
    if (padded) start += one_channel(window.padding, 0, o);
    const int32_t multiplier = a.multipliers[o];
    const int right = -2 - a.shifts[o];
    int x_at = o / a.multiplier;
    int8_t* out = a.out + columns.lo * out_stride + o;
    for (int x = columns.lo; x < columns.hi; x += 4) {
      uint32_t sums[4] = {start, start, start, start};
      four(window.input, x_at, o, sums);
      x_at += 4 * window.input.pixel_step;
      for (const uint32_t sum : sums) {
        *out = static_cast<int8_t>(to_byte(sum, multiplier, right));
        out += out_stride;
      }
    }
  }
}

// Columns whose taps `inside` lie inside the rows.
void add_columns(const ConvArgs& a, Span columns, Span inside) {
  const int8_t zero = static_cast<int8_t>(a.zero_in);
  const int8_t zeros[4] = {zero, zero, zero, zero};
  Run runs[kMaxWindowRows], outside[kMaxRuns];
  const Window window = {input_runs(a, columns.lo, inside, runs),
                         padding_runs(a, inside, zeros, outside)};
  const bool three = inside.hi - inside.lo == 3;
  const int whole = (columns.hi - columns.lo) & ~3;
  if (whole == 0 || a.partial_in || a.partial_out) {
    return add_pixels(a, window, three, columns, 0);
  }
  const Span blocks = {columns.lo, columns.lo + whole};
  (clamps_to_byte(a) ? add_blocks<!kOwnThree>
                     : add_blocks<false>)(a, window, three, blocks);
  add_pixels(a, window, three, {blocks.hi, columns.hi},
             whole * window.input.pixel_step);
}

}  // namespace

void portable_depthwise(const ConvArgs& a) {
  const Span inner = interior_columns(a);
  for (int x = a.x0; x < inner.lo; ++x) {
    add_columns(a, {x, x + 1}, valid_taps(a, x));
  }
  if (inner.lo < inner.hi) add_columns(a, inner, {0, a.kernel_w});
  for (int x = inner.hi; x < a.x1; ++x) {
    add_columns(a, {x, x + 1}, valid_taps(a, x));
  }
}

}  // namespace shoal
