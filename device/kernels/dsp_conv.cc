// Convolution with two products an instruction. The window of up to four
// pixels is spread into int16 on the stack, a piece of it at a time: so all
// output channels share that work, padding is a value like others, and a word
// of weights, spread in registers, serves four pixels.
#if defined(__ARM_FEATURE_DSP)
#pragma GCC optimize("omit-frame-pointer")  // loops take all registers
#endif

#include "device/kernels/dsp.h"
#include "device/kernels/dsp_dot.h"
#include "device/kernels/dsp_words.h"
#include "device/kernels/window.h"

namespace shoal {
namespace {

constexpr int kPixels = 4;      // at most
constexpr int kGathered = 384;  // elements of all pixels' windows
constexpr int kOuts = 16;       // whose sums wait while pieces change
constexpr int kCache = 8192;  // bytes of weights that stay in front of a flash
constexpr uint32_t kOnes = 0x00010001;

constexpr int kBytes = kGathered / kPixels;  // collected at once

// Elements of a pixel, a multiple of 8.
inline int gathered_length(const ConvArgs& a, int pixels) {
  return a.in_c % 4 == 0 ? kGathered / pixels & ~7 : kBytes;
}

// Words 2 * (q * pixels + p) and the next: elements 4q to 4q + 3 of pixel p.
struct GatheredWindow {
  alignas(8) uint32_t words[kGathered / 2];
  uint32_t input_sums[kPixels];  // of its elements; with zero_weight only
};

// Spreads the bytes of one pixel.
void spread_pixel(const int8_t* from, int quads, uint32_t* to) {
  for (; quads >= 4; quads -= 4, from += 16) {
    to = put_next_pairs(four_bytes(from), to);
    to = put_next_pairs(four_bytes(from + 4), to);
    to = put_next_pairs(four_bytes(from + 8), to);
    to = put_next_pairs(four_bytes(from + 12), to);
  }
  for (; quads > 0; --quads, from += 4) {
    to = put_next_pairs(four_bytes(from), to);
  }
}

// `step` words from one four to the next.
void spread_run(const int8_t* from, int quads, int step, uint32_t* to) {
  for (; quads >= 4; quads -= 4, from += 16) {
    put_pairs(four_bytes(from), to);
    put_pairs(four_bytes(from + 4), to + step);
    put_pairs(four_bytes(from + 8), to + 2 * step);
    put_pairs(four_bytes(from + 12), to + 3 * step);
    to += 4 * step;
  }
  for (; quads > 0; --quads, from += 4, to += step) {
    put_pairs(four_bytes(from), to);
  }
}

// The elements of a gathered window: `length` from each tap.
struct Taps {
  int count_x, length, step_x;  // of a kernel row; columns between two taps
};

class Window {
 public:
  Window(const ConvArgs& a, bool merge)
      : a_(a), taps_{a.kernel_w, a.in_c, a.dilation_x} {
    if (merge && a.dilation_x * a.in_stride == a.in_c) {
      taps_ = {1, a.kernel_w * a.in_c, 1};
    }
  }

  // Elements [k0, k1) of the windows of `pixels` columns from x.
  void fill(int x, int pixels, int k0, int k1, GatheredWindow& gathered) const {
    if (taps_.length % 4 == 0) {
      each_piece(x, pixels, k0, k1,
                 [&](int p, const int8_t* from, int k, int count) {
                   put(from, count / 4, 2 * pixels,
                       gathered.words + 2 * (k / 4 * pixels + p));
                 });
    } else {
      fill_bytewise(x, pixels, k0, k1, gathered);
    }
    if (a_.zero_weight) add_inputs(pixels, (k1 - k0 + 3) / 4, gathered);
  }

 private:
  void put(const int8_t* from, int quads, int step, uint32_t* to) const {
    if (from && step == 2) return spread_pixel(from, quads, to);
    if (from) return spread_run(from, quads, step, to);
    const uint32_t zero = pair_with(a_.zero_in);
    for (; quads > 0; --quads, to += step) to[0] = to[1] = zero;
  }

