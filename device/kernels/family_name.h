// Which family of kernels a build for one core has, for people: linking none
// of them. Builds that ask the CPU which it takes say KernelSet::name.
#pragma once

namespace shoal {

inline const char* kernel_family_name() {
#if defined(__ARM_FEATURE_MVE) && !defined(SHOAL_WITHOUT_MVE_KERNELS)
  return "mve";
#elif defined(__ARM_FEATURE_DSP) && !defined(SHOAL_WITHOUT_DSP_KERNELS)
  return "armv7e-m";
#elif defined(__ARM_ARCH_6M__) || defined(__ARM_ARCH_8M_BASE__)
  return "armv6-m";
#elif defined(__x86_64__)
  return "";  // the CPU is asked
#else
  return "portable";
#endif
}

}  // namespace shoal
