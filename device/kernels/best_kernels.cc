#include "device/kernels/dsp.h"
#include "device/kernels/x86_avx2.h"

namespace shoal {

const KernelSet& best_kernels() {
#if defined(SHOAL_HAS_AVX2_KERNELS)
  static const KernelSet& best =
      has_avx2() ? avx2_kernels() : portable_kernels();
  return best;
#elif defined(__ARM_FEATURE_DSP)
  return dsp_kernels();
#else
  return portable_kernels();
#endif
}

}  // namespace shoal
