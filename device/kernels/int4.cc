#include "device/kernels/int4.h"

#include <cstring>

#if defined(__ARM_FEATURE_MVE)
#include <arm_mve.h>
#endif

namespace shoal {
namespace {

// Weights come out of their words in groups.
constexpr int kGroup = 8;
// Room beside the weights themselves: up to 7 more at each end.
constexpr int kEnds = 2 * (kGroup - 1);
constexpr int kSums = 64;  // on the stack
// Channels that kernels compute together.
constexpr int kTogether = 4, kDepthwiseTogether = 8;

int least(int a, int b) { return a < b ? a : b; }

template <class T>
T* behind(T* p, int n) {
  return p ? p + n : p;
}

// `count` runs of `length` weights, each `step` weights behind the one before.
struct Runs {
  int first, step, length, count;
};

bool is_one_run(const Runs& r) { return r.step == r.length || r.count == 1; }

// Returns how far unpacked runs lie apart: all begin at the same place within
// their groups, so that all groups begin at words, and the groups at the ends
// of one do not reach into the next.
int unpacked_step(const Runs& r) {
  if (is_one_run(r)) return r.length;
  const int apart = r.length + kGroup - 1;
  return apart +
         static_cast<int>(static_cast<unsigned>(r.step - apart) & (kGroup - 1));
}

// Returns four weights as int8, given each plus 8 in a byte.
uint32_t less_eight(uint32_t bytes) {
#if defined(__ARM_FEATURE_DSP)
  uint32_t out;
  __asm__("ssub8 %0, %1, %2" : "=r"(out) : "r"(bytes), "r"(0x08080808U));
  return out;
#else
  // 120 to 135, which nothing carries out of, and 128 less.
  return (bytes + 0x78787878U) ^ 0x80808080U;
#endif
}

// One group, a word: the weights of the low nibbles, then those of the high
// ones. Both lie at multiples of 4 bytes.
void unpack_group(const uint8_t* in, int8_t* out) {
  uint32_t word;
  std::memcpy(&word, __builtin_assume_aligned(in, 4), sizeof word);
  word ^= 0x88888888U;  // adds 8 to each
  const uint32_t low = less_eight(word & 0x0F0F0F0FU);
  const uint32_t high = less_eight(word >> 4 & 0x0F0F0F0FU);
  std::memcpy(__builtin_assume_aligned(out, 4), &low, sizeof low);
  std::memcpy(__builtin_assume_aligned(out + 4, 4), &high, sizeof high);
}

void unpack_groups(const uint8_t* in, int groups, int8_t* out) {
#if defined(__ARM_FEATURE_MVE)
  for (; groups > 3; groups -= 4, in += 16, out += 4 * kGroup) {
    const int8x16_t bytes = vreinterpretq_s8_u8(vldrbq_u8(in));
    const int8x16_t low = vshrq_n_s8(vshlq_n_s8(bytes, 4), 4);
    const int32x4x2_t both = {vreinterpretq_s32_s8(low),
                              vreinterpretq_s32_s8(vshrq_n_s8(bytes, 4))};
    vst2q_s32(reinterpret_cast<int32_t*>(out), both);
  }
#endif
  for (; groups > 1; groups -= 2, in += 8, out += 2 * kGroup) {
    unpack_group(in, out);
    unpack_group(in + 4, out + kGroup);
  }
  if (groups > 0) unpack_group(in, out);
}

// Returns where the first weight lies then.
const int8_t* unpack(const Int4Weights& w, const Runs& r) {
  const bool one = is_one_run(r);
  const int runs = one ? 1 : r.count;
  const int length = one ? r.length * r.count : r.length;
  const int step = unpacked_step(r), ahead = r.first % kGroup;
  int8_t* const to = w.room + ahead;
  for (int i = 0; i < runs; ++i) {
    const int first = r.first + i * r.step, skipped = first % kGroup;
    const int groups = (skipped + length + kGroup - 1) / kGroup;
    unpack_groups(w.bytes + first / kGroup * 4, groups,
                  to + i * step - skipped);
  }
  return to;
}

// A part of the window: `kernel_w` columns of a row, or whole rows.
struct Piece {
  int kernel_h, kernel_w, channels;
};

class Call {
 public:
  Call(const ConvArgs& a, const Int4Weights& w, WindowKernel kernel,
       bool depthwise)
      : a_(a), w_(w), kernel_(kernel), depthwise_(depthwise) {}

