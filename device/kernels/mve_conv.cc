// Convolution by dot products of bytes, 16 at once, for two pixels and three
// channels at a time: five loads for six products of vectors. A window that is
// one piece of a row is read where it lies; others are gathered on the stack
// first, where padding is a value like others. Sums wait on the stack, too, and
// become int8 four channels at a time.
#if defined(__ARM_FEATURE_MVE)
#pragma GCC optimize("omit-frame-pointer")  // loops take all registers
#endif

#include "device/kernels/mve.h"
#include "device/kernels/mve_dot.h"
#include "device/kernels/window.h"

namespace shoal {
namespace {

constexpr int kPixels = 4;      // at most
constexpr int kOuts = 36;       // channels whose sums wait: threes and fours
constexpr int kGathered = 576;  // bytes of a pixel's window; 3x3x64
constexpr int kCache = 16384;  // bytes of weights that stay in front of a flash

// How the sums of some channels, if they all end in int8, are shifted: to the
// right, or not at all, which rounds once. kOther: some of them otherwise.
enum class Shifts : uint8_t { kOther, kRight, kNone };

// Output channels [o, o + outs) of `pixels` columns from x.
struct OutputBlock {
  int o, outs, x, pixels;
  Shifts shifts;
};

using Sums = int32_t[kPixels][kOuts];

// The bytes of a window: `length` from each tap.
struct Taps {
  int count_x, length, step_x;  // of a kernel row; columns between two taps
};

Taps taps_of(const ConvArgs& a, bool inside) {
  if (inside && a.dilation_x * a.in_stride == a.in_c) {
    return {1, a.kernel_w * a.in_c, 1};
  }
  return {a.kernel_w, a.in_c, a.dilation_x};
}

// Bytes [k0, k1) of the window of column x.
void gather(const ConvArgs& a, const Taps& taps, int x, int k0, int k1,
            int8_t* to) {
  const int row = taps.count_x * taps.length;
  int ky = k0 / row;
  int kx = (k0 - ky * row) / taps.length;
  int done = k0 - ky * row - kx * taps.length;  // of the first tap
  const int first = x * a.stride_x - a.pad_left;
  for (int k = k0; k < k1; done = 0) {
    const int left = taps.length - done;
    const int count = left < k1 - k ? left : k1 - k;
    const int column = first + kx * taps.step_x;
    if (a.rows[ky] && column >= 0 && column < a.in_w) {
      copy_bytes(a.rows[ky] + column * a.in_stride + done, count, to);
    } else {
      std::memset(to, a.zero_in, static_cast<size_t>(count));
    }
    k += count, to += count;
    if (++kx == taps.count_x) kx = 0, ++ky;
  }
}

// The same of a whole window that lies inside, each row of which is one piece.
void gather_rows(const ConvArgs& a, int row, int x, int8_t* to) {
  const int at = (x * a.stride_x - a.pad_left) * a.in_stride;
  for (int ky = 0; ky < a.kernel_h; ++ky, to += row) {
    if (a.rows[ky]) {
      copy_bytes(a.rows[ky] + at, row, to);
    } else {
      std::memset(to, a.zero_in, static_cast<size_t>(row));
    }
  }
}

// sums += what `count` bytes of two pixels' windows make of the weights at w.
[[gnu::noinline]] void add_pair(const int8_t* w, int w_step, int outs,
                                const int8_t* x0, const int8_t* x1, int count,
                                int32_t* sums) {
  int32_t* const end = sums + outs;
  if (outs >= 3) {
    int32_t* const threes = sums + outs / 3 * 3;
    w = add_threes<kOuts>(w, w_step, x0, x1, count, sums, threes);
    sums = threes;
  }
  for (; sums != end; ++sums, w += w_step) {
    int32_t s[2] = {sums[0], sums[kOuts]};
    add_dots_1x2(w, x0, x1, count, s);
    sums[0] = s[0], sums[kOuts] = s[1];
  }
}

[[gnu::noinline]] void add_one(const int8_t* w, int w_step, int outs,
                               const int8_t* x, int count, int32_t* sums) {
  int32_t* const end = sums + outs;
  for (; end - sums >= 4; sums += 4, w += 4 * w_step) {
    int32_t s[4] = {sums[0], sums[1], sums[2], sums[3]};
    add_dots_4x1(w, w_step, x, count, s);
    sums[0] = s[0], sums[1] = s[1], sums[2] = s[2], sums[3] = s[3];
  }
  for (; sums != end; ++sums, w += w_step) {
    *sums = add_dots_1x1(w, x, count, *sums);
  }
}

// Adds the dot products of one or two pixels, x_step apart, with the weights
// from element k on.
inline void add_dots(const ConvArgs& a, const OutputBlock& b, int k,
                     const int8_t* x, int x_step, int pixels, int count,
                     int32_t* sums) {
  const int8_t* w = a.weights + b.o * a.weight_stride + k;
  if (pixels == 2) {
    add_pair(w, a.weight_stride, b.outs, x, x + x_step, count, sums);
  } else {
    add_one(w, a.weight_stride, b.outs, x, count, sums);
  }
  for (int p = 0; a.zero_weight && p < pixels; ++p, sums += kOuts) {
    const int32_t less =
        wrap_mul(sum_of_bytes(x + p * x_step, count), a.zero_weight);
    for (int i = 0; i < b.outs; ++i) sums[i] = wrap_sub(sums[i], less);
  }
}

void start_from_partial(const ConvArgs& a, const OutputBlock& b, Sums& sums) {
  for (int p = 0; p < b.pixels; ++p) {
    const int32_t* from = a.partial_in + (b.x + p) * a.partial_stride + b.o;
    std::memcpy(sums[p], from, static_cast<size_t>(b.outs) * sizeof *from);
  }
}

// All pixels, whether the block has them or not.
void start_from_bias(const ConvArgs& a, const OutputBlock& b, Sums& sums) {
  const int32_t* from = a.bias + b.o;
  int32_t* to = sums[0];
  for (int n = b.outs / 4; n > 0; --n, from += 4, to += 4) {
    const Words v = load_words(from);
    store_words(v, to), store_words(v, to + kOuts);
    store_words(v, to + 2 * kOuts), store_words(v, to + 3 * kOuts);
  }
  for (int n = b.outs & 3; n > 0; --n, ++from, ++to) {
    to[0] = to[kOuts] = to[2 * kOuts] = to[3 * kOuts] = *from;
  }
}
static_assert(kPixels == 4);

// The number of channels that it has made: a multiple of four.
template <int kN>
int finish_fours(const ConvArgs& a, const OutputBlock& b, const Sums& sums) {
  const Ending ending = {a.zero_out, all_words(a.act_min),
                         all_words(a.act_max)};
  const int32_t* multipliers = a.multipliers + b.o;
  const int8_t* shifts = a.shifts + b.o;
  int8_t* out = a.out + b.x * a.out_stride + b.o;
  const int step = a.out_stride;
  const bool shifts_right = b.shifts == Shifts::kRight;
  const int32_t* from = sums[0];
  for (int n = b.outs / 4; n > 0; --n) {
    const Words m = load_words(multipliers), shift = load_four(shifts);
#pragma GCC unroll 4
    for (int p = 0; p < kN; ++p) {
      const Words v = load_words(from + p * kOuts);
      store_four(ended(requantized(v, m, shift, shifts_right), ending),
                 out + p * step);
    }
    from += 4, multipliers += 4, shifts += 4, out += 4;
  }
  return b.outs & ~3;
}

void finish(const ConvArgs& a, const OutputBlock& b, Sums& sums) {
  int done = 0;
  if (b.shifts != Shifts::kOther) {
    if (b.pixels == 4) done = finish_fours<4>(a, b, sums);
    if (b.pixels == 3) done = finish_fours<3>(a, b, sums);
    if (b.pixels == 2) done = finish_fours<2>(a, b, sums);
    if (b.pixels == 1) done = finish_fours<1>(a, b, sums);
  }
  if (done == b.outs) return;
  for (int p = 0; p < b.pixels; ++p) {
    finish_sums(a, b.o + done, b.outs - done, b.x + p,
                reinterpret_cast<const uint32_t*>(sums[p] + done));
  }
}

// Where a pixel's window lies if it is one piece of a row; or null.
const int8_t* lie_at(const ConvArgs& a, const Taps& taps, bool inside, int x) {
  if (!inside || a.kernel_h > 1 || taps.count_x > 1) return nullptr;
  if (!a.rows[0]) return nullptr;
  return a.rows[0] + (x * a.stride_x - a.pad_left) * a.in_stride;
}

// One or two pixels from the block's p-th on.
[[gnu::noinline]] void add_gathered(const ConvArgs& a, const OutputBlock& b,
                                    const Taps& taps, bool inside, int length,
                                    int p, int pixels, int32_t* sums) {
  int8_t gathered[2 * kGathered];
  if (inside && taps.count_x == 1 && length <= kGathered) {
    for (int i = 0; i < pixels; ++i) {
      gather_rows(a, taps.length, b.x + p + i, gathered + i * kGathered);
    }
    return add_dots(a, b, 0, gathered, kGathered, pixels, length, sums);
  }
  for (int k = 0; k < length; k += kGathered) {
    const int count = length - k < kGathered ? length - k : kGathered;
    gather(a, taps, b.x + p, k, k + count, gathered);
    if (pixels == 2) {
      gather(a, taps, b.x + p + 1, k, k + count, gathered + kGathered);
    }
    add_dots(a, b, k, gathered, kGathered, pixels, count, sums);
  }
}

void conv_block(const ConvArgs& a, const OutputBlock& b, bool inside) {
  const int length = a.kernel_h * a.kernel_w * a.in_c;
  const Taps taps = taps_of(a, inside);
  const int8_t* x = lie_at(a, taps, inside, b.x);
  const int x_step = a.stride_x * a.in_stride;
  Sums sums;
  if (a.partial_in) {
    start_from_partial(a, b, sums);
  } else {
    start_from_bias(a, b, sums);
  }
  for (int p = 0; p < b.pixels; p += 2) {
    const int pixels = b.pixels - p < 2 ? 1 : 2;
    if (x) {
      add_dots(a, b, 0, x + p * x_step, x_step, pixels, length, sums[p]);
    } else {
      add_gathered(a, b, taps, inside, length, p, pixels, sums[p]);
    }
  }
  finish(a, b, sums);
}

Shifts shifts_of(const ConvArgs& a, int o, int outs) {
  if (a.partial_out) return Shifts::kOther;
  int all = -1;
  for (int i = o; i < o + outs; ++i) all &= a.shifts[i];
  if (all < 0) return Shifts::kRight;
  int any = 0;
  for (int i = o; i < o + outs; ++i) any |= a.shifts[i];
  return any == 0 ? Shifts::kNone : Shifts::kOther;
}

}  // namespace

void mve_conv(const ConvArgs& a) {
  const Span inner = interior_columns(a);
  // Threes and fours.
  int outs = kCache / (a.kernel_h * a.kernel_w * a.in_c) / 12 * 12;
  outs = outs < 12 ? 12 : outs > kOuts ? kOuts : outs;
  for (int o = 0; o < a.channels; o += outs) {
    const int some = a.channels - o < outs ? a.channels - o : outs;
    const Shifts shifts = shifts_of(a, o, some);
    for (int x = a.x0; x < a.x1;) {
      const bool inside = x >= inner.lo && x < inner.hi;
      const int end = inside ? inner.hi : x < inner.lo ? inner.lo : a.x1;
      const int pixels = end - x < kPixels ? end - x : kPixels;
      conv_block(a, {o, some, x, pixels, shifts}, inside);
      x += pixels;
    }
  }
}

}  // namespace shoal
