// Kernels for Helium, the vector extension of ARMv8.1-M, in integers:
// best_kernels() of Cortex-M55 and M85. They compile everywhere
// (mve_vectors.h), so the host tests them.
#pragma once

#include "device/kernels/kernels.h"
#include "device/kernels/wide.h"

namespace shoal {

const KernelSet& mve_kernels();

void mve_conv(const ConvArgs&);
void mve_depthwise(const ConvArgs&);
void mve_wide_conv(const WideConvArgs&);
void mve_wide_depthwise(const WideConvArgs&);
// add_row() of parameters as TensorFlow Lite makes them; false, and nothing
// done, if they are others.
bool mve_add(const BinaryArgs&);
bool mve_mul(const BinaryArgs&);  // likewise

}  // namespace shoal
