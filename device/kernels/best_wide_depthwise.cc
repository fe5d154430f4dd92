#include "device/kernels/family.h"
#include "device/kernels/wide_sums.h"

namespace shoal {

void wide_depthwise_row(const WideConvArgs& a) {
#if defined(SHOAL_HAS_MVE_KERNELS)
  mve_wide_depthwise(a);
#elif defined(SHOAL_HAS_DSP_KERNELS)
  dsp_wide_depthwise(a);
#else
  portable_wide_depthwise(a);
#endif
}

}  // namespace shoal
