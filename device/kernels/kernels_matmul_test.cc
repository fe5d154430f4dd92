// Products of two computed matrices against their formula.
#include <gtest/gtest.h>

#include <algorithm>

#include "device/base/fixed_point.h"
#include "device/kernels/testing/kernel_cases.h"

namespace shoal {
namespace {

// Rows may lie within rows of larger tensors, as heads of attention do.
void check_product(std::mt19937& random) {
  MatmulArgs m{};
  m.rows = random_int(random, 1, 9);
  m.columns = random_int(random, 1, 40);
  m.length = random_int(random, 1, 70);
  m.a_stride = random_stride(random, m.length);
  m.b_stride = random_stride(random, m.length);
  m.out_stride = random_stride(random, m.columns);
  m.zero0 = random_int(random, -128, 127);
  m.zero1 = one_in(random, 3) ? 0 : random_int(random, -128, 127);
  m.zero_out = random_int(random, -128, 127);
  m.multiplier = random_int(random, 1 << 30, 0x7FFFFFFF);
  m.shift = random_int(random, -14, -6);
  const auto a = random_bytes(random, (m.rows - 1) * m.a_stride + m.length);
  const auto b = random_bytes(random, (m.columns - 1) * m.b_stride + m.length);
  auto out = random_bytes(random, m.rows * m.out_stride);
  auto expected = out;
  for (int r = 0; r < m.rows; ++r) {
    for (int c = 0; c < m.columns; ++c) {
      int sum = 0;
      for (int k = 0; k < m.length; ++k) {
        sum += (at(a, r * m.a_stride + k) - m.zero0) *
               (at(b, c * m.b_stride + k) - m.zero1);
      }
      const int v = requantize(sum, m.multiplier, m.shift) + m.zero_out;
      expected[static_cast<size_t>(r * m.out_stride + c)] =
          static_cast<int8_t>(std::clamp(v, -128, 127));
    }
  }
  m.a = a.data(), m.b = b.data(), m.out = out.data();
  matmul_rows(m);
  ASSERT_EQ(out, expected) << m.rows << " x " << m.length << " by " << m.length
                           << " x " << m.columns;
}

TEST(Matmul, AnyShapeAndStride) {
  std::mt19937 random(1);
  for (int i = 0; i < 500 && !HasFatalFailure(); ++i) check_product(random);
}

}  // namespace
}  // namespace shoal