  void run() {
    const int together = depthwise_ ? kDepthwiseTogether : kTogether;
    const int fit = depthwise_ ? depthwise_channels() : conv_channels();
    if (fit >= least(a_.channels, together)) {
      for (int o = 0; o < a_.channels;) o += tile(o, fit);
      return;
    }
    const Piece piece = depthwise_ ? depthwise_piece() : conv_piece();
    for (int row = 0; row <= a_.more_rows; ++row) {
      for (int o = 0; o < a_.channels;) {
        const int n = channels_from(o, together);
        for (int x = a_.x0; x < a_.x1; x += kSums / together) {
          block(row, o, n, x, least(kSums / together, a_.x1 - x), piece);
        }
        o += n;
      }
    }
  }

 private:
  int taps() const { return a_.kernel_h * a_.kernel_w; }

  // Channels whose weights of the whole window have room.
  int conv_channels() const {
    const int length = taps() * a_.in_c;
    const int n =
        (w_.room_bytes - kEnds) /
        unpacked_step({w_.first, a_.weight_stride, length, a_.channels});
    if (n >= a_.channels) return a_.channels;  // kernels gather inputs once
    return n > kTogether ? n / kTogether * kTogether : n;
  }
  int depthwise_channels() const {
    const int all = a_.channels;
    const Runs whole{w_.first, a_.weight_stride, all, taps()};
    if (taps() * unpacked_step(whole) + kEnds <= w_.room_bytes) return all;
    const int n = (w_.room_bytes - kEnds) / taps() - kEnds;
    return n > kDepthwiseTogether ? n / kDepthwiseTogether * kDepthwiseTogether
                                  : n;
  }

  // Returns how many channels from `o` on, of at most `n`, are one call's: a
  // depthwise call begins with all, or within one, of an input channel's.
  int channels_from(int o, int n) const {
    const int m = depthwise_ ? a_.multiplier : 1;
    const int rest = a_.channels - o;
    if (m > n) return least(least(n, m - o % m), rest);
    return rest <= n ? rest : n / m * m;
  }

  // The arguments for channels [o, o + n).
  ConvArgs some(int o, int n) const {
    ConvArgs c = a_;
    c.channels = n;
    c.bias = behind(a_.bias, o);
    c.multipliers = behind(a_.multipliers, o);
    c.shifts = behind(a_.shifts, o);
    c.partial_in = behind(a_.partial_in, o);
    c.partial_out = behind(a_.partial_out, o);
    c.out = behind(a_.out, o);
    return c;
  }

  // Row pointers of the call, `skipped` elements further on.
  static void put_rows(const int8_t* const* from, int count, int skipped,
                       const int8_t** rows) {
    for (int i = 0; i < count; ++i) rows[i] = behind(from[i], skipped);
  }
  int first_input(int o) const { return depthwise_ ? o / a_.multiplier : 0; }

  void put_weights(const Runs& r, ConvArgs& c) const {
    c.weights = unpack(w_, r);
    c.weight_stride = unpacked_step(r);
  }

  int tile(int o, int most) {
    const int n = channels_from(o, most), stride = a_.weight_stride;
    ConvArgs c = some(o, n);
    const int8_t* rows[kMaxCallRows];
    if (depthwise_) {
      put_rows(a_.rows, a_.kernel_h * (1 + a_.more_rows), first_input(o), rows);
      c.rows = rows;
      put_weights({w_.first + o, stride, n, taps()}, c);
    } else {
      const int length = taps() * a_.in_c;
      put_weights({w_.first + o * stride, stride, length, n}, c);
    }
    kernel_(c);
    return n;
  }

