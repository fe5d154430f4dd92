#include "device/kernels/family.h"
#include "device/kernels/wide_sums.h"

namespace shoal {

void wide_conv_row(const WideConvArgs& a) {
#if defined(SHOAL_HAS_MVE_KERNELS)
  mve_wide_conv(a);
#elif defined(SHOAL_HAS_DSP_KERNELS)
  dsp_wide_conv(a);
#else
  portable_wide_conv(a);
#endif
}

void wide_products(const int8_t* weights, const int16_t* x, int n,
                   WideConvArgs& a) {
  a.rows = &x;
  a.kernel_h = a.kernel_w = 1;
  a.in_w = 1, a.in_stride = a.in_c = n;
  a.stride_x = a.dilation_x = 1;
  a.x1 = 1;
  a.multiplier = 1;
  a.weights = weights, a.weight_stride = n;
  a.out_stride = a.channels;
  wide_conv_row(a);
}

}  // namespace shoal
