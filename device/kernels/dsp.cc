#include "device/kernels/dsp.h"

namespace shoal {

const KernelSet& dsp_kernels() {
  static constexpr KernelSet kSet = {"armv7e-m", dsp_conv, dsp_depthwise};
  return kSet;
}

}  // namespace shoal
