#include "device/kernels/family.h"

namespace shoal {

void conv_row(const ConvArgs& a) {
#if defined(SHOAL_HAS_AVX2_KERNELS)
  best_kernels().conv(a);
#elif defined(SHOAL_HAS_MVE_KERNELS)
  mve_conv(a);
#elif defined(SHOAL_HAS_DSP_KERNELS)
  dsp_conv(a);
#else
  portable_conv(a);
#endif
}

}  // namespace shoal
