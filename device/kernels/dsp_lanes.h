// Inside the depthwise kernels for DSP, of int8 and int16 alike: the loops over
// the outputs of four channels, and over the fours of a call. Kind says what
// differs:
//   Args                          ConvArgs or WideConvArgs
//   begin(a, lanes)               sets what ends all sums alike: of int8,
//   nudge,
//                                 half and sign
//   put_scales(a, lanes, o)       sets start and scale of channels from o on.
//                                 Returns false if some of them are to be made
//                                 again, by other means
//   clamps(a)                     whether results have other limits than their
//                                 type
//   clamp_lane(a, v)              within them
#pragma once

#include <cstddef>

#include "device/kernels/dsp_columns.h"
#include "device/kernels/window.h"

namespace shoal {

constexpr int kDspMostTaps = kDspMostRows * kDspMostRows;
constexpr int kDspMostWeights = dsp_column_words(kDspMostTaps);
constexpr int kDspColumnWords = 192;  // of input columns on the stack

// The data of four channels of a row: the weights, what makes elements of sums,
// and where the next output goes. The assembler below knows the offsets from
// `start`, and that the last of the weights lie before it.
template <class E>
struct DspLanes {
  uint32_t weights[kDspMostWeights];
  uint32_t start[kDspLanes];
  struct {
    int32_t multiplier;
    int32_t right;
  } scale[kDspLanes];
  E* out;
  int out_step;  // bytes
  int x_step;    // bytes from behind an output's columns to the next one's
  const uint32_t* end;  // of the input, if another output came
  int nudge;
  uint32_t half;
  int columns;   // of the kernel
  uint32_t top;  // of the loop for a column
  int skipped;   // bytes of that loop which are for more rows
  int weight_bytes;
  int32_t sign;  // -1: sums below zero start 2^31 lower than others; or 0
};

#if defined(SHOAL_DSP_LOOPS)

#define SHOAL_FROM_START(field) \
  (offsetof(DspLanes<int8_t>, field) - offsetof(DspLanes<int8_t>, start))
static_assert(SHOAL_FROM_START(scale) == 16 && SHOAL_FROM_START(out) == 48 &&
              SHOAL_FROM_START(x_step) == 56 && SHOAL_FROM_START(nudge) == 64 &&
              SHOAL_FROM_START(columns) == 72 &&
              SHOAL_FROM_START(skipped) == 80 &&
              SHOAL_FROM_START(weight_bytes) == 84 &&
              SHOAL_FROM_START(sign) == 88 &&
              offsetof(DspLanes<int8_t>, start) == 4 * kDspMostWeights);
#undef SHOAL_FROM_START

#define SHOAL_START \
  "1:\n"            \
  "ldmia %[l], {r0, r1, r2, r3}\n"
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
  "ldrd r9, r10, [%[l], #" w4 "]\n" SHOAL_LAST_ROW
#define SHOAL_LAST_ROW       \
  "smlabb r0, r4, r9, r0\n"  \
  "smlabb r1, r5, r10, r1\n" \
  "smlatt r2, r4, r9, r2\n"  \
  "smlatt r3, r5, r10, r3\n"
#define SHOAL_LANE(sum, scale)  \
  "ldrd r4, r5, [%[l], #" scale \
  "]\n"                         \
  "and r6, r11, " sum           \
  ", asr #31\n"                 \
  "eor r8, r10, r6, lsl #31\n"  \
  "smlal r8, r6, " sum          \
  ", r4\n"                      \
  "asr r6, r6, r5\n"            \
  "add r6, r6, r9\n"            \
  "ssat " sum ", #8, r6, asr #1\n"
#define SHOAL_NEXT_OUTPUT      \
  "add r4, r4, r5\n"           \
  "str r4, [%[l], #48]\n"      \
  "ldrd r5, r6, [%[l], #56]\n" \
  "add %[x], %[x], r5\n"       \
  "cmp %[x], r6\n"             \
  "bne 1b\n"
#define SHOAL_BYTES \
  "ldrd r9, r10, [%[l], #64]\n" \
  "ldr r11, [%[l], #88]\n"      \
  SHOAL_LANE("r0", "16")        \
  SHOAL_LANE("r1", "24")        \
  SHOAL_LANE("r2", "32")        \
  SHOAL_LANE("r3", "40")        \
  "ldrd r4, r5, [%[l], #48]\n"  \
  "strb r0, [r4]\n"             \
  "strb r1, [r4, #1]\n"         \
  "strb r2, [r4, #2]\n"         \
  "strb r3, [r4, #3]\n"         \
  SHOAL_NEXT_OUTPUT
#define SHOAL_WIDE_LANE(sum, scale) \
  "ldr r4, [%[l], #" scale          \
  "]\n"                             \
  "smmulr " sum ", " sum            \
  ", r4\n"                          \
  "ssat " sum ", #16, " sum "\n"
#define SHOAL_ELEMENTS         \
  SHOAL_WIDE_LANE("r0", "16")  \
  SHOAL_WIDE_LANE("r1", "24")  \
  SHOAL_WIDE_LANE("r2", "32")  \
  SHOAL_WIDE_LANE("r3", "40")  \
  "ldrd r4, r5, [%[l], #48]\n" \
  "strh r0, [r4]\n"            \
  "strh r1, [r4, #2]\n"        \
  "strh r2, [r4, #4]\n"        \
  "strh r3, [r4, #6]\n" SHOAL_NEXT_OUTPUT

#define SHOAL_MAKE_3X3(end)                                                \
  __asm__ volatile(SHOAL_START SHOAL_COLUMN("-72", "-64", "-56")           \
                       SHOAL_COLUMN("-48", "-40", "-32")                   \
                           SHOAL_COLUMN("-24", "-16", "-8") end            \
                   : [x] "+r"(x)                                           \
                   : [l] "r"(lanes.start)                                  \
                   : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", \
                     "r10", "r11", "r12", "cc", "memory")
// All outputs, at least one, of which the first one's columns begin at x.
inline void make_3x3(DspLanes<int8_t>& lanes, const uint32_t* x) {
  SHOAL_MAKE_3X3(SHOAL_BYTES);
}
inline void make_3x3(DspLanes<int16_t>& lanes, const uint32_t* x) {
  SHOAL_MAKE_3X3(SHOAL_ELEMENTS);
}

// Two rows of a column: 28 bytes, so that kernels of fewer rows begin their
// columns so much further on.
#define SHOAL_TWO_ROWS              \
  "ldmia %[x]!, {r4, r5, r6, r8}\n" \
  "ldmia %[l]!, {r9, r10}\n"        \
  "smlad r0, r4, r9, r0\n"          \
  "smlad r1, r5, r10, r1\n"         \
  "ldmia %[l]!, {r9, r10}\n"        \
  "smlad r2, r6, r9, r2\n"          \
  "smlad r3, r8, r10, r3\n"
constexpr int kDspBytesOfTwoRows = 28;

#define SHOAL_MAKE_ANY(end)                                                 \
  __asm__ volatile(                                                         \
      "adr r11, 2f\n"                                                       \
      "ldr r12, [%[l], #80]\n"                                              \
      "add r11, r11, r12\n"                                                 \
      "orr r11, r11, #1\n"                                                  \
      "str r11, [%[l], #76]\n" SHOAL_START                                  \
      "ldrd r12, r11, [%[l], #72]\n"                                        \
      "ldr r4, [%[l], #84]\n"                                               \
      "sub %[l], %[l], r4\n"                                                \
      "bx r11\n"                                                            \
      "2:\n" SHOAL_TWO_ROWS SHOAL_TWO_ROWS SHOAL_TWO_ROWS                   \
      "ldmia %[x]!, {r4, r5}\n"                                             \
      "ldmia %[l]!, {r9, r10}\n" SHOAL_LAST_ROW                             \
      "subs r12, r12, #1\n"                                                 \
      "it ne\n"                                                             \
      "bxne r11\n" end                                                      \
      : [x] "+r"(x), [l] "+r"(l)                                            \
      :                                                                     \
      : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", \
        "r12", "cc", "memory")
// Makes kernels of 1, 3, 5 or 7 rows. Behind the weights %[l] is `start` again.
// ADR counts from a multiple of four, which sizes of code are not at -Os.
template <class E>
[[gnu::noinline, gnu::aligned(4)]] void make_any(DspLanes<E>& lanes,
                                                 const uint32_t* x) {
  uint32_t* l = lanes.start;
  if constexpr (sizeof(E) == 1) {
    SHOAL_MAKE_ANY(SHOAL_BYTES);
  } else {
    SHOAL_MAKE_ANY(SHOAL_ELEMENTS);
  }
}

template <bool k3x3, class Args, class E>
inline void make_lanes(const Args&, DspLanes<E>& lanes, const uint32_t* x) {
  if (k3x3) {
    make_3x3(lanes, x);
  } else {
    make_any(lanes, x);
  }
}

#undef SHOAL_MAKE_ANY
#undef SHOAL_TWO_ROWS
#undef SHOAL_MAKE_3X3
#undef SHOAL_ELEMENTS
#undef SHOAL_WIDE_LANE
#undef SHOAL_BYTES
#undef SHOAL_NEXT_OUTPUT
#undef SHOAL_LANE
#undef SHOAL_LAST_ROW
#undef SHOAL_COLUMN
#undef SHOAL_START

#else

constexpr int kDspBytesOfTwoRows = 0;

// s[i] += the kernel's columns from x times the weights.
template <class Args, class E>
inline void add_columns(const Args& a, const DspLanes<E>& lanes,
                        const uint32_t* x, uint32_t (&s)[kDspLanes]) {
  const uint32_t* w = lanes.weights + kDspMostWeights -
                      dsp_column_words(a.kernel_h * a.kernel_w);
  for (int kx = 0; kx < a.kernel_w; ++kx, x += 2, w += 2) {
    for (int y = 0; y + 1 < a.kernel_h; y += 2) {
#pragma GCC unroll 4
      for (int i = 0; i < kDspLanes; ++i) {
        s[i] = add_products(*x++, *w++, s[i]);
      }
    }
    s[0] = add_products(x[0] & 0xFFFF, w[0], s[0]);
    s[1] = add_products(x[1] & 0xFFFF, w[1], s[1]);
    s[2] = add_products(x[0] & ~0xFFFFu, w[0], s[2]);
    s[3] = add_products(x[1] & ~0xFFFFu, w[1], s[3]);
  }
}

inline int8_t lane_of(const DspLanes<int8_t>& lanes, int i, uint32_t sum) {
  const auto& scale = lanes.scale[i];
  const int32_t v = wrap(sum), below = lanes.sign & v >> 31;
  const uint64_t start =
      uint64_t{bits(below)} << 32 | (lanes.half ^ bits(below) << 31);
  const int64_t product =
      static_cast<int64_t>(v) * scale.multiplier + static_cast<int64_t>(start);
  const int32_t doubled = static_cast<int32_t>(product >> 32) >> scale.right;
  return static_cast<int8_t>(half_to_int8(doubled + lanes.nudge));
}
inline int16_t lane_of(const DspLanes<int16_t>& lanes, int i, uint32_t sum) {
  const int32_t v = high_product(wrap(sum), lanes.scale[i].multiplier);
  return static_cast<int16_t>(clamp(v, -32768, 32767));
}

template <bool, class Args, class E>
inline void make_lanes(const Args& a, DspLanes<E>& lanes, const uint32_t* x) {
  const int step = a.stride_x * dsp_column_words(a.kernel_h);
  for (; x != lanes.end; x += step) {
    uint32_t s[kDspLanes];
    for (int i = 0; i < kDspLanes; ++i) s[i] = lanes.start[i];
    add_columns(a, lanes, x, s);
    for (int i = 0; i < kDspLanes; ++i) {
      lanes.out[i] = lane_of(lanes, i, s[i]);
    }
    lanes.out += lanes.out_step / static_cast<int>(sizeof(E));
  }
}

#endif

// Within other limits than the type's, which are inside them.
template <class Kind, class E>
[[gnu::noinline]] void clamp_lanes(const typename Kind::Args& a, E* out,
                                   int outs) {
  for (; outs > 0; --outs, out += a.out_stride) {
    for (int i = 0; i < kDspLanes; ++i) {
      out[i] = static_cast<E>(Kind::clamp_lane(a, out[i]));
    }
  }
}

// The figures that all channels of a call have in common.
struct DspDepthwise {
  bool clamps;
  int most;     // output columns at a time
  int weights;  // words of four channels
  int step;     // words from one output's columns to the next one's
};

// Channels [o, o + kDspLanes) of all columns. As put_scales.
template <class Kind, bool k3x3, class E>
bool four_channels(const typename Kind::Args& a, const DspDepthwise& call,
                   DspLanes<E>& lanes, int o) {
  uint32_t columns[kDspColumnWords];
  dsp_put_weights<k3x3>(a, a.weights + o,
                        lanes.weights + kDspMostWeights - call.weights);
  const bool all = Kind::put_scales(a, lanes, o);
  lanes.out = a.out + a.x0 * a.out_stride + o;
  for (int x = a.x0; x < a.x1; x += call.most) {
    const int outs = a.x1 - x < call.most ? a.x1 - x : call.most;
    dsp_put_columns<k3x3>(a, o, x * a.stride_x - a.pad_left,
                          (outs - 1) * a.stride_x + (k3x3 ? 3 : a.kernel_w),
                          columns);
    lanes.end = columns + outs * call.step;
    E* out = lanes.out;
    make_lanes<k3x3>(a, lanes, columns);
    if (call.clamps) clamp_lanes<Kind>(a, out, outs);
  }
  return all;
}

// Fours of channels; false: as put_scales, of some.
template <class Kind, bool k3x3>
[[gnu::noinline]] bool fours(const typename Kind::Args& a,
                             const DspDepthwise& call) {
  using E = DspElement<typename Kind::Args>;
  constexpr int kWord = sizeof(uint32_t);
  DspLanes<E> lanes;
  lanes.out_step = a.out_stride * static_cast<int>(sizeof(E));
  lanes.x_step = (call.step - call.weights) * kWord;
  Kind::begin(a, lanes);
  lanes.columns = a.kernel_w;
  lanes.skipped = (kDspMostRows - a.kernel_h) / 2 * kDspBytesOfTwoRows;
  lanes.weight_bytes = call.weights * kWord;
  bool all = true;
  for (int o = 0; o + kDspLanes <= a.channels; o += kDspLanes) {
    all &= four_channels<Kind, k3x3>(a, call, lanes, o);
  }
  return all;
}

// Output columns at a time; 0: the call's kernel is another one's.
template <class Args>
int columns_at_a_time(const Args& a) {
  const int taps = a.kernel_h * a.kernel_w;
  const int spare = kDspColumnWords / dsp_column_words(a.kernel_h) - a.kernel_w;
  const bool fits = a.kernel_h % 2 == 1 && a.kernel_h <= kDspMostRows &&
                    taps <= kDspMostTaps && spare >= 0 &&
                    a.stride_x <= a.kernel_w && a.multiplier == 1 &&
                    a.dilation_x == 1 && !a.partial_in && !a.partial_out;
  return fits ? spare / a.stride_x + 1 : 0;
}

// All fours of channels, `most` columns at a time. As put_scales, of some.
template <class Kind>
bool make_fours(const typename Kind::Args& a, int most) {
  const int taps = a.kernel_h * a.kernel_w;
  const DspDepthwise call = {Kind::clamps(a), most, dsp_column_words(taps),
                             a.stride_x * dsp_column_words(a.kernel_h)};
  const bool k3x3 = a.kernel_h == 3 && a.kernel_w == 3;
  return k3x3 ? fours<Kind, true>(a, call) : fours<Kind, false>(a, call);
}

// A call for channels [o, o + count) alone, for which `rows` has room.
template <class Args>
Args some_channels(Args a, int o, int count,
                   const DspElement<Args>* (&rows)[kDspMostRows]) {
  for (int ky = 0; ky < a.kernel_h; ++ky) {
    rows[ky] = a.rows[ky] ? a.rows[ky] + o : nullptr;
  }
  a.rows = rows;
  a.channels = count;
  a.weights += o;
  a.bias += o, a.multipliers += o, a.shifts += o, a.out += o;
  return a;
}

}  // namespace shoal
