// Inside the convolutions for the DSP extension, of int8 and int16 alike: the
// windows of up to four pixels as pairs of int16 on the stack, a piece of them
// at a time, and their products with weights. So all output channels share the
// spreading, padding is a value like others, and a word of weights, spread in
// registers, serves four pixels.
#pragma once

#include "device/kernels/dsp_dot.h"
#include "device/kernels/dsp_element.h"
#include "device/kernels/dsp_words.h"
#include "device/kernels/window.h"

namespace shoal {

constexpr int kDspPixels = 4;      // at most
constexpr int kDspGathered = 384;  // elements of all pixels' windows
constexpr int kDspCache =
    8192;  // bytes of weights that stay in front of a flash

constexpr int kDspPiece = kDspGathered / kDspPixels;  // collected at once

// Elements of a pixel, a multiple of 8.
template <class Args>
int gathered_length(const Args& a, int pixels) {
  return a.in_c % 4 == 0 ? kDspGathered / pixels & ~7 : kDspPiece;
}

// Words 2 * (q * pixels + p) and the next: elements 4q to 4q + 3 of pixel p.
struct GatheredWindow {
  alignas(8) uint32_t words[kDspGathered / 2];
  uint32_t input_sums[kDspPixels];  // of its elements; with zero_weight only
};

// Spreads the elements of one pixel.
template <class E>
void spread_pixel(const E* from, int quads, uint32_t* to) {
  for (; quads >= 4; quads -= 4, from += 16) {
    to = put_next_four(from, to);
    to = put_next_four(from + 4, to);
    to = put_next_four(from + 8, to);
    to = put_next_four(from + 12, to);
  }
  for (; quads > 0; --quads, from += 4) to = put_next_four(from, to);
}

// `step` words from one four to the next.
template <class E>
void spread_run(const E* from, int quads, int step, uint32_t* to) {
  for (; quads >= 4; quads -= 4, from += 16) {
    put_four(from, to);
    put_four(from + 4, to + step);
    put_four(from + 8, to + 2 * step);
    put_four(from + 12, to + 3 * step);
    to += 4 * step;
  }
  for (; quads > 0; --quads, from += 4, to += step) put_four(from, to);
}

// The elements of a gathered window: `length` from each tap.
struct DspTaps {
  int count_x, length, step_x;  // of a kernel row; columns between two taps
};

template <class Args>
class DspWindow {
  using E = DspElement<Args>;

 public:
  DspWindow(const Args& a, bool merge)
      : a_(a), taps_{a.kernel_w, a.in_c, a.dilation_x} {
    if (merge && a.dilation_x * a.in_stride == a.in_c) {
      taps_ = {1, a.kernel_w * a.in_c, 1};
    }
  }

  // Elements [k0, k1) of the windows of `pixels` columns from x. Callers have
  // one call of it each, for the sake of flash.
  [[gnu::always_inline]] inline void fill(int x, int pixels, int k0, int k1,
                                          GatheredWindow& gathered) const {
    if (taps_.length % 4 == 0) {
      each_piece(x, pixels, k0, k1,
                 [&](int p, const E* from, int k, int count) {
                   put(from, count / 4, 2 * pixels,
                       gathered.words + 2 * (k / 4 * pixels + p));
                 });
    } else {
      fill_one_by_one(x, pixels, k0, k1, gathered);
    }
  }

 private:
  void put(const E* from, int quads, int step, uint32_t* to) const {
    if (from && step == 2) return spread_pixel(from, quads, to);
    if (from) return spread_run(from, quads, step, to);
    const uint32_t zero = pair_with(dsp_padding(a_));
    for (; quads > 0; --quads, to += step) to[0] = to[1] = zero;
  }

  // put(pixel, where they are or null, first element behind k0, count).
  template <class Put>
  [[gnu::always_inline]] inline void each_piece(int x, int pixels, int k0,
                                                int k1, Put put) const {
    const int row = taps_.count_x * taps_.length;
    int ky = k0 / row;
    int kx = (k0 - ky * row) / taps_.length;
    int done = k0 - ky * row - kx * taps_.length;  // of the first tap
    for (int k = k0; k < k1; done = 0) {
      const int left = taps_.length - done;
      const int count = left < k1 - k ? left : k1 - k;
      int column = x * a_.stride_x - a_.pad_left + kx * taps_.step_x;
      for (int p = 0; p < pixels; ++p, column += a_.stride_x) {
        const bool inside = a_.rows[ky] && column >= 0 && column < a_.in_w;
        put(p, inside ? a_.rows[ky] + column * a_.in_stride + done : nullptr,
            k - k0, count);
      }
      k += count;
      if (++kx == taps_.count_x) kx = 0, ++ky;
    }
  }