  // put(pixel, where the bytes are or null, first element behind k0, count).
  template <class Put>
  void each_piece(int x, int pixels, int k0, int k1, Put put) const {
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

  // Taps that are no whole words.
  void fill_bytewise(int x, int pixels, int k0, int k1,
                     GatheredWindow& gathered) const {
    int8_t bytes[kBytes];
    const int quads = (k1 - k0 + 3) / 4;
    for (int p = 0; p < pixels; ++p) {
      std::memset(bytes + 4 * (quads - 1), 0, 4);
      each_piece(x + p, 1, k0, k1,
                 [&](int, const int8_t* from, int k, int count) {
                   copy(from, count, bytes + k);
                 });
      spread_run(bytes, quads, 2 * pixels, gathered.words + 2 * p);
    }
  }

  void copy(const int8_t* from, int count, int8_t* to) const {
    if (!from) {
      while (count-- > 0) *to++ = static_cast<int8_t>(a_.zero_in);
      return;
    }
    for (; count >= 4; count -= 4, from += 4, to += 4) {
      std::memcpy(to, from, 4);
    }
    if (count & 2) to[0] = from[0], to[1] = from[1], to += 2, from += 2;
    if (count & 1) *to = *from;
  }

  static void add_inputs(int pixels, int quads, GatheredWindow& gathered) {
    for (int p = 0; p < pixels; ++p) {
      uint32_t sum = 0;
      const uint32_t* at = gathered.words + 2 * p;
      for (int q = 0; q < quads; ++q, at += 2 * pixels) {
        sum = add_products(at[0], kOnes, add_products(at[1], kOnes, sum));
      }
      gathered.input_sums[p] = sum;
    }
  }

  const ConvArgs& a_;
  Taps taps_;
};

// Output channels [o, o + outs) of the columns from x on, and elements
// [k, k + count) of their windows.
struct OutputBlock {
  int o, outs, x, k, count;
};

// Int8 of channel o: of kN pixels, `step` apart.
template <int kN>
inline void put_bytes(const uint32_t (&s)[kN], int32_t multiplier, int right,
                      int nudge, int step, int8_t* out) {
#pragma GCC unroll 4
  for (int p = 0; p < kN; ++p, out += step) {
    *out = static_cast<int8_t>(
        half_to_int8(scale_doubled(wrap(s[p]), multiplier, right) + nudge));
  }
}

// All of the windows, from the bias to int8, where is_plain() and the window
// is gathered at once.
template <int kN>
[[gnu::noinline]] void make_outs(const ConvArgs& a, const OutputBlock& b,
                                 const GatheredWindow& gathered) {
  const int nudge = 2 * a.zero_out + 1, step = a.out_stride;
  const int w_step = a.weight_stride, count = b.count;
  const int8_t* w = a.weights + b.o * w_step;
  const int32_t *bias = a.bias + b.o, *multiplier = a.multipliers + b.o;
  const int8_t* shift = a.shifts + b.o;
  int8_t* out = a.out + b.x * step + b.o;
  for (const int8_t* end = out + b.outs; out != end; ++out, w += w_step) {
    uint32_t s[kN];
#pragma GCC unroll 4
    for (uint32_t& sum : s) sum = bits(*bias);
    ++bias;
    add_dot(w, gathered.words, count, s);
    put_bytes(s, *multiplier++, -2 - *shift++, nudge, step, out);
  }
}

// sums[i * kN + p] += what the gathered piece adds to channel i and pixel p.
template <int kN>
[[gnu::noinline]] void add_gathered(const ConvArgs& a, const OutputBlock& b,
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
void add_in_fours(const ConvArgs& a, OutputBlock b,
                  const GatheredWindow& gathered, uint32_t* sums) {
  const int8_t* w = a.weights + b.o * a.weight_stride + b.k;
  for (; b.outs >= 4; b.outs -= 4, b.o += 4, sums += 4) {
    uint32_t s[4] = {sums[0], sums[1], sums[2], sums[3]};
    add_dot_outs(w, a.weight_stride, gathered.words, b.count, s);
    sums[0] = s[0], sums[1] = s[1], sums[2] = s[2], sums[3] = s[3];
    w += 4 * a.weight_stride;
  }
  if (b.outs > 0) add_gathered<1>(a, b, gathered, sums);
}

void add_gathered(const ConvArgs& a, const OutputBlock& b, int pixels,
                  const GatheredWindow& gathered, uint32_t* sums) {
  if (pixels == 4) add_gathered<4>(a, b, gathered, sums);
  if (pixels == 3) add_gathered<3>(a, b, gathered, sums);
  if (pixels == 2) add_gathered<2>(a, b, gathered, sums);
  if (pixels == 1) add_in_fours(a, b, gathered, sums);
  for (int i = 0; a.zero_weight && i < b.outs; ++i) {
    for (int p = 0; p < pixels; ++p) {
      *sums++ -= bits(a.zero_weight) * gathered.input_sums[p];
    }
  }
}

void start_sums(const ConvArgs& a, const OutputBlock& b, int pixels,
                uint32_t* sums) {
  for (int p = 0; p < pixels; ++p) {
    const uint32_t* from = first_sums(a, b.o, b.x + p);
    for (int i = 0; i < b.outs; ++i) sums[i * pixels + p] = from[i];
  }
}

// Sums of all pieces become int8, or partial sums.
template <int kN>
void finish(const ConvArgs& a, const OutputBlock& b, bool plain,
            const uint32_t* sums) {
  const int nudge = 2 * a.zero_out + 1, step = a.out_stride;
  for (int o = b.o; o < b.o + b.outs; ++o, sums += kN) {
    uint32_t s[kN];
#pragma GCC unroll 4
    for (int p = 0; p < kN; ++p) s[p] = sums[p];
    if (plain) {
      put_bytes(s, a.multipliers[o], -2 - a.shifts[o], nudge, step,
                a.out + b.x * step + o);
      continue;
    }
    for (int p = 0; p < kN; ++p) finish_sums(a, o, 1, b.x + p, sums + p);
  }
}

// Returns whether channels from o on end in int8 as nearly all do.
bool is_plain(const ConvArgs& a, const OutputBlock& b) {
  if (a.partial_in || a.partial_out || a.zero_weight || !clamps_to_byte(a)) {
    return false;
  }
  int any = 0;
  for (int o = b.o; o < b.o + b.outs; ++o) any |= -2 - a.shifts[o];
  return any >= 0;
}

void finish(const ConvArgs& a, const OutputBlock& b, int pixels, bool plain,
            const uint32_t* sums) {
  if (pixels == 4) return finish<4>(a, b, plain, sums);
  if (pixels == 3) return finish<3>(a, b, plain, sums);
  if (pixels == 2) return finish<2>(a, b, plain, sums);
  finish_sums(a, b.o, b.outs, b.x, sums);
}

// Output channels [o, o + outs) of `pixels` columns from x.
void conv_block(const ConvArgs& a, const Window& window, int length, int o,
                int outs, int x, int pixels) {
  GatheredWindow gathered;
  uint32_t sums[kOuts * kPixels];
  const int most = gathered_length(a, pixels);
  OutputBlock b{o, outs, x, 0, length};
  const bool plain = is_plain(a, b);
  if (length <= most) {
    window.fill(x, pixels, 0, length, gathered);
    if (plain && pixels == 4) return make_outs<4>(a, b, gathered);
    if (plain && pixels == 3) return make_outs<3>(a, b, gathered);
    if (plain && pixels == 2) return make_outs<2>(a, b, gathered);
  }
  for (const int end = o + outs; b.o < end; b.o += kOuts) {
    b.outs = end - b.o < kOuts ? end - b.o : kOuts;
    start_sums(a, b, pixels, sums);
    for (b.k = 0; b.k < length; b.k += most) {
      b.count = length - b.k < most ? length - b.k : most;
      if (length > most) window.fill(x, pixels, b.k, b.k + b.count, gathered);
      add_gathered(a, b, pixels, gathered, sums);
    }
    finish(a, b, pixels, plain, sums);
  }
}

// The next columns that are computed together: three and two instead of four
// and one.
int next_pixels(int left) { return left == 5 ? 3 : left < 4 ? left : kPixels; }

}  // namespace

void dsp_conv(const ConvArgs& a) {
  // Whole words are spread where they lie; others are collected first, for
  // which kernel rows inside the picture are one piece.
  const Span inner = a.in_c % 4 == 0 ? Span{a.x0, a.x0} : interior_columns(a);
  const Window inside(a, true), border(a, false);
  const int length = a.kernel_h * a.kernel_w * a.in_c;
  int outs = kCache / length & ~3;
  if (outs < kOuts) outs = kOuts;
  for (int o = 0; o < a.channels; o += outs) {
    const int some = a.channels - o < outs ? a.channels - o : outs;
    for (int x = a.x0; x < a.x1;) {
      const bool is_inside = x >= inner.lo && x < inner.hi;
      const int end = is_inside ? inner.hi : x < inner.lo ? inner.lo : a.x1;
      const int pixels = next_pixels(end - x);
      conv_block(a, is_inside ? inside : border, length, o, some, x, pixels);
      x += pixels;
    }
  }
}

}  // namespace shoal
