// Which families of kernels this build has besides the portable one. Options
// of the build take them out (SHOAL_X86_KERNELS, SHOAL_DSP_KERNELS,
// SHOAL_MVE_KERNELS).
#pragma once

#include "device/kernels/dsp.h"
#include "device/kernels/mve.h"
#include "device/kernels/portable.h"
#include "device/kernels/x86_avx2.h"

#if defined(__ARM_FEATURE_MVE) && !defined(SHOAL_WITHOUT_MVE_KERNELS)
#define SHOAL_HAS_MVE_KERNELS 1
#endif
#if defined(__ARM_FEATURE_DSP) && !defined(SHOAL_WITHOUT_DSP_KERNELS)
#define SHOAL_HAS_DSP_KERNELS 1
#endif