  // DspTaps that are no whole words.
  [[gnu::always_inline]] inline void fill_one_by_one(
      int x, int pixels, int k0, int k1, GatheredWindow& gathered) const {
    E collected[kDspPiece];
    const int quads = (k1 - k0 + 3) / 4;
    for (int p = 0; p < pixels; ++p) {
      std::memset(collected + 4 * (quads - 1), 0, 4 * sizeof(E));
      each_piece(x + p, 1, k0, k1, [&](int, const E* from, int k, int count) {
        copy(from, count, collected + k);
      });
      spread_run(collected, quads, 2 * pixels, gathered.words + 2 * p);
    }
  }

  void copy(const E* from, int count, E* to) const {
    if (!from) {
      while (count-- > 0) *to++ = static_cast<E>(dsp_padding(a_));
      return;
    }
    for (; count >= 4; count -= 4, from += 4, to += 4) {
      std::memcpy(to, from, 4 * sizeof(E));
    }
    if (count & 2) to[0] = from[0], to[1] = from[1], to += 2, from += 2;
    if (count & 1) *to = *from;
  }

  const Args& a_;
  DspTaps taps_;
};

// Output channels [o, o + outs) of the columns from x on, and elements
// [k, k + count) of their windows.
struct DspBlock {
  int o, outs, x, k, count;
};

// sums[i * kN + p] += what the gathered piece adds to channel i and pixel p.
template <int kN, class Args>
[[gnu::noinline]] void add_gathered(const Args& a, const DspBlock& b,
                                    const GatheredWindow& gathered,
                                    uint32_t* sums) {
  const int w_step = a.weight_stride, count = b.count;
  const int8_t* w = a.weights + b.o * w_step + b.k;
  for (uint32_t* end = sums + b.outs * kN; sums != end; sums += kN) {
    uint32_t s[kN];
#pragma GCC unroll 4
    for (int p = 0; p < kN; ++p) s[p] = sums[p];
    add_dot(w, gathered.words, count, s);
#pragma GCC unroll 4
    for (int p = 0; p < kN; ++p) sums[p] = s[p];
    w += w_step;
  }
}

// The same of one pixel, channels in fours.
template <class Args>
void add_in_fours(const Args& a, DspBlock b, const GatheredWindow& gathered,
                  uint32_t* sums) {
  const int8_t* w = a.weights + b.o * a.weight_stride + b.k;
  for (; b.outs >= 4; b.outs -= 4, b.o += 4, sums += 4) {
    uint32_t s[4] = {sums[0], sums[1], sums[2], sums[3]};
    add_dot_outs(w, a.weight_stride, gathered.words, b.count, s);
    sums[0] = s[0], sums[1] = s[1], sums[2] = s[2], sums[3] = s[3];
    w += 4 * a.weight_stride;
  }
  if (b.outs > 0) add_gathered<1>(a, b, gathered, sums);
}

template <class Args>
void add_gathered(const Args& a, const DspBlock& b, int pixels,
                  const GatheredWindow& gathered, uint32_t* sums) {
  if (pixels == 4) add_gathered<4>(a, b, gathered, sums);
  if (pixels == 3) add_gathered<3>(a, b, gathered, sums);
  if (pixels == 2) add_gathered<2>(a, b, gathered, sums);
  if (pixels == 1) add_in_fours(a, b, gathered, sums);
}

// The next columns that are computed together: three and two instead of four
// and one.
inline int next_pixels(int left) {
  return left == 5 ? 3 : left < 4 ? left : kDspPixels;
}

// make(window, b, pixels) for all blocks of a call: outputs of `pixels` columns
// and at least `least` channels, unless fewer are left; from a.x0 on for each
// of the channels' parts.
template <class Args, class Make>
[[gnu::always_inline]] inline void each_block(const Args& a, int least,
                                              Make make) {
  // Whole words are spread where they lie; others are collected first, for
  // which kernel rows inside the picture are one piece.
  const Span inner = a.in_c % 4 == 0 ? Span{a.x0, a.x0} : interior_columns(a);
  const DspWindow<Args> inside(a, true), border(a, false);
  const int length = a.kernel_h * a.kernel_w * a.in_c;
  int outs = kDspCache / length & ~3;
  if (outs < least) outs = least;
  DspBlock b = {0, 0, 0, 0, length};
  for (; b.o < a.channels; b.o += outs) {
    b.outs = a.channels - b.o < outs ? a.channels - b.o : outs;
    for (b.x = a.x0; b.x < a.x1;) {
      const bool is_inside = b.x >= inner.lo && b.x < inner.hi;
      const int end = is_inside ? inner.hi : b.x < inner.lo ? inner.lo : a.x1;
      const int pixels = next_pixels(end - b.x);
      make(is_inside ? inside : border, b, pixels);
      b.x += pixels;
    }
  }
}

}  // namespace shoal
