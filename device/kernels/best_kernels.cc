#include "device/kernels/family.h"

namespace shoal {

const KernelSet& best_kernels() {
#if defined(SHOAL_HAS_AVX2_KERNELS)
  return has_avx2() ? avx2_kernels() : portable_kernels();
#elif defined(SHOAL_HAS_MVE_KERNELS)
  return mve_kernels();
#elif defined(SHOAL_HAS_DSP_KERNELS)
  return dsp_kernels();
#else
  return portable_kernels();
#endif
}

}  // namespace shoal
