// The conv and depthwise kernels for x86-64 with AVX2. Same signature and same
// bytes as the portable ones; at most 32 KB of stack, nothing else.
//
// Only best_kernels(), tests and benchmarks come here. The functions are
// compiled with a target attribute each, so that nothing else in the build
// needs AVX2; call avx2_kernels() only if has_avx2().
#pragma once

#include "device/kernels/kernels.h"

#if defined(__x86_64__) && !defined(SHOAL_WITHOUT_X86_KERNELS)
#define SHOAL_HAS_AVX2_KERNELS 1

namespace shoal {

bool has_avx2();
const KernelSet& avx2_kernels();

}  // namespace shoal

#endif
