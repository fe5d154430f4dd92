// Pools and reductions against sums over single elements, whole and cut.
#include <gtest/gtest.h>

#include "device/kernels/testing/kernel_cases.h"
#include "device/kernels/testing/kernel_splits.h"

namespace shoal {
namespace {

using Rows = std::vector<std::vector<int8_t>>;

// Rows of exactly the readable bytes; empty: a padding row.
Rows random_rows(std::mt19937& random, int count, int bytes, bool nulls) {
  Rows rows;
  for (int i = 0; i < count; ++i) {
    const bool null = nulls && one_in(random, 4);
    rows.push_back(null ? std::vector<int8_t>() : random_bytes(random, bytes));
  }
  return rows;
}

std::vector<const int8_t*> pointers(const Rows& rows) {
  std::vector<const int8_t*> p;
  for (const auto& row : rows) p.push_back(row.empty() ? nullptr : row.data());
  return p;
}

int32_t halves_away(int64_t sum, int64_t count) {
  const int64_t twice = 2 * (sum < 0 ? -sum : sum) + count;
  const int64_t size = twice / (2 * count);
  return static_cast<int32_t>(sum < 0 ? -size : size);
}

struct Pool {
  PoolArgs a{};
  Rows rows;
  std::vector<const int8_t*> p;
  int out_w;

  explicit Pool(std::mt19937& random) {
    a.kernel_h = random_int(random, 1, 6);
    a.kernel_w = random_int(random, 1, 6);
    a.in_w = random_int(random, 1, 12);
    a.channels = random_int(random, 1, 9);
    a.in_stride = random_stride(random, a.channels);
    a.out_stride = random_stride(random, a.channels);
    a.partial_stride = random_stride(random, a.channels);
    a.stride_x = random_int(random, 1, 4);
    a.pad_left = random_int(random, -1, a.kernel_w);
    out_w = (a.in_w + a.kernel_w) / a.stride_x + 1;
    a.x0 = random_int(random, 0, out_w - 1);
    a.x1 = random_int(random, a.x0 + 1, out_w);
    a.act_min = one_in(random, 2) ? -128 : random_int(random, -128, 0);
    a.act_max = one_in(random, 2) ? 127 : random_int(random, 0, 127);
    rows =
        random_rows(random, a.kernel_h, (a.in_w - 1) * a.in_stride + a.channels,
                    one_in(random, 2));
    p = pointers(rows);
    a.rows = p.data();
    for (const int8_t* row : p) a.valid_rows += row != nullptr;
  }

  // Values of the places inside the picture.
  std::vector<int> window(int x, int c) const {
    std::vector<int> v;
    for (const auto& row : rows) {
      for (int kx = 0; kx < a.kernel_w && !row.empty(); ++kx) {
        const int ix = x * a.stride_x - a.pad_left + kx;
        if (ix < 0 || ix >= a.in_w) continue;
        v.push_back(row.at(static_cast<size_t>(ix * a.in_stride + c)));
      }
    }
    return v;
  }

  int8_t expected(bool max, int x, int c) const {
    const std::vector<int> v = window(x, c);
    int32_t y = max ? -128 : 0;
    for (int i : v) y = max ? std::max(y, i) : y + i;
    if (!max && !v.empty()) y = halves_away(y, static_cast<int64_t>(v.size()));
    return static_cast<int8_t>(clamp(y, a.act_min, a.act_max));
  }
};

void check_pool(bool max, uint32_t seed) {
  std::mt19937 random(seed);
  const auto kernel = max ? max_pool_row : average_pool_row;
  for (int i = 0; i < 400; ++i) {
    Pool pool(random);
    std::vector<int8_t> out =
        random_bytes(random, pool.a.x1 * pool.a.out_stride + 3);
    std::vector<int8_t> want = out;
    for (int x = pool.a.x0; x < pool.a.x1; ++x) {
      for (int c = 0; c < pool.a.channels; ++c) {
        want[static_cast<size_t>(x * pool.a.out_stride + c)] =
            pool.expected(max, x, c);
      }
    }
    // Kernel rows in parts, in place or not; often one part.
    const std::vector<int> cuts = one_in(random, 2)
                                      ? std::vector<int>{0, pool.a.kernel_h}
                                      : random_cuts(random, pool.a.kernel_h);
    const bool in_place = one_in(random, 2);
    const size_t size = static_cast<size_t>(pool.a.x1 * pool.a.partial_stride);
    std::vector<int32_t> sums[2] = {std::vector<int32_t>(size, 1000),
                                    std::vector<int32_t>(size, 1000)};
    for (size_t k = 0; k + 1 < cuts.size(); ++k) {
      PoolArgs part = pool.a;
      part.rows += cuts[k];
      part.kernel_h = cuts[k + 1] - cuts[k];
      if (k > 0) part.partial_in = sums[in_place ? 0 : (k + 1) % 2].data();
      const bool last = k + 2 == cuts.size();
      if (!last) part.partial_out = sums[in_place ? 0 : k % 2].data();
      part.out = last ? out.data() : nullptr;
      kernel(part);
    }
    ASSERT_EQ(out, want) << "seed " << seed << " case " << i;
  }
}

TEST(AveragePool, AnyShape) { check_pool(false, 1); }
TEST(MaxPool, AnyShape) { check_pool(true, 2); }

TEST(AveragePool, HalvesGoAwayFromZero) {
  const std::vector<int8_t> row = {1, 2, -1, -2, 127, 127, -128, -128};
  const int8_t* rows[] = {row.data()};
  std::vector<int8_t> out(4);
  PoolArgs a{};
  a.rows = rows, a.kernel_h = 1, a.kernel_w = 2, a.in_w = 8, a.in_stride = 1;
  a.stride_x = 2, a.x1 = 4, a.channels = 1, a.valid_rows = 1;
  a.act_min = -128, a.act_max = 127, a.out = out.data(), a.out_stride = 1;
  average_pool_row(a);
  EXPECT_EQ(out, (std::vector<int8_t>{2, -2, 127, -128}));
}

struct Reduce {
  ReduceArgs a{};
  Rows rows;
  std::vector<const int8_t*> p;
  int out_w, out_c;

