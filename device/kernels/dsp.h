// Kernels for the DSP extension of ARMv7E-M and ARMv8-M: best_kernels() of
// Cortex-M4, M7 and M33. They compile everywhere (dsp_words.h), so the host
// tests them.
#pragma once

#include "device/kernels/kernels.h"
#include "device/kernels/wide.h"

namespace shoal {

const KernelSet& dsp_kernels();

void dsp_conv(const ConvArgs&);
void dsp_depthwise(const ConvArgs&);
void dsp_wide_conv(const WideConvArgs&);
void dsp_wide_depthwise(const WideConvArgs&);

}  // namespace shoal
