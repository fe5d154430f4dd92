#include "device/kernels/family.h"

namespace shoal {

void depthwise_row(const ConvArgs& a) {
#if defined(SHOAL_HAS_AVX2_KERNELS)
  best_kernels().depthwise(a);
#elif defined(SHOAL_HAS_MVE_KERNELS)
  mve_depthwise(a);
#elif defined(SHOAL_HAS_DSP_KERNELS)
  dsp_depthwise(a);
#else
  portable_depthwise(a);
#endif
}

bool depthwise_takes_rows() {
#if defined(SHOAL_HAS_AVX2_KERNELS)
  return best_kernels().depthwise_rows;
#elif defined(SHOAL_HAS_MVE_KERNELS)
  return true;
#else
  return false;
#endif
}

}  // namespace shoal
