#include "device/kernels/x86_avx2.h"

#include "device/kernels/x86_avx2_common.h"

#if defined(SHOAL_HAS_AVX2_KERNELS)

namespace shoal {
namespace {

// Packing weights pays by the number of pixels that share them, summing
// across vectors by the length of the window. A window shorter than a vector
// can only be packed.
constexpr int kLeastPixels = 8;

void conv(const ConvArgs& a) {
  const int64_t count = int64_t{a.kernel_h} * a.kernel_w * a.in_c;
  const bool few = a.x1 - a.x0 < kLeastPixels;
  if (count < 16 || (!few && avx2::packs(a))) {
    avx2::conv_packed(a);
  } else {
    avx2::conv_dot(a);
  }
}

}  // namespace

bool has_avx2() { return __builtin_cpu_supports("avx2"); }

const KernelSet& avx2_kernels() {
  static constexpr KernelSet kSet = {"avx2", conv, avx2::depthwise, true};
  return kSet;
}

}  // namespace shoal

#endif
