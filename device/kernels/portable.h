// The entries of portable_kernels().
#pragma once

#include "device/kernels/kernels.h"

namespace shoal {

void portable_conv(const ConvArgs&);
void portable_depthwise(const ConvArgs&);

}  // namespace shoal
