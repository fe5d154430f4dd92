// Depthwise convolution of int8 with two products an instruction, four channels
// at a time, of kernels with an odd number of rows. Each input column is
// arranged once for all output columns that see it (dsp_columns.h), weights
// likewise. Padding is a value like others. 3x3, the common one, has a loop of
// its own. Other kernels are the portable one's.
#if defined(__ARM_FEATURE_DSP)
#pragma GCC optimize("omit-frame-pointer")  // loops take all registers
#endif

#include "device/kernels/dsp.h"
#include "device/kernels/dsp_lanes.h"
#include "device/kernels/portable.h"

namespace shoal {
namespace {

int right_shift(const ConvArgs& a, int o) { return -2 - a.shifts[o]; }

// Returns whether the results of four channels are rounded once. A quarter of
// int32 is left for their multipliers.
bool round_once(const ConvArgs& a, int o) {
  int any = 0;
  for (int i = o; i < o + kDspLanes; ++i) {
    any |= a.shifts[i] | a.multipliers[i] >> 29;
  }
  return any == 0;
}

// Where the doubled result is the sum times four multipliers, it rounds once.
// As put_scales().
[[gnu::cold, gnu::noinline]] bool put_rare_scales(const ConvArgs& a,
                                                  DspLanes<int8_t>& lanes,
                                                  int o) {
  const bool once = round_once(a, o);
  lanes.half = once ? 0 : 1u << 30;
  lanes.sign = once ? 0 : -1;
  bool all = true;
  for (auto& scale : lanes.scale) {
    all &= scale.right >= 0;
    if (once) scale.multiplier *= 4;
    scale.right = once ? 0 : scale.right & 31;
  }
  return once || all;
}

struct ByteKind {
  using Args = ConvArgs;

  static void begin(const ConvArgs& a, DspLanes<int8_t>& lanes) {
    lanes.nudge = 2 * a.zero_out + 1;
    lanes.half = 1u << 30;
    lanes.sign = -1;
  }

  // Channels with shifts to the left are to be made again, except for fours
  // that round once.
  static bool put_scales(const ConvArgs& a, DspLanes<int8_t>& lanes, int o) {
    int any = 0;
#pragma GCC unroll 4
    for (int i = 0; i < kDspLanes; ++i) {
      const int right = right_shift(a, o + i);
      lanes.start[i] = bits(a.bias[o + i]);
      lanes.scale[i] = {a.multipliers[o + i], right};
      any |= right;
    }
    return any >= 0 && lanes.sign ? true : put_rare_scales(a, lanes, o);
  }
  static bool clamps(const ConvArgs& a) { return !clamps_to_byte(a); }
  static int clamp_lane(const ConvArgs& a, int v) {
    return clamp(v, a.act_min, a.act_max);
  }
};

// Channels [o, o + count).
[[gnu::cold]] void plain(const ConvArgs& a, int o, int count) {
  const int8_t* rows[kDspMostRows];
  portable_depthwise(some_channels(a, o, count, rows));
}

// After the fours, not beside them: the stack has one of both at a time.
[[gnu::cold]] void others(const ConvArgs& a, int end) {
  for (int o = 0; o < end; ++o) {
    if (right_shift(a, o) >= 0 || round_once(a, o & -kDspLanes)) continue;
    plain(a, o, 1);
  }
}

}  // namespace

void dsp_depthwise(const ConvArgs& a) {
  const int most = columns_at_a_time(a);
  if (most == 0) return portable_depthwise(a);
  const int end = a.channels & -kDspLanes;
  if (!make_fours<ByteKind>(a, most)) others(a, end);
  if (end < a.channels) plain(a, end, a.channels - end);
}

}  // namespace shoal
