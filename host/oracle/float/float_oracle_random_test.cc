// Windows of random shapes beside a direct sum in double, which looks up each
// product by its own indices.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <utility>

#include "host/oracle/float/testing/one_operator.h"

namespace shoal {
namespace {

constexpr int kCases = 60;

// One side of a window and the sizes it leads to.
struct Side {
  int in, out, kernel, stride, dilation, pad;
};

class Dice {
 public:
  explicit Dice(uint32_t seed) : random_(seed) {}
  int below(int n) { return static_cast<int>(random_() % n); }
  int from(int low, int high) { return low + below(high - low + 1); }
  Floats floats(int64_t n) {
    std::uniform_real_distribution<float> d(-1, 1);
    Floats all(n);
    for (float& v : all) v = d(random_);
    return all;
  }
  Side side(bool same, int dilation) {
    Side s{from(1, 9), 0, from(1, 4), from(1, 3), dilation, 0};
    const int extent = (s.kernel - 1) * dilation + 1;
    if (!same) {
      s.in = std::max(s.in, extent);
      s.out = (s.in - extent) / s.stride + 1;
      return s;
    }
    s.out = (s.in + s.stride - 1) / s.stride;
    s.pad = std::max(0, (s.out - 1) * s.stride + extent - s.in) / 2;
    return s;
  }

 private:
  std::mt19937 random_;
};

struct Case {
  Side h, w;
  int in_c, out_c;
  Floats x, weights, bias;

