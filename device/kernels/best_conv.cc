#include "device/kernels/dsp.h"
#include "device/kernels/portable.h"
#include "device/kernels/x86_avx2.h"

namespace shoal {

void conv_row(const ConvArgs& a) {
#if defined(SHOAL_HAS_AVX2_KERNELS)
  best_kernels().conv(a);
#elif defined(__ARM_FEATURE_DSP)
  dsp_conv(a);
#else
  portable_conv(a);
#endif
}

}  // namespace shoal
