#include "device/kernels/portable.h"

#include "device/kernels/thumb1.h"

namespace shoal {

const KernelSet& portable_kernels() {
#if defined(SHOAL_THUMB1)
  constexpr const char* kName = "armv6-m";
#else
  constexpr const char* kName = "portable";
#endif
  static constexpr KernelSet kSet = {kName, portable_conv, portable_depthwise};
  return kSet;
}

}  // namespace shoal
