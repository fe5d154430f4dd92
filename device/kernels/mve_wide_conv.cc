// Convolution of 16-bit elements by dot products of eight, for two pixels and
// three channels at a time. A window that is one piece of a row is read where
// it lies; others are gathered on the stack, where padding is zeros. Sums wait
// as words and become elements four channels at a time. Sums of more products
// than kWideProducts have 64 bits, unless the sizes of the weights say that 32
// suffice.
#if defined(__ARM_FEATURE_MVE)
#pragma GCC optimize("omit-frame-pointer")  // loops take all registers
#endif

#include "device/kernels/mve.h"
#include "device/kernels/mve_wide_dot.h"
#include "device/kernels/wide_sums.h"
#include "device/kernels/window.h"

namespace shoal {
namespace {

constexpr int kOuts = 24;       // channels whose sums wait: threes and fours
constexpr int kGathered = 288;  // elements of a pixel's piece
constexpr int kPixels = 2;
constexpr int kManyColumns = 4;  // for which sizes of weights are added up

using Sums = int32_t[kPixels][kOuts];

// How words become elements. kOther: one by one, from the bias on.
enum class Finish : uint8_t { kOther, kUpper, kShifted };

// The ends of a block's channels.
struct BlockEnds {
  Finish finish = Finish::kOther;
  bool are_long = false;  // sums of products have 64 bits
  int32_t multipliers[kOuts];
};

// Output channels [o, o + outs) of `pixels` columns from x.
struct Block {
  int o, outs, x, pixels;
};

// Returns whether sums of channel o stay within 32 bits.
bool is_short(const WideConvArgs& a, int o, int length) {
  int sizes = kMostWeight * length;
  if (length > kWideProducts) {
    if (a.x1 - a.x0 < kManyColumns) return false;
    sizes = sum_of_sizes(a.weights + o * a.weight_stride, length);
  }
  return sizes < 1 << 16 && stays_short(a, o, sizes);
}

BlockEnds ends_of(const WideConvArgs& a, int o, int outs, int length) {
  BlockEnds e;
  const bool is_partial = a.partial_in || a.partial_out;
  bool all_short = true, all_quick = !is_partial;
  for (int i = 0; i < outs && !is_partial; ++i) {
    if (a.wide.long_sums) {
      const int32_t m = upper_multiplier(a.multipliers[o + i], a.shifts[o + i]);
      e.multipliers[i] = m;
      all_quick &= m != 0;
      all_short = all_short && is_short(a, o + i, length);
    } else {
      e.multipliers[i] = a.multipliers[o + i];
      all_quick &= a.shifts[o + i] < 0;
    }
  }
  e.are_long = length > kWideProducts && (is_partial || !all_short);
  if (all_quick && (all_short || e.are_long)) {
    e.finish = a.wide.long_sums ? Finish::kUpper : Finish::kShifted;
  }
  return e;
}

// Elements of a row; null: padding.
inline void copy_row(const int16_t* from, int count, int16_t* to) {
  if (from) return copy_halves(from, count, to);
  std::memset(to, 0, static_cast<size_t>(count) * sizeof *to);
}

// Elements [k0, k1) of the window of column x.
void gather(const WideConvArgs& a, int x, int k0, int k1, int16_t* to) {
  const int row = a.kernel_w * a.in_c, first = x * a.stride_x - a.pad_left;
  const bool is_dense = a.dilation_x * a.in_stride == a.in_c && first >= 0 &&
                        first + a.kernel_w <= a.in_w;
  if (is_dense && k0 == 0 && k1 == a.kernel_h * row) {
    for (int ky = 0; ky < a.kernel_h; ++ky, to += row) {
      copy_row(a.rows[ky] ? a.rows[ky] + first * a.in_stride : nullptr, row,
               to);
    }
    return;
  }
  int ky = k0 / row;
  int kx = (k0 - ky * row) / a.in_c;
  int done = k0 - ky * row - kx * a.in_c;  // of the first tap
  for (int k = k0; k < k1; done = 0) {
    const int taps = is_dense ? a.kernel_w - kx : 1;
    const int left = taps * a.in_c - done;
    const int count = left < k1 - k ? left : k1 - k;
    const int column = first + kx * a.dilation_x;
    const bool is_inside = a.rows[ky] && column >= 0 && column < a.in_w;
    copy_row(is_inside ? a.rows[ky] + column * a.in_stride + done : nullptr,
             count, to);
    k += count, to += count, kx += taps;
    if (kx == a.kernel_w) kx = 0, ++ky;
  }
}

// sums += the products of `count` elements of the pixels with the block's
// weights from element k on.
void add_sums(const WideConvArgs& a, const Block& b, int k, const int16_t* x0,
              const int16_t* x1, int count, Sums& sums) {
  const int step = a.weight_stride;
  const int8_t* w = a.weights + b.o * step + k;
  int32_t* s = sums[0];
  int32_t* const end = s + b.outs;
  if (b.pixels == 2) {
    for (; end - s >= 3; s += 3, w += 3 * step) {
      int32_t six[6] = {s[0], s[1], s[2], s[kOuts], s[kOuts + 1], s[kOuts + 2]};
      wide_dots_3x2(w, step, x0, x1, count, six);
      s[0] = six[0], s[1] = six[1], s[2] = six[2];
      s[kOuts] = six[3], s[kOuts + 1] = six[4], s[kOuts + 2] = six[5];
    }
  } else {
    for (; end - s >= 4; s += 4, w += 4 * step) {
      int32_t four[4] = {s[0], s[1], s[2], s[3]};
      wide_dots_4x1(w, step, x0, count, four);
      s[0] = four[0], s[1] = four[1], s[2] = four[2], s[3] = four[3];
    }
  }
  for (; s != end; ++s, w += step) {
    s[0] = wide_dot_1x1(w, x0, count, s[0]);
    if (b.pixels == 2) s[kOuts] = wide_dot_1x1(w, x1, count, s[kOuts]);
  }
}

// Words from the bias on become elements.
void put_elements(const WideConvArgs& a, const Block& b, const BlockEnds& ends,
                  const Sums& sums) {
  const Words low = all_words(a.wide.low), high = all_words(a.wide.high);
  int16_t* out = a.out + b.x * a.out_stride + b.o;
  int done = 0;
  for (; done + 4 <= b.outs; done += 4) {
    const Words multiplier = load_words(ends.multipliers + done);
    for (int p = 0; p < b.pixels; ++p) {
      const Words s = load_words(sums[p] + done);
      const Words v =
          ends.finish == Finish::kUpper
              ? upper_halves(s, multiplier)
              : requantized(s, multiplier, load_four(a.shifts + b.o + done));
      store_low_halves(least(largest(v, low), high),
                       out + p * a.out_stride + done);
    }
  }
  for (int p = 0; p < b.pixels; ++p) {
    for (int i = done; i < b.outs; ++i) {
      finish_wide_sum(a, b.o + i, b.x + p, sums[p][i]);
    }
  }
}

// All pixels, whether the block has them or not.
void start(const WideConvArgs& a, const Block& b, const BlockEnds& ends,
           Sums& sums) {
  int32_t* to = sums[0];
  if (ends.finish == Finish::kOther || ends.are_long) {
    const Words zero = all_words(0);
    for (int i = 0; i < b.outs; i += 4, to += 4) {
      store_words(zero, to), store_words(zero, to + kOuts);
    }
    return;
  }
  const int32_t* from = a.bias + b.o;
  for (int n = b.outs / 4; n > 0; --n, from += 4, to += 4) {
    const Words v = load_words(from);
    store_words(v, to), store_words(v, to + kOuts);
  }
  for (int n = b.outs & 3; n > 0; --n) *to = to[kOuts] = *from++, ++to;
}

// Where the block's windows lie if each is one piece of a row; or null.
const int16_t* lie_at(const WideConvArgs& a, const Block& b, Span inner) {
  const bool is_inside = b.x >= inner.lo && b.x + b.pixels <= inner.hi;
  const bool is_dense = a.kernel_w == 1 || a.dilation_x * a.in_stride == a.in_c;
  if (!is_inside || !is_dense || a.kernel_h > 1 || !a.rows[0]) return nullptr;
  return a.rows[0] + (b.x * a.stride_x - a.pad_left) * a.in_stride;
}

// The elements of the block's windows, `most` at a time.
class Pieces {
 public:
  Pieces(const WideConvArgs& a, const Block& b, Span inner, int16_t* gathered)
      : a_(a), b_(b), at_(lie_at(a, b, inner)), gathered_(gathered) {}
  int most(int length) const {
    if (!at_) return length < kGathered ? length : kGathered;
    return length;
  }
  void add(int k, int count, Sums& sums) const {
    if (at_) {
      const int16_t* x = at_ + k;
      return add_sums(a_, b_, k, x, x + a_.stride_x * a_.in_stride, count,
                      sums);
    }
    for (int p = 0; p < b_.pixels; ++p) {
      gather(a_, b_.x + p, k, k + count, gathered_ + p * kGathered);
    }
    add_sums(a_, b_, k, gathered_, gathered_ + kGathered, count, sums);
  }

