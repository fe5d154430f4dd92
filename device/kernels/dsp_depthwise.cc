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

struct ByteKind {
  using Args = ConvArgs;

  // Channels with shifts to the left are to be made again.
  static bool put_scales(const ConvArgs& a, DspLanes<int8_t>& lanes, int o) {
    lanes.nudge = 2 * a.zero_out + 1;
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
  static bool clamps(const ConvArgs& a) { return !clamps_to_byte(a); }
  static int clamp_lane(const ConvArgs& a, int v) {
    return clamp(v, a.act_min, a.act_max);
  }
};

// Results that are rounded once are not shifted.
bool none_shifts_right(const ConvArgs& a) {
  for (int o = 0; o < a.channels; ++o) {
    if (right_shift(a, o) >= 0) return false;
  }
  return true;
}

// Channels [o, o + count).
[[gnu::cold]] void plain(const ConvArgs& a, int o, int count) {
  const int8_t* rows[kDspMostRows];
  portable_depthwise(some_channels(a, o, count, rows));
}

// After the fours, not beside them: the stack has one of both at a time.
[[gnu::cold]] void others(const ConvArgs& a, int end) {
  for (int o = 0; o < end; ++o) {
    if (right_shift(a, o) < 0) plain(a, o, 1);
  }
}

}  // namespace

void dsp_depthwise(const ConvArgs& a) {
  const int most = columns_at_a_time(a);
  if (most == 0 || none_shifts_right(a)) return portable_depthwise(a);
  const int end = a.channels & -kDspLanes;
  if (!make_fours<ByteKind>(a, most)) others(a, end);
  if (end < a.channels) plain(a, end, a.channels - end);
}

}  // namespace shoal
