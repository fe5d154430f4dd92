#include "device/kernels/dsp.h"
#include "device/kernels/portable.h"
#include "device/kernels/x86_avx2.h"

namespace shoal {

void depthwise_row(const ConvArgs& a) {
#if defined(SHOAL_HAS_AVX2_KERNELS)
  best_kernels().depthwise(a);
#elif defined(__ARM_FEATURE_DSP)
  dsp_depthwise(a);
#else
  portable_depthwise(a);
#endif
}

bool depthwise_takes_rows() {
#if defined(SHOAL_HAS_AVX2_KERNELS)
  return best_kernels().depthwise_rows;
#else
  return false;
#endif
}

}  // namespace shoal
