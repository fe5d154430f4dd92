#include "device/kernels/mve.h"

namespace shoal {

const KernelSet& mve_kernels() {
  static constexpr KernelSet kSet = {"mve", mve_conv, mve_depthwise, true};
  return kSet;
}

}  // namespace shoal
