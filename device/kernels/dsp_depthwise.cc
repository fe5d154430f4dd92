// Depthwise convolution with two products an instruction, four channels at a
// time, of kernels with an odd number of rows. Each input column is arranged
// once for all output columns that see it (dsp_columns.h), weights likewise.
// Padding is a value like others. 3x3, the common one, has a loop of its own.
// Other kernels are the portable one's.
#if defined(__ARM_FEATURE_DSP)
#pragma GCC optimize("omit-frame-pointer")  // loops take all registers
#endif

#include <cstddef>

#include "device/kernels/dsp.h"
#include "device/kernels/dsp_columns.h"
#include "device/kernels/portable.h"
#include "device/kernels/window.h"

namespace shoal {
namespace {

constexpr int kMostTaps = kDspMostRows * kDspMostRows;
constexpr int kMostWeights = dsp_column_words(kMostTaps);
constexpr int kColumnWords = 192;  // of input columns on the stack

// The data of four channels of a row: the weights, what makes int8 of sums, and
// where the next output goes. The assembler below knows the offsets from
// `start`, and that the last of the weights lie before it.
struct Lanes {
  uint32_t weights[kMostWeights];
  uint32_t start[kDspLanes];
  struct {
    int32_t multiplier;
    int32_t right;
  } scale[kDspLanes];
  int8_t* out;
  int out_step;
  int x_step;  // bytes from behind an output's columns to the next one's
  const uint32_t* end;  // of the input, if another output came
  int nudge;
  uint32_t half;
  int columns;   // of the kernel
  uint32_t top;  // of the loop for a column
  int skipped;   // bytes of that loop which are for more rows
  int weight_bytes;
};

#if defined(SHOAL_DSP_LOOPS)

#define SHOAL_FROM_START(field) \
  (offsetof(Lanes, field) - offsetof(Lanes, start))
static_assert(SHOAL_FROM_START(scale) == 16 && SHOAL_FROM_START(out) == 48 &&
              SHOAL_FROM_START(x_step) == 56 && SHOAL_FROM_START(nudge) == 64 &&
              SHOAL_FROM_START(columns) == 72 &&
              SHOAL_FROM_START(skipped) == 80 &&
              SHOAL_FROM_START(weight_bytes) == 84 &&
              offsetof(Lanes, start) == 4 * kMostWeights);
#undef SHOAL_FROM_START

#define SHOAL_START       \
  "1:\n"                  \
  "ldrd r0, r1, [%[l]]\n" \
  "ldrd r2, r3, [%[l], #8]\n"
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
  "asr r6, " sum                \
  ", #31\n"                     \
  "eor r8, r10, r6, lsl #31\n"  \
  "smlal r8, r6, " sum          \
  ", r4\n"                      \
  "asr r6, r6, r5\n"            \
  "add r6, r6, r9\n"            \
  "ssat " sum ", #8, r6, asr #1\n"
#define SHOAL_END \
  "ldrd r9, r10, [%[l], #64]\n"    \
  SHOAL_LANE("r0", "16")           \
  SHOAL_LANE("r1", "24")           \
  SHOAL_LANE("r2", "32")           \
  SHOAL_LANE("r3", "40")           \
  "ldrd r4, r5, [%[l], #48]\n"     \
  "strb r0, [r4]\n"                \
  "strb r1, [r4, #1]\n"            \
  "strb r2, [r4, #2]\n"            \
  "strb r3, [r4, #3]\n"            \
  "add r4, r4, r5\n"               \
  "str r4, [%[l], #48]\n"          \
  "ldrd r5, r6, [%[l], #56]\n"     \
  "add %[x], %[x], r5\n"           \
  "cmp %[x], r6\n"                 \
  "bne 1b\n"

// All outputs, at least one, of which the first one's columns begin at x.
inline void make_3x3(Lanes& lanes, const uint32_t* x) {
  __asm__ volatile(SHOAL_START  //
                       SHOAL_COLUMN("-72", "-64", "-56")
                           SHOAL_COLUMN("-48", "-40", "-32")
                               SHOAL_COLUMN("-24", "-16", "-8") SHOAL_END
                   : [x] "+r"(x)
                   : [l] "r"(lanes.start)
                   : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9",
                     "r10", "r11", "r12", "cc", "memory");
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
constexpr int kBytesOfTwoRows = 28;

// Makes kernels of 1, 3, 5 or 7 rows. Behind the weights %[l] is `start` again.
[[gnu::noinline]] void make_any(Lanes& lanes, const uint32_t* x) {
  uint32_t* l = lanes.start;
  __asm__ volatile(
      "adr r11, 2f\n"
      "ldr r12, [%[l], #80]\n"
      "add r11, r11, r12\n"
      "orr r11, r11, #1\n"
      "str r11, [%[l], #76]\n"  //
      SHOAL_START
      "ldrd r12, r11, [%[l], #72]\n"
      "ldr r4, [%[l], #84]\n"
      "sub %[l], %[l], r4\n"
      "bx r11\n"
      "2:\n"  //
      SHOAL_TWO_ROWS SHOAL_TWO_ROWS SHOAL_TWO_ROWS
      "ldmia %[x]!, {r4, r5}\n"
      "ldmia %[l]!, {r9, r10}\n"  //
      SHOAL_LAST_ROW
      "subs r12, r12, #1\n"
      "it ne\n"
      "bxne r11\n"  //
      SHOAL_END
      : [x] "+r"(x), [l] "+r"(l)
      :
      : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11",
        "r12", "cc", "memory");
}

template <bool k3x3>
inline void make_bytes(const ConvArgs&, Lanes& lanes, const uint32_t* x) {
  if (k3x3) {
    make_3x3(lanes, x);
  } else {
    make_any(lanes, x);
  }
}

#undef SHOAL_TWO_ROWS
#undef SHOAL_END
#undef SHOAL_LANE
#undef SHOAL_LAST_ROW
#undef SHOAL_COLUMN
#undef SHOAL_START

#else

constexpr int kBytesOfTwoRows = 0;

// s[i] += the kernel's columns from x times the weights.
inline void add_columns(const ConvArgs& a, const Lanes& lanes,
                        const uint32_t* x, uint32_t (&s)[kDspLanes]) {
  const uint32_t* w =
      lanes.weights + kMostWeights - dsp_column_words(a.kernel_h * a.kernel_w);
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

template <bool>
inline void make_bytes(const ConvArgs& a, Lanes& lanes, const uint32_t* x) {
  const int step = a.stride_x * dsp_column_words(a.kernel_h);
  for (; x != lanes.end; x += step, lanes.out += lanes.out_step) {
    uint32_t s[kDspLanes];
    for (int i = 0; i < kDspLanes; ++i) s[i] = lanes.start[i];
    add_columns(a, lanes, x, s);
    for (int i = 0; i < kDspLanes; ++i) {
      const auto& scale = lanes.scale[i];
      const int32_t v = half_to_int8(
          scale_doubled(wrap(s[i]), scale.multiplier, scale.right) +
          lanes.nudge);
      lanes.out[i] = static_cast<int8_t>(v);
    }
  }
}

#endif

// Within other limits than int8's, which are inside them.
[[gnu::noinline]] void clamp_bytes(const ConvArgs& a, int8_t* out, int outs) {
  for (; outs > 0; --outs, out += a.out_stride) {
    for (int i = 0; i < kDspLanes; ++i) {
      out[i] = static_cast<int8_t>(clamp(out[i], a.act_min, a.act_max));
    }
  }
}

// The figures that all channels of a call have in common.
struct Call {
  bool bytes;
  int most;     // output columns at a time
  int weights;  // words of four channels
  int step;     // words from one output's columns to the next one's
};

int right_shift(const ConvArgs& a, int o) { return -2 - a.shifts[o]; }

// Puts the scales of the channels from o on. Returns false if not all shifts go
// right; the channels with the other shifts are to be made again.
bool put_scales(const ConvArgs& a, Lanes& lanes, int o) {
  int any = 0;
#pragma GCC unroll 4
  for (int i = 0; i < kDspLanes; ++i) {
    const int right = right_shift(a, o + i);
    lanes.start[i] = bits(a.bias[o + i]);
    lanes.scale[i] = {a.multipliers[o + i], right};
    any |= right;
  }
  if (any >= 0) return true;
  for (auto& scale : lanes.scale) scale.right &= 31;
  return false;
}

// Results that are rounded once are not shifted.
bool none_shifts_right(const ConvArgs& a) {
  for (int o = 0; o < a.channels; ++o) {
    if (right_shift(a, o) >= 0) return false;
  }
  return true;
}

// Channels [o, o + count).
[[gnu::cold]] void plain(ConvArgs a, int o, int count) {
  const int8_t* rows[kDspMostRows];
  for (int ky = 0; ky < a.kernel_h; ++ky) {
    rows[ky] = a.rows[ky] ? a.rows[ky] + o : nullptr;
  }
  a.rows = rows;
  a.channels = count;
  a.weights += o;
  a.bias += o, a.multipliers += o, a.shifts += o, a.out += o;
  portable_depthwise(a);
}

// Channels [o, o + kDspLanes) of all columns. As put_scales.
template <bool k3x3>
bool four_channels(const ConvArgs& a, const Call& call, Lanes& lanes, int o) {
  uint32_t columns[kColumnWords];
  dsp_put_weights<k3x3>(a, a.weights + o,
                        lanes.weights + kMostWeights - call.weights);
  const bool all = put_scales(a, lanes, o);
  lanes.out = a.out + a.x0 * a.out_stride + o;
  for (int x = a.x0; x < a.x1; x += call.most) {
    const int outs = a.x1 - x < call.most ? a.x1 - x : call.most;
    dsp_put_columns<k3x3>(a, o, x * a.stride_x - a.pad_left,
                          (outs - 1) * a.stride_x + (k3x3 ? 3 : a.kernel_w),
                          columns);
    lanes.end = columns + outs * call.step;
    int8_t* out = lanes.out;
    make_bytes<k3x3>(a, lanes, columns);
    if (!call.bytes) clamp_bytes(a, out, outs);
  }
  return all;
}

// Fours of channels; false: as put_scales, of some.
template <bool k3x3>
[[gnu::noinline]] bool fours(const ConvArgs& a, const Call& call) {
  constexpr int kWord = sizeof(uint32_t);
  Lanes lanes;
  lanes.out_step = a.out_stride;
  lanes.x_step = (call.step - call.weights) * kWord;
  lanes.nudge = 2 * a.zero_out + 1;
  lanes.half = 1u << 30;
  lanes.columns = a.kernel_w;
  lanes.skipped = (kDspMostRows - a.kernel_h) / 2 * kBytesOfTwoRows;
  lanes.weight_bytes = call.weights * kWord;
  bool all = true;
  for (int o = 0; o + kDspLanes <= a.channels; o += kDspLanes) {
    all &= four_channels<k3x3>(a, call, lanes, o);
  }
  return all;
}

// After the fours, not beside them: the stack has one of both at a time.
[[gnu::cold]] void others(const ConvArgs& a, int end) {
  for (int o = 0; o < end; ++o) {
    if (right_shift(a, o) < 0) plain(a, o, 1);
  }
}

}  // namespace

void dsp_depthwise(const ConvArgs& a) {
  const int taps = a.kernel_h * a.kernel_w;
  const int words = dsp_column_words(a.kernel_h);
  const int spare = kColumnWords / words - a.kernel_w;  // columns
  const bool fits = a.kernel_h % 2 == 1 && a.kernel_h <= kDspMostRows &&
                    taps <= kMostTaps && spare >= 0 &&
                    a.stride_x <= a.kernel_w && a.multiplier == 1 &&
                    a.dilation_x == 1 && !a.partial_in && !a.partial_out;
  if (!fits || none_shifts_right(a)) return portable_depthwise(a);
  const int end = a.channels & -kDspLanes;
  const Call call = {clamps_to_byte(a), spare / a.stride_x + 1,
                     dsp_column_words(taps), a.stride_x * words};
  const bool k3x3 = a.kernel_h == 3 && a.kernel_w == 3;
  if (!(k3x3 ? fours<true> : fours<false>)(a, call)) {
    others(a, end);
  }
  if (end < a.channels) plain(a, end, a.channels - end);
}

}  // namespace shoal
