// Depthwise 3x3 convolution with two products an instruction, four channels at
// a time. Of each input column the rows 0 and 1 of a channel become a pair, of
// row 2 two channels, once for all output columns that see it; weights
// likewise. Padding is a value like others. Other kernels are the portable
// one's.
#if defined(__ARM_FEATURE_DSP)
#pragma GCC optimize("omit-frame-pointer")  // loops take all registers
#endif

#include <cstddef>

#include "device/kernels/dsp.h"
#include "device/kernels/dsp_words.h"
#include "device/kernels/portable.h"
#include "device/kernels/window.h"

namespace shoal {
namespace {

constexpr int kSize = 3;
constexpr int kLanes = 4;
constexpr int kColumns = 32;  // input columns on the stack
constexpr int kWords = 6;     // of a column

// Words 0 to 3: (row 0, row 1) of each channel. Then row 2 of the channels
// (0, 2), and of (1, 3).
using Column = uint32_t[kWords];

// The column of three rows' words; where the next one goes.
inline uint32_t* put_column(uint32_t row0, uint32_t row1, uint32_t row2,
                            uint32_t* to) {
#if defined(SHOAL_DSP_LOOPS)
  register uint32_t a __asm__("r6") = row0;
  register uint32_t b __asm__("r8") = row1;
  register uint32_t c __asm__("r10") = row2;
  __asm__ volatile(
      "sxtb16 r4, r6\n"
      "sxtb16 r9, r8\n"
      "sxtb16 r5, r6, ror #8\n"
      "pkhtb r6, r9, r4, asr #16\n"
      "pkhbt r4, r4, r9, lsl #16\n"
      "sxtb16 r9, r8, ror #8\n"
      "pkhtb r8, r9, r5, asr #16\n"
      "pkhbt r5, r5, r9, lsl #16\n"
      "sxtb16 r9, r10\n"
      "sxtb16 r10, r10, ror #8\n"
      "stmia %0!, {r4, r5, r6, r8, r9, r10}\n"
      : "+r"(to), "+r"(a), "+r"(b), "+r"(c)
      :
      : "r4", "r5", "r9", "memory");
  return to;
#else
  const uint32_t even0 = even_bytes(row0), even1 = even_bytes(row1);
  const uint32_t odd0 = odd_bytes(row0), odd1 = odd_bytes(row1);
  to[0] = low_halves(even0, even1), to[1] = low_halves(odd0, odd1);
  to[2] = high_halves(even0, even1), to[3] = high_halves(odd0, odd1);
  to[4] = even_bytes(row2), to[5] = odd_bytes(row2);
  return to + kWords;
#endif
}

void put_weights(const ConvArgs& a, int o, Column* to) {
  const int row = kSize * a.weight_stride;
  const int8_t* w = a.weights + o;
  uint32_t* at = *to;
  for (int kx = 0; kx < kSize; ++kx, w += a.weight_stride) {
    at = put_column(four_bytes(w), four_bytes(w + row), four_bytes(w + 2 * row),
                    at);
  }
  if (!a.zero_weight) return;
  const uint32_t zero = pair_with(a.zero_weight);
  while (at != *to) --at, *at = subtract_pairs(*at, zero);
}

// `count` columns from input column x of channels [o, o + kLanes).
void put_inside(const ConvArgs& a, int o, int x, int count, uint32_t zeros,
                uint32_t* to) {
  const int step = a.in_stride;
  const int8_t* const* rows = a.rows;
  if (rows[0] && rows[1] && rows[2]) {
    const int8_t *r0 = rows[0], *r1 = rows[1], *r2 = rows[2];
    for (int at = x * step + o, last = at + count * step; at != last;
         at += step) {
      to = put_column(four_bytes(r0 + at), four_bytes(r1 + at),
                      four_bytes(r2 + at), to);
    }
    return;
  }
  const auto word = [&](int ky, int at) {
    return rows[ky] ? four_bytes(rows[ky] + at) : zeros;
  };
  for (int at = x * step + o; count > 0; --count, at += step) {
    to = put_column(word(0, at), word(1, at), word(2, at), to);
  }
}

// Input columns [x, x + count), some of which may be padding.
void put_columns(const ConvArgs& a, int o, int x, int count, uint32_t* to) {
  const auto byte = static_cast<uint8_t>(a.zero_in);
  const uint32_t zeros = byte * 0x01010101u;
  for (; count > 0 && x < 0; --count, ++x) {
    to = put_column(zeros, zeros, zeros, to);
  }
  const int left = x < a.in_w ? a.in_w - x : 0;
  const int inside = left < count ? left : count;
  put_inside(a, o, x, inside, zeros, to);
  to += inside * kWords;
  for (count -= inside; count > 0; --count) {
    to = put_column(zeros, zeros, zeros, to);
  }
}

// Of four channels of a row: what makes int8 of sums, the weights, and where
// the next output goes. The assembler below knows the offsets.
struct Lanes {
  uint32_t start[kLanes];
  struct {
    int32_t multiplier;
    int32_t right;
  } scale[kLanes];
  Column weights[kSize];
  int8_t* out;
  int out_step;
  int x_step;  // bytes from behind a column's window to the next one's
  int outs;    // still to be made; not 0
  int nudge;
  uint32_t half;
};

#if defined(SHOAL_DSP_LOOPS)

static_assert(offsetof(Lanes, scale) == 16 && offsetof(Lanes, weights) == 48 &&
              offsetof(Lanes, out) == 120 && offsetof(Lanes, x_step) == 128 &&
              offsetof(Lanes, nudge) == 136);

#define SHOAL_COLUMN(w0, w2, w4)    \
  "ldmia %[x]!, {r4, r5, r6, r8}\n" \
  "ldrd r9, r10, [%[l], #" w0       \
  "]\n"                             \
  "ldrd r11, r12, [%[l], #" w2      \
  "]\n"                             \
  "smlad r0, r4, r9, r0\n"          \
  "smlad r1, r5, r10, r1\n"         \
  "smlad r2, r6, r11, r2\n"         \
  "smlad r3, r8, r12, r3\n"         \
  "ldmia %[x]!, {r4, r5}\n"         \
  "ldrd r9, r10, [%[l], #" w4       \
  "]\n"                             \
  "smlabb r0, r4, r9, r0\n"         \
  "smlabb r1, r5, r10, r1\n"        \
  "smlatt r2, r4, r9, r2\n"         \
  "smlatt r3, r5, r10, r3\n"
#define SHOAL_LANE(sum, scale)  \
  "ldrd r4, r5, [%[l], #" scale \
  "]\n"                         \
  "asr r6, " sum                \
  ", #31\n"                     \
  "eor r8, r10, r6, lsl #31\n"  \
  "smlal r8, r6, " sum          \
  ", r4\n"                      \
  "asr r6, r6, r5\n"            \
  "add r6, r6, r9\n"            \
  "ssat " sum ", #8, r6, asr #1\n"

// All outputs, of which the first one's columns begin at x.
inline void make_bytes(Lanes& lanes, const Column* columns) {
  const uint32_t* x = *columns;
  __asm__ volatile(
      "1:\n"
      "ldrd r0, r1, [%[l]]\n"
      "ldrd r2, r3, [%[l], #8]\n"  //
      SHOAL_COLUMN("48", "56", "64") SHOAL_COLUMN("72", "80", "88")
          SHOAL_COLUMN("96", "104", "112")
      "ldrd r9, r10, [%[l], #136]\n"  //
      SHOAL_LANE("r0", "16") SHOAL_LANE("r1", "24") SHOAL_LANE("r2", "32")
          SHOAL_LANE("r3", "40")
      "ldrd r4, r5, [%[l], #120]\n"
      "strb r0, [r4]\n"
      "strb r1, [r4, #1]\n"
      "strb r2, [r4, #2]\n"
      "strb r3, [r4, #3]\n"
      "add r4, r4, r5\n"
      "str r4, [%[l], #120]\n"
      "ldrd r5, r6, [%[l], #128]\n"
      "add %[x], %[x], r5\n"
      "subs r6, r6, #1\n"
      "str r6, [%[l], #132]\n"
      "bne 1b\n"
      : [x] "+r"(x)
      : [l] "r"(&lanes)
      : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11",
        "r12", "cc", "memory");
}

#undef SHOAL_LANE
#undef SHOAL_COLUMN

#endif

// s[i] += the three columns from x times those of w.
inline void add_columns(const Column* columns, const Column* weights,
                        uint32_t (&s)[kLanes]) {
  for (int kx = 0; kx < kSize; ++kx) {
    const uint32_t *x = columns[kx], *w = weights[kx];
#pragma GCC unroll 4
    for (int i = 0; i < kLanes; ++i) s[i] = add_products(x[i], w[i], s[i]);
    s[0] = add_products(x[4] & 0xFFFF, w[4], s[0]);
    s[1] = add_products(x[5] & 0xFFFF, w[5], s[1]);
    s[2] = add_products(x[4] & ~0xFFFFu, w[4], s[2]);
    s[3] = add_products(x[5] & ~0xFFFFu, w[5], s[3]);
  }
}

inline void make_output(const Lanes& lanes, const Column* x,
                        int32_t (&v)[kLanes]) {
  uint32_t s[kLanes];
#pragma GCC unroll 4
  for (int i = 0; i < kLanes; ++i) s[i] = lanes.start[i];
  add_columns(x, lanes.weights, s);
#pragma GCC unroll 4
  for (int i = 0; i < kLanes; ++i) {
    const auto& scale = lanes.scale[i];
    v[i] = half_to_int8(
        scale_doubled(wrap(s[i]), scale.multiplier, scale.right) + lanes.nudge);
  }
}

#if !defined(SHOAL_DSP_LOOPS)

inline void make_bytes(Lanes& lanes, const Column* x) {
  for (; lanes.outs > 0; --lanes.outs, lanes.out += lanes.out_step) {
    int32_t v[kLanes];
    make_output(lanes, x, v);
    for (int i = 0; i < kLanes; ++i) lanes.out[i] = static_cast<int8_t>(v[i]);
    x += kSize + lanes.x_step / static_cast<int>(sizeof(Column));
  }
}

#endif

// Within other limits than int8's.
[[gnu::noinline]] void make_clamped(const ConvArgs& a, Lanes& lanes,
                                    const Column* x) {
  for (; lanes.outs > 0; --lanes.outs, lanes.out += lanes.out_step) {
    int32_t v[kLanes];
    make_output(lanes, x, v);
    for (int i = 0; i < kLanes; ++i) {
      lanes.out[i] = static_cast<int8_t>(clamp(v[i], a.act_min, a.act_max));
    }
    x += a.stride_x;
  }
}

// From or to partial sums, or with multipliers of 2 and more.
[[gnu::noinline]] void make_rare(const ConvArgs& a, const Lanes& lanes,
                                 const Column* x, int o, Span columns) {
  for (int at = columns.lo; at < columns.hi; ++at, x += a.stride_x) {
    uint32_t s[kLanes];
    for (int i = 0; i < kLanes; ++i) s[i] = first_sums(a, o, at)[i];
    add_columns(x, lanes.weights, s);
    finish_sums(a, o, kLanes, at, s);
  }
}

// What all channels of a call have in common.
struct Call {
  bool partial, bytes;
  int most;  // output columns at a time
};

// Whether the channels from o on are of the common kind.
bool put_scales(const ConvArgs& a, const Call& call, Lanes& lanes, int o) {
  if (call.partial) return false;
  int any = 0;
#pragma GCC unroll 4
  for (int i = 0; i < kLanes; ++i) {
    const int right = -2 - a.shifts[o + i];
    lanes.start[i] = bits(a.bias[o + i]);
    lanes.scale[i] = {a.multipliers[o + i], right};
    any |= right;
  }
  return any >= 0;
}

// Channels [o, o + kLanes) of all columns.
void four_channels(const ConvArgs& a, const Call& call, Lanes& lanes, int o) {
  Column columns[kColumns];
  put_weights(a, o, lanes.weights);
  const bool common = put_scales(a, call, lanes, o);
  // Partial sums have no bytes to go to.
  lanes.out = a.out ? a.out + a.x0 * a.out_stride + o : nullptr;
  for (int x = a.x0; x < a.x1; x += call.most) {
    const int outs = a.x1 - x < call.most ? a.x1 - x : call.most;
    put_columns(a, o, x * a.stride_x - a.pad_left,
                (outs - 1) * a.stride_x + kSize, *columns);
    lanes.outs = outs;
    if (!common) {
      make_rare(a, lanes, columns, o, {x, x + outs});
    } else if (call.bytes) {
      make_bytes(lanes, columns);
    } else {
      make_clamped(a, lanes, columns);
    }
  }
}

// Channels from o on.
void plain(ConvArgs a, int o) {
  const int8_t* rows[kSize];
  if (o > 0) {
    for (int ky = 0; ky < kSize; ++ky) {
      rows[ky] = a.rows[ky] ? a.rows[ky] + o : nullptr;
    }
    a.rows = rows;
    a.channels -= o;
    a.weights += o;
    if (a.bias) a.bias += o;
    if (a.partial_in) a.partial_in += o;
    if (a.partial_out) a.partial_out += o;
    if (a.multipliers) a.multipliers += o;
    if (a.shifts) a.shifts += o;
    if (a.out) a.out += o;
  }
  portable_depthwise(a);
}

}  // namespace

void dsp_depthwise(const ConvArgs& a) {
  const bool fits = a.kernel_h == kSize && a.kernel_w == kSize &&
                    a.multiplier == 1 && a.dilation_x == 1 &&
                    a.stride_x <= kColumns - kSize;
  if (!fits) return plain(a, 0);
  const Call call = {a.partial_in || a.partial_out, clamps_to_byte(a),
                     (kColumns - kSize) / a.stride_x + 1};
  Lanes lanes;
  lanes.out_step = a.out_stride;
  lanes.x_step = (a.stride_x - kSize) * static_cast<int>(sizeof(Column));
  lanes.nudge = 2 * a.zero_out + 1;
  lanes.half = 1u << 30;
  int o = 0;
  for (; o + kLanes <= a.channels; o += kLanes) {
    four_channels(a, call, lanes, o);
  }
  if (o < a.channels) plain(a, o);
}

}  // namespace shoal
