// A product of two computed matrices by the convolution of the build's family:
// rows of the left side are pixels, rows of the right side filters.
#include "device/base/fixed_point.h"
#include "device/kernels/dot.h"
#include "device/kernels/kernels.h"

namespace shoal {
namespace {

constexpr int kColumns = 16;  // of a call: what lies on the stack for them

}  // namespace

void matmul_rows(const MatmulArgs& m) {
  int32_t bias[kColumns], multipliers[kColumns];
  int8_t shifts[kColumns];
  for (int i = 0; i < kColumns; ++i) {
    multipliers[i] = m.multiplier;
    shifts[i] = static_cast<int8_t>(m.shift);
  }
  ConvArgs c{};
  c.rows = &m.a;
  c.kernel_h = c.kernel_w = c.stride_x = c.dilation_x = c.multiplier = 1;
  c.in_w = c.x1 = m.rows;
  c.in_stride = m.a_stride, c.in_c = m.length;
  c.weight_stride = m.b_stride;
  c.bias = bias, c.multipliers = multipliers, c.shifts = shifts;
  c.zero_weight = m.zero1, c.zero_out = m.zero_out;
  c.act_min = -128, c.act_max = 127;
  c.out_stride = m.out_stride;
  const uint32_t zeros = bits(m.length) * bits(m.zero1);
  for (int o = 0; o < m.columns; o += kColumns) {
    c.weights = m.b + o * m.b_stride;
    c.channels = m.columns - o < kColumns ? m.columns - o : kColumns;
    for (int i = 0; i < c.channels; ++i) {
      const uint32_t sum = weight_sum(c.weights + i * m.b_stride, m.length);
      bias[i] = wrap(bits(m.zero0) * (zeros - sum));
    }
    c.out = m.out + o;
    conv_row(c);
  }
}

}  // namespace shoal