  explicit Reduce(std::mt19937& random) {
    a.row_count = random_int(random, 1, 7);
    a.in_w = random_int(random, 1, 9);
    a.channels = random_int(random, 1, 9);
    a.in_stride = random_stride(random, a.channels);
    a.over_x = one_in(random, 2), a.over_c = one_in(random, 2);
    out_w = a.over_x ? 1 : a.in_w, out_c = a.over_c ? 1 : a.channels;
    a.elements =
        a.row_count * (a.over_x ? a.in_w : 1) * (a.over_c ? a.channels : 1);
    a.zero_in = random_int(random, -128, 127);
    a.zero_out = random_int(random, -128, 127);
    a.multiplier = random_int(random, 1 << 30, 0x7FFFFFFF);
    a.shift = random_int(random, -8, 1);
    a.act_min = -128, a.act_max = one_in(random, 2) ? 127 : 50;
    a.out_stride = random_stride(random, out_c);
    a.partial_stride = random_stride(random, out_c);
    rows = random_rows(random, a.row_count,
                       (a.in_w - 1) * a.in_stride + a.channels, false);
    p = pointers(rows);
    a.rows = p.data();
  }

  int8_t expected(bool max, int x, int c) const {
    int32_t sum = 0, largest = -128;
    for (const auto& row : rows) {
      for (int i = 0; i < a.in_w; ++i) {
        for (int k = 0; k < a.channels; ++k) {
          if ((!a.over_x && i != x) || (!a.over_c && k != c)) continue;
          const int v = row.at(static_cast<size_t>(i * a.in_stride + k));
          sum += v - a.zero_in;
          largest = std::max(largest, v);
        }
      }
    }
    const int32_t scaled = requantize(sum, a.multiplier, a.shift) + a.zero_out;
    return static_cast<int8_t>(
        clamp(max ? largest : scaled, a.act_min, a.act_max));
  }
};

void check_reduce(bool max, uint32_t seed) {
  std::mt19937 random(seed);
  const auto kernel = max ? reduce_max_row : reduce_sum_row;
  for (int i = 0; i < 400; ++i) {
    Reduce r(random);
    std::vector<int8_t> out =
        random_bytes(random, r.out_w * r.a.out_stride + 3);
    std::vector<int8_t> want = out;
    for (int x = 0; x < r.out_w; ++x) {
      for (int c = 0; c < r.out_c; ++c) {
        want[static_cast<size_t>(x * r.a.out_stride + c)] =
            r.expected(max, x, c);
      }
    }
    const std::vector<int> cuts = random_cuts(random, r.a.row_count);
    std::vector<int32_t> sums(static_cast<size_t>(r.out_w * r.a.partial_stride),
                              1000);
    for (size_t k = 0; k + 1 < cuts.size(); ++k) {
      ReduceArgs part = r.a;
      part.rows += cuts[k];
      part.row_count = cuts[k + 1] - cuts[k];
      if (k > 0) part.partial_in = sums.data();
      const bool last = k + 2 == cuts.size();
      if (!last) part.partial_out = sums.data();
      part.out = last ? out.data() : nullptr;
      kernel(part);
    }
    ASSERT_EQ(out, want) << "seed " << seed << " case " << i;
  }
}

TEST(Reduce, SumAnyShape) { check_reduce(false, 3); }
TEST(Reduce, MaxAnyShape) { check_reduce(true, 4); }

}  // namespace
}  // namespace shoal
