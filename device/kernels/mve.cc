#include "device/kernels/mve.h"

namespace shoal {

const KernelSet& mve_kernels() {
  static constexpr KernelSet kSet = {"mve", mve_conv, mve_depthwise};
  return kSet;
}

}  // namespace shoal
