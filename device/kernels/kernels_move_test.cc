// Kernels that move bytes against their index formulas.
#include <gtest/gtest.h>

#include <functional>

#include "device/kernels/testing/kernel_cases.h"

namespace shoal {
namespace {

// The output columns and channels of one call, among canaries.
struct Output {
  int x0, x1, channels, stride;
  std::vector<int8_t> bytes, want;

  Output(std::mt19937& random, int columns, int channel_count)
      : channels(channel_count) {
    x0 = random_int(random, 0, columns - 1);
    x1 = random_int(random, x0 + 1, columns);
    stride = random_stride(random, channels);
    bytes = want = random_bytes(random, x1 * stride + 3);
  }
  void expect(const std::function<int8_t(int x, int c)>& f) {
    for (int x = x0; x < x1; ++x) {
      for (int c = 0; c < channels; ++c) {
        want.at(static_cast<size_t>(x * stride + c)) = f(x, c);
      }
    }
  }
  template <class Args>
  void give(Args& a) {
    a.x0 = x0, a.x1 = x1, a.channels = channels;
    a.out = bytes.data(), a.out_stride = stride;
  }
};

TEST(Move, AnyStride) {
  std::mt19937 random(1);
  for (int i = 0; i < 1000; ++i) {
    MoveArgs a{};
    a.in_w = random_int(random, 1, 12), a.in_c = random_int(random, 1, 9);
    a.in_stride = random_stride(random, a.in_c);
    const bool plain = one_in(random, 3);
    a.stride_x = plain ? 1 : random_int(random, -3, 3);
    a.base_x = random_int(random, -3, a.in_w + 1);
    a.stride_c = plain || one_in(random, 2) ? 1 : random_int(random, -3, 3);
    a.base_c = one_in(random, 2) ? 0 : random_int(random, -3, a.in_c);
    a.fill = random_int(random, -128, 127);
    Output out(random, random_int(random, 1, 14),
               plain ? a.in_c : random_int(random, 1, 12));
    const std::vector<int8_t> in =
        random_bytes(random, (a.in_w - 1) * a.in_stride + a.in_c);
    const bool null = one_in(random, 8);
    a.row = null ? nullptr : in.data();
    out.give(a);
    out.expect([&](int x, int c) {
      const int ix = x * a.stride_x + a.base_x;
      const int ic = c * a.stride_c + a.base_c;
      const bool inside =
          !null && ix >= 0 && ix < a.in_w && ic >= 0 && ic < a.in_c;
      return inside ? at(in, ix * a.in_stride + ic)
                    : static_cast<int8_t>(a.fill);
    });
    move_row(a);
    ASSERT_EQ(out.bytes, out.want) << "case " << i;
  }
}

TEST(Resize, AnyMap) {
  std::mt19937 random(2);
  for (int i = 0; i < 200; ++i) {
    ResizeArgs a{};
    Output out(random, random_int(random, 1, 14), random_int(random, 1, 9));
    a.in_stride = random_stride(random, out.channels);
    const int in_w = random_int(random, 1, 9);
    std::vector<uint16_t> columns;
    for (int x = 0; x < out.x1; ++x) {
      columns.push_back(static_cast<uint16_t>(random_int(random, 0, in_w - 1)));
    }
    const std::vector<int8_t> in =
        random_bytes(random, (in_w - 1) * a.in_stride + out.channels);
    a.row = in.data(), a.columns = columns.data();
    out.give(a);
    out.expect([&](int x, int c) {
      return at(in, columns.at(static_cast<size_t>(x)) * a.in_stride + c);
    });
    resize_row(a);
    ASSERT_EQ(out.bytes, out.want) << "case " << i;
  }
}

TEST(SpaceToDepth, AnyBlock) {
  std::mt19937 random(3);
  for (int i = 0; i < 200; ++i) {
    SpaceToDepthArgs a{};
    const int b = a.block = random_int(random, 1, 4);
    const int channels = random_int(random, 1, 7);
    const int columns = random_int(random, 1, 6);
    a.in_stride = random_stride(random, channels);
    Output out(random, columns, b * b * channels);
    std::vector<std::vector<int8_t>> in;
    std::vector<const int8_t*> rows;
    for (int dy = 0; dy < b; ++dy) {
      in.push_back(
          random_bytes(random, (out.x1 * b - 1) * a.in_stride + channels));
      rows.push_back(in.back().data());
    }
    out.give(a);
    a.channels = channels, a.rows = rows.data();
    out.expect([&](int x, int c) {
      const int phase = c / channels, dy = phase / b, dx = phase % b;
      return at(in.at(static_cast<size_t>(dy)),
                (x * b + dx) * a.in_stride + c % channels);
    });
    space_to_depth_row(a);
    ASSERT_EQ(out.bytes, out.want) << "case " << i;
  }
}

TEST(DepthToSpace, AnyBlock) {
  std::mt19937 random(4);
  for (int i = 0; i < 200; ++i) {
    DepthToSpaceArgs a{};
    const int b = a.block = random_int(random, 1, 4);
    a.phase = random_int(random, 0, b - 1);
    const int in_w = random_int(random, 1, 6);
    Output out(random, in_w * b, random_int(random, 1, 7));
    const int in_c = b * b * out.channels;
    a.in_stride = random_stride(random, in_c);
    const std::vector<int8_t> in =
        random_bytes(random, (in_w - 1) * a.in_stride + in_c);
    a.row = in.data();
    out.give(a);
    out.expect([&](int x, int c) {
      const int phase = a.phase * b + x % b;
      return at(in, x / b * a.in_stride + phase * out.channels + c);
    });
    depth_to_space_row(a);
    ASSERT_EQ(out.bytes, out.want) << "case " << i;
  }
}

}  // namespace
}  // namespace shoal