  WindowAttr attr() const {
    WindowAttr a;
    a.kernel_h = h.kernel, a.kernel_w = w.kernel;
    a.stride_h = h.stride, a.stride_w = w.stride;
    a.dilation_h = h.dilation, a.dilation_w = w.dilation;
    a.pad_top = h.pad, a.pad_left = w.pad;
    return a;
  }
  Tensor picture() const { return float_tensor({1, h.in, w.in, in_c}); }
  Tensor made() const { return float_tensor({1, h.out, w.out, out_c}); }
  double at(int y, int x_, int c) const {
    return static_cast<double>(x[(y * w.in + x_) * in_c + c]);
  }
};

Case make_case(Dice& dice, int multiplier, int dilation) {
  const bool same = dice.below(2) == 0;
  Case c;
  c.h = dice.side(same, dilation);
  c.w = dice.side(same, dilation);
  c.in_c = dice.from(1, 20);
  c.out_c = multiplier ? c.in_c * multiplier : dice.from(1, 40);
  c.x = dice.floats(int64_t{c.h.in} * c.w.in * c.in_c);
  c.bias = dice.floats(c.out_c);
  return c;
}

// A convolution of the case, its weights of this shape.
Graph convolution(OpKind kind, const Case& c, Shape weights,
                  const WindowAttr& attr) {
  return one_operator(
      kind,
      {c.picture(), float_constant(std::move(weights), c.weights),
       float_constant({c.out_c}, c.bias)},
      {c.made()}, attr);
}

// f(y, x, ky, kx) for every place of the window inside the picture.
template <class F>
void window_of(const Case& c, int oy, int ox, F f) {
  for (int ky = 0; ky < c.h.kernel; ++ky) {
    for (int kx = 0; kx < c.w.kernel; ++kx) {
      const int y = oy * c.h.stride - c.h.pad + ky * c.h.dilation;
      const int x = ox * c.w.stride - c.w.pad + kx * c.w.dilation;
      if (y >= 0 && y < c.h.in && x >= 0 && x < c.w.in) f(y, x, ky, kx);
    }
  }
}

template <class F>
void expect_each(const Case& c, const Floats& got, F wanted) {
  ASSERT_EQ(got.size(), static_cast<size_t>(c.h.out) * c.w.out * c.out_c);
  size_t i = 0;
  for (int oy = 0; oy < c.h.out; ++oy) {
    for (int ox = 0; ox < c.w.out; ++ox) {
      for (int o = 0; o < c.out_c; ++o) {
        ASSERT_NEAR(got[i++], wanted(oy, ox, o), 1e-4)
            << "at " << oy << ", " << ox << ", channel " << o;
      }
    }
  }
}

double value(const Floats& v, int64_t i) {
  return static_cast<double>(v[static_cast<size_t>(i)]);
}

// Calls body(dice) with seeds that failures name.
template <class F>
void for_seeds(F body) {
  for (uint32_t seed = 1; seed <= kCases; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(seed);
    body(dice);
    if (testing::Test::HasFatalFailure()) return;
  }
}

TEST(RandomWindows, Conv2d) {
  for_seeds([](Dice& dice) {
    Case c = make_case(dice, 0, dice.from(1, 2));
    const int taps = c.h.kernel * c.w.kernel;
    c.weights = dice.floats(int64_t{c.out_c} * taps * c.in_c);
    const Graph g =
        convolution(OpKind::kConv2d, c,
                    {c.out_c, c.h.kernel, c.w.kernel, c.in_c}, c.attr());
    expect_each(c, run_once(g, c.x), [&](int oy, int ox, int o) {
      double sum = value(c.bias, o);
      window_of(c, oy, ox, [&](int y, int x, int ky, int kx) {
        for (int i = 0; i < c.in_c; ++i) {
          const int tap = ky * c.w.kernel + kx;
          sum +=
              c.at(y, x, i) * value(c.weights, (o * taps + tap) * c.in_c + i);
        }
      });
      return sum;
    });
  });
}

TEST(RandomWindows, DepthwiseConv2d) {
  for_seeds([](Dice& dice) {
    const int multiplier = dice.from(1, 3);
    Case c = make_case(dice, multiplier, dice.from(1, 2));
    c.weights = dice.floats(int64_t{c.h.kernel} * c.w.kernel * c.out_c);
    WindowAttr attr = c.attr();
    attr.depth_multiplier = multiplier;
    const Graph g = convolution(OpKind::kDepthwiseConv2d, c,
                                {1, c.h.kernel, c.w.kernel, c.out_c}, attr);
    expect_each(c, run_once(g, c.x), [&](int oy, int ox, int o) {
      double sum = value(c.bias, o);
      window_of(c, oy, ox, [&](int y, int x, int ky, int kx) {
        sum += c.at(y, x, o / multiplier) *
               value(c.weights, (ky * c.w.kernel + kx) * c.out_c + o);
      });
      return sum;
    });
  });
}

TEST(RandomWindows, Pools) {
  for_seeds([](Dice& dice) {
    const Case c = make_case(dice, 1, 1);
    const auto pooled = [&](OpKind kind) {
      return run_once(one_operator(kind, {c.picture()}, {c.made()}, c.attr()),
                      c.x);
    };
    expect_each(c, pooled(OpKind::kAveragePool2d), [&](int oy, int ox, int o) {
      double sum = 0;
      int places = 0;
      window_of(c, oy, ox, [&](int y, int x, int, int) {
        sum += c.at(y, x, o);
        ++places;
      });
      return sum / places;
    });
    expect_each(c, pooled(OpKind::kMaxPool2d), [&](int oy, int ox, int o) {
      double highest = -2;
      window_of(c, oy, ox, [&](int y, int x, int, int) {
        highest = std::max(highest, c.at(y, x, o));
      });
      return highest;
    });
  });
}

// The other way round than the interpreter: which inputs reach an output.
TEST(RandomWindows, TransposeConv) {
  for_seeds([](Dice& dice) {
    Case c = make_case(dice, 0, 1);
    std::swap(c.h.in, c.h.out);  // sizes of a convolution back to the input
    std::swap(c.w.in, c.w.out);
    c.x = dice.floats(int64_t{c.h.in} * c.w.in * c.in_c);
    const int taps = c.h.kernel * c.w.kernel;
    c.weights = dice.floats(int64_t{c.out_c} * taps * c.in_c);
    const Graph g =
        convolution(OpKind::kTransposeConv, c,
                    {c.out_c, c.h.kernel, c.w.kernel, c.in_c}, c.attr());
    // The input index that reaches output `o` through tap `k`, or -1.
    const auto source = [](const Side& s, int o, int k) {
      const int shifted = o + s.pad - k;
      if (shifted < 0 || shifted % s.stride != 0) return -1;
      return shifted / s.stride < s.in ? shifted / s.stride : -1;
    };
    expect_each(c, run_once(g, c.x), [&](int oy, int ox, int o) {
      double sum = value(c.bias, o);
      for (int tap = 0; tap < taps; ++tap) {
        const int y = source(c.h, oy, tap / c.w.kernel);
        const int x = source(c.w, ox, tap % c.w.kernel);
        if (y < 0 || x < 0) continue;
        for (int i = 0; i < c.in_c; ++i) {
          sum +=
              c.at(y, x, i) * value(c.weights, (o * taps + tap) * c.in_c + i);
        }
      }
      return sum;
    });
  });
}

TEST(RandomWindows, FullyConnected) {
  for_seeds([](Dice& dice) {
    const int rows = dice.from(1, 4), in = dice.from(1, 300);
    const int out = dice.from(1, 70);
    const Floats x = dice.floats(rows * in), w = dice.floats(out * in);
    const Graph g =
        one_operator(OpKind::kFullyConnected,
                     {float_tensor({rows, in}), float_constant({out, in}, w)},
                     {float_tensor({rows, out})}, FusedAttr{});
    const Floats got = run_once(g, x);
    for (int i = 0; i < rows * out; ++i) {
      double sum = 0;
      for (int k = 0; k < in; ++k) {
        sum += value(x, i / out * in + k) * value(w, i % out * in + k);
      }
      ASSERT_NEAR(got[i], sum, 1e-4) << i;
    }
  });
}

}  // namespace
}  // namespace shoal
