// Depthwise 3x3 convolution with two products an instruction, four channels at
// a time. Of each input column the rows 0 and 1 of a channel become a pair, of
// row 2 two channels, once for all output columns that see it; weights
// likewise. Padding is a value like others. Other kernels are the portable
// one's.
#if defined(__ARM_FEATURE_DSP)
#pragma GCC optimize("omit-frame-pointer")  // loops take all registers
#endif

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

// Words of three rows, channels even and odd.
inline void put_column(const uint32_t (&even)[kSize],
                       const uint32_t (&odd)[kSize], uint32_t* to) {
  to[0] = low_halves(even[0], even[1]);
  to[1] = low_halves(odd[0], odd[1]);
  to[2] = high_halves(even[0], even[1]);
  to[3] = high_halves(odd[0], odd[1]);
  to[4] = even[2];
  to[5] = odd[2];
}

void put_weights(const ConvArgs& a, int o, Column* to) {
  const uint32_t zero = pair_with(a.zero_weight);
  const int row = kSize * a.weight_stride;
  const int8_t* w = a.weights + o;
  for (int kx = 0; kx < kSize; ++kx, w += a.weight_stride) {
    uint32_t even[kSize], odd[kSize];
    for (int ky = 0; ky < kSize; ++ky) {
      const uint32_t word = four_bytes(w + ky * row);
      even[ky] = subtract_pairs(even_bytes(word), zero);
      odd[ky] = subtract_pairs(odd_bytes(word), zero);
    }
    put_column(even, odd, to[kx]);
  }
}

// `count` columns from input column x of channels [o, o + kLanes).
void put_inside(const ConvArgs& a, int o, int x, int count, Column* to) {
  const int8_t zero = static_cast<int8_t>(a.zero_in);
  const int8_t zeros[kLanes] = {zero, zero, zero, zero};
  const int8_t* row[kSize];
  int step[kSize];
  for (int ky = 0; ky < kSize; ++ky) {
    row[ky] = a.rows[ky] ? a.rows[ky] + x * a.in_stride + o : zeros;
    step[ky] = a.rows[ky] ? a.in_stride : 0;
  }
  const int8_t *r0 = row[0], *r1 = row[1], *r2 = row[2];
  const int step0 = step[0], step1 = step[1], step2 = step[2];
  for (uint32_t *at = *to, *end = at + count * kWords; at != end;
       at += kWords) {
    const uint32_t w0 = four_bytes(r0), w1 = four_bytes(r1);
    const uint32_t w2 = four_bytes(r2);
    r0 += step0, r1 += step1, r2 += step2;
    put_column({even_bytes(w0), even_bytes(w1), even_bytes(w2)},
               {odd_bytes(w0), odd_bytes(w1), odd_bytes(w2)}, at);
  }
}

// Input columns [x, x + count), some of which may be padding.
void put_columns(const ConvArgs& a, int o, int x, int count, Column* to) {
  const uint32_t zero = pair_with(a.zero_in);
  const auto pad = [&](int columns) {
    for (uint32_t* end = *to + columns * kWords; *to != end; ++to) {
      for (uint32_t& word : *to) word = zero;
    }
  };
  const int before = x < 0 ? -x : 0;
  pad(before < count ? before : count);
  if (before >= count) return;
  const int behind = x + count - a.in_w;
  int inside = count - before - (behind > 0 ? behind : 0);
  if (inside < 0) inside = 0;
  put_inside(a, o, x + before, inside, to);
  to += inside;
  pad(count - before - inside);
}

// How four channels become int8.
struct Lanes {
  uint32_t start[kLanes];
  struct {
    int32_t multiplier;
    int32_t right;
  } scale[kLanes];
};

#if defined(SHOAL_DSP_LOOPS)

#define SHOAL_COLUMN                   \
  "ldmia %[x]!, {r4, r5, r6, r8}\n"    \
  "ldmia %[w]!, {r9, r10, r11, r12}\n" \
  "smlad r0, r4, r9, r0\n"             \
  "smlad r1, r5, r10, r1\n"            \
  "smlad r2, r6, r11, r2\n"            \
  "smlad r3, r8, r12, r3\n"            \
  "ldmia %[x]!, {r4, r5}\n"            \
  "ldmia %[w]!, {r9, r10}\n"           \
  "smlabb r0, r4, r9, r0\n"            \
  "smlabb r1, r5, r10, r1\n"           \
  "smlatt r2, r4, r9, r2\n"            \
  "smlatt r3, r5, r10, r3\n"
#define SHOAL_LANE(sum, scale)      \
  "ldrd r4, r5, [%[lanes], #" scale \
  "]\n"                             \
  "asr r6, " sum                    \
  ", #31\n"                         \
  "eor r8, %[half], r6, lsl #31\n"  \
  "smlal r8, r6, " sum              \
  ", r4\n"                          \
  "asr r6, r6, r5\n"                \
  "add r6, r6, %[nudge]\n"          \
  "ssat " sum ", #8, r6, asr #1\n"

