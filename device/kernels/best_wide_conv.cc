#include "device/kernels/family.h"
#include "device/kernels/wide_sums.h"

namespace shoal {

void wide_conv_row(const WideConvArgs& a) {
#if defined(SHOAL_HAS_MVE_KERNELS)
  mve_wide_conv(a);
#elif defined(SHOAL_HAS_DSP_KERNELS)
  dsp_wide_conv(a);
#else
  portable_wide_conv(a);
#endif
}

}  // namespace shoal