  Piece conv_piece() const {
    const int most = (w_.room_bytes - kEnds) / kTogether - kEnds;
    const int row = a_.kernel_w * a_.in_c;
    if (row <= most)
      return {least(most / row, a_.kernel_h), a_.kernel_w, a_.in_c};
    if (a_.in_c <= most) return {1, most / a_.in_c, a_.in_c};
    return {1, 1, most};
  }
  Piece depthwise_piece() const {
    const int most = (w_.room_bytes - kEnds) / (kDepthwiseTogether + kEnds);
    if (a_.kernel_w <= most) {
      return {least(most / a_.kernel_w, a_.kernel_h), a_.kernel_w, 1};
    }
    return {1, most, 1};
  }

  // `count` columns from x on of `n` channels from o on.
  void block(int row, int o, int n, int x, int count, const Piece& piece) {
    int32_t sums[kSums];
    const int32_t* const from =
        a_.partial_in ? a_.partial_in + x * a_.partial_stride : a_.bias;
    const int from_step = a_.partial_in ? a_.partial_stride : 0;
    for (int i = 0; i < count; ++i) {
      std::memcpy(sums + i * n, from + i * from_step + o,
                  static_cast<size_t>(n) * sizeof *sums);
    }
    ConvArgs c = some(o, n);
    c.more_rows = 0;
    c.x0 = 0, c.x1 = count;
    c.out =
        a_.out ? a_.out + row * a_.out_row + x * a_.out_stride + o : nullptr;
    c.partial_in = c.partial_out = sums, c.partial_stride = n;
    for (int ky = 0; ky < a_.kernel_h; ky += piece.kernel_h) {
      for (int kx = 0; kx < a_.kernel_w; kx += piece.kernel_w) {
        sum_piece(c, row, o, x, ky, kx, piece);
      }
    }
    if (!a_.partial_out) return;
    for (int i = 0; i < count; ++i) {
      std::memcpy(a_.partial_out + (x + i) * a_.partial_stride + o,
                  sums + i * n, static_cast<size_t>(n) * sizeof *sums);
    }
  }

  void sum_piece(ConvArgs& c, int row, int o, int x, int ky, int kx,
                 const Piece& piece) {
    const int8_t* rows[kMaxCallRows];
    const int in_c = depthwise_ ? 1 : a_.in_c;
    c.rows = rows;
    c.kernel_h = least(piece.kernel_h, a_.kernel_h - ky);
    c.kernel_w = least(piece.kernel_w, a_.kernel_w - kx);
    c.pad_left = a_.pad_left - x * a_.stride_x - kx * a_.dilation_x;
    const int tap = ky * a_.kernel_w + kx, stride = a_.weight_stride;
    for (int from = 0; from < in_c; from += piece.channels) {
      const int channels = least(piece.channels, in_c - from);
      put_rows(a_.rows + row * a_.kernel_h + ky, c.kernel_h,
               first_input(o) + from, rows);
      const int taps = c.kernel_h * c.kernel_w;
      if (depthwise_) {
        put_weights({w_.first + o + tap * stride, stride, c.channels, taps}, c);
      } else {
        c.in_c = channels;
        put_weights({w_.first + o * stride + tap * in_c + from, stride,
                     taps * channels, c.channels},
                    c);
      }
      const bool last = ky + c.kernel_h == a_.kernel_h &&
                        kx + c.kernel_w == a_.kernel_w &&
                        from + channels == in_c;
      if (last && !a_.partial_out) c.partial_out = nullptr;
      kernel_(c);
    }
  }

  static constexpr int kMaxCallRows = 16;  // kMaxWindowRows
  const ConvArgs& a_;
  const Int4Weights& w_;
  const WindowKernel kernel_;
  const bool depthwise_;
};

}  // namespace

void run_int4(const ConvArgs& a, const Int4Weights& w, WindowKernel kernel,
              bool depthwise) {
  Call(a, w, kernel, depthwise).run();
}

void int4_conv_row(const ConvArgs& a) { run_int4(a, *a.int4, conv_row, false); }
void int4_depthwise_row(const ConvArgs& a) {
  run_int4(a, *a.int4, depthwise_row, true);
}

}  // namespace shoal