// Four channels of a pixel from the three columns at x and the weights w.
inline void make_lanes(const Lanes& lanes, const Column* columns,
                       const Column* weights, int nudge, int32_t (&v)[kLanes]) {
  const uint32_t *x = *columns, *w = *weights;
  register int32_t v0 __asm__("r0");
  register int32_t v1 __asm__("r1");
  register int32_t v2 __asm__("r2");
  register int32_t v3 __asm__("r3");
  register const Lanes* first __asm__("r12") = &lanes;  // free to be used
  __asm__("ldmia r12, {r0, r1, r2, r3}\n"               //
          SHOAL_COLUMN SHOAL_COLUMN SHOAL_COLUMN
          : [x] "+r"(x), [w] "+r"(w), "+r"(first), "=&r"(v0), "=&r"(v1),
            "=&r"(v2), "=&r"(v3)
          :
          : "r4", "r5", "r6", "r8", "r9", "r10", "r11", "memory");
  __asm__(SHOAL_LANE("r0", "16") SHOAL_LANE("r1", "24") SHOAL_LANE("r2", "32")
              SHOAL_LANE("r3", "40")
          : "+r"(v0), "+r"(v1), "+r"(v2), "+r"(v3)
          : [lanes] "r"(&lanes), [half] "r"(1u << 30), [nudge] "r"(nudge)
          : "r4", "r5", "r6", "r8", "memory");
  v[0] = v0, v[1] = v1, v[2] = v2, v[3] = v3;
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

#if !defined(SHOAL_DSP_LOOPS)

inline void make_lanes(const Lanes& lanes, const Column* columns,
                       const Column* weights, int nudge, int32_t (&v)[kLanes]) {
  uint32_t s[kLanes];
#pragma GCC unroll 4
  for (int i = 0; i < kLanes; ++i) s[i] = lanes.start[i];
  add_columns(columns, weights, s);
#pragma GCC unroll 4
  for (int i = 0; i < kLanes; ++i) {
    const auto& scale = lanes.scale[i];
    v[i] = half_to_int8(
        scale_doubled(wrap(s[i]), scale.multiplier, scale.right) + nudge);
  }
}

#endif

// `outs` output columns, whose input columns lie a.stride_x apart from x on.
[[gnu::noinline]] void make_columns(const ConvArgs& a, const Lanes& lanes,
                                    const Column* x, const Column* w, int outs,
                                    int8_t* out) {
  const int nudge = 2 * a.zero_out + 1, step = a.stride_x;
  const int out_step = a.out_stride, low = a.act_min, high = a.act_max;
  const bool byte = clamps_to_byte(a);
  for (; outs > 0; --outs, x += step, out += out_step) {
    int32_t v[kLanes];
    make_lanes(lanes, x, w, nudge, v);
    if (!byte) {
#pragma GCC unroll 4
      for (int32_t& value : v) value = clamp(value, low, high);
    }
#pragma GCC unroll 4
    for (int i = 0; i < kLanes; ++i) out[i] = static_cast<int8_t>(v[i]);
  }
}

// Multipliers of 2 and more, which no layer has had yet.
[[gnu::noinline]] void make_rare_columns(const ConvArgs& a, const Column* x,
                                         const Column* w, int o, Span columns) {
  for (int at = columns.lo; at < columns.hi; ++at, x += a.stride_x) {
    uint32_t s[kLanes];
#pragma GCC unroll 4
    for (int i = 0; i < kLanes; ++i) s[i] = first_sums(a, o, at)[i];
    add_columns(x, w, s);
    finish_sums(a, o, kLanes, at, s);
  }
}

// Channels [o, o + kLanes) of all columns.
void four_channels(const ConvArgs& a, int o) {
  Column weights[kSize], columns[kColumns];
  put_weights(a, o, weights);
  Lanes lanes;
  bool rare = a.partial_in || a.partial_out;
  for (int i = 0; i < kLanes && !rare; ++i) {
    lanes.start[i] = bits(a.bias[o + i]);
    lanes.scale[i] = {a.multipliers[o + i], -2 - a.shifts[o + i]};
    rare |= lanes.scale[i].right < 0;
  }
  const int most = (kColumns - kSize) / a.stride_x + 1;
  for (int x = a.x0; x < a.x1; x += most) {
    const int outs = a.x1 - x < most ? a.x1 - x : most;
    put_columns(a, o, x * a.stride_x - a.pad_left,
                (outs - 1) * a.stride_x + kSize, columns);
    int8_t* out = a.out + x * a.out_stride + o;
    if (rare) {
      make_rare_columns(a, columns, weights, o, {x, x + outs});
    } else {
      make_columns(a, lanes, columns, weights, outs, out);
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
  int o = 0;
  for (; o + kLanes <= a.channels; o += kLanes) four_channels(a, o);
  if (o < a.channels) plain(a, o);
}

}  // namespace shoal
