#include "device/kernels/portable.h"

namespace shoal {

const KernelSet& portable_kernels() {
  static constexpr KernelSet kSet = {"portable", portable_conv,
                                     portable_depthwise};
  return kSet;
}

}  // namespace shoal
