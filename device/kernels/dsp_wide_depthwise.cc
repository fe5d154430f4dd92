// Depthwise convolution of 16-bit elements with two products an instruction:
// the loops of int8 (dsp_lanes.h) where sums stay within 32 bits. All others
// are the portable kernel's.
#if defined(__ARM_FEATURE_DSP)
#pragma GCC optimize("omit-frame-pointer")  // loops take all registers
#endif

#include "device/kernels/dsp.h"
#include "device/kernels/dsp_lanes.h"
#include "device/kernels/wide_sums.h"

namespace shoal {
namespace {

struct ElementKind {
  using Args = WideConvArgs;

  static void begin(const WideConvArgs&, DspLanes<int16_t>&) {}
  static bool put_scales(const WideConvArgs& a, DspLanes<int16_t>& lanes,
                         int o) {
    bool all = true;
    for (int i = 0; i < kDspLanes; ++i) {
      lanes.start[i] = bits(a.bias[o + i]);
      lanes.scale[i] = {upper_multiplier(a.multipliers[o + i], a.shifts[o + i]),
                        0};
      all &= is_quick(a, o + i);
    }
    return all;
  }
  // Returns whether sums of the channel have 32 bits, and end so.
  static bool is_quick(const WideConvArgs& a, int o) {
    return stays_short(a, o, kMostWeight * a.kernel_h * a.kernel_w) &&
           upper_multiplier(a.multipliers[o], a.shifts[o]) != 0;
  }
  static bool clamps(const WideConvArgs& a) {
    return a.wide.low > -32768 || a.wide.high < 32767;
  }
  static int clamp_lane(const WideConvArgs& a, int v) {
    return clamp(v, a.wide.low, a.wide.high);
  }
};

// Channels [o, o + count).
[[gnu::cold]] void plain(const WideConvArgs& a, int o, int count) {
  const int16_t* rows[kDspMostRows];
  portable_wide_depthwise(some_channels(a, o, count, rows));
}

// After the fours, not beside them: the stack has one of both at a time.
[[gnu::cold]] void others(const WideConvArgs& a, int end) {
  for (int o = 0; o < end; ++o) {
    if (!ElementKind::is_quick(a, o)) plain(a, o, 1);
  }
}

}  // namespace

void dsp_wide_depthwise(const WideConvArgs& a) {
  const int most = a.wide.long_sums ? columns_at_a_time(a) : 0;
  if (most == 0) return portable_wide_depthwise(a);
  const int end = a.channels & -kDspLanes;
  if (!make_fours<ElementKind>(a, most)) others(a, end);
  if (end < a.channels) plain(a, end, a.channels - end);
}

}  // namespace shoal