 private:
  const WideConvArgs& a_;
  const Block& b_;
  const int16_t* at_;
  int16_t* gathered_;
};

void make_block(const WideConvArgs& a, const Block& b, const BlockEnds& ends,
                const Pieces& pieces, int length) {
  Sums sums;
  start(a, b, ends, sums);
  const int most = pieces.most(length);
  for (int k = 0; k < length; k += most) {
    pieces.add(k, length - k < most ? length - k : most, sums);
  }
  if (ends.finish != Finish::kOther) return put_elements(a, b, ends, sums);
  for (int p = 0; p < b.pixels; ++p) {
    for (int i = 0; i < b.outs; ++i) {
      const int o = b.o + i, x = b.x + p;
      finish_wide_sum(a, o, x, first_wide_sum(a, o, x) + sums[p][i]);
    }
  }
}

// The same with sums of 64 bits.
[[gnu::noinline]] void make_long(const WideConvArgs& a, const Block& b,
                                 const BlockEnds& ends, const Pieces& pieces,
                                 int length) {
  int64_t all[kPixels][kOuts];
  Sums sums;
  for (int p = 0; p < b.pixels; ++p) {
    for (int i = 0; i < b.outs; ++i) {
      all[p][i] = first_wide_sum(a, b.o + i, b.x + p);
    }
  }
  const int most = pieces.most(kWideProducts & ~7);
  for (int k = 0; k < length; k += most) {
    start(a, b, ends, sums);
    pieces.add(k, length - k < most ? length - k : most, sums);
    for (int p = 0; p < b.pixels; ++p) {
      for (int i = 0; i < b.outs; ++i) all[p][i] += sums[p][i];
    }
  }
  bool fit = ends.finish != Finish::kOther;
  for (int p = 0; p < b.pixels; ++p) {
    for (int i = 0; i < b.outs; ++i) {
      sums[p][i] = static_cast<int32_t>(all[p][i]);
      fit &= sums[p][i] == all[p][i];
    }
  }
  if (fit) return put_elements(a, b, ends, sums);
  for (int p = 0; p < b.pixels; ++p) {
    for (int i = 0; i < b.outs; ++i) {
      finish_wide_sum(a, b.o + i, b.x + p, all[p][i]);
    }
  }
}

}  // namespace

void mve_wide_conv(const WideConvArgs& a) {
  int16_t gathered[kPixels * kGathered];
  const Span inner = columns_inside(a);
  const int length = a.kernel_h * a.kernel_w * a.in_c;
  for (int o = 0; o < a.channels; o += kOuts) {
    const int outs = a.channels - o < kOuts ? a.channels - o : kOuts;
    const BlockEnds ends = ends_of(a, o, outs, length);
    for (int x = a.x0; x < a.x1;) {
      const Block b = {o, outs, x, a.x1 - x < kPixels ? 1 : kPixels};
      const Pieces pieces(a, b, inner, gathered);
      (ends.are_long ? make_long : make_block)(a, b, ends, pieces, length);
      x += b.pixels;
    }
  }
}

}  // namespace shoal
