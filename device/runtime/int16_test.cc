// Programs with elements of 16 bits: their results, and what the loader
// refuses.
#include <gtest/gtest.h>

#include "device/base/fixed_point.h"
#include "device/program/params.h"
#include "device/program/testing/seal_image.h"
#include "device/runtime/testing/expect_program.h"
#include "device/runtime/testing/sample_programs.h"

namespace shoal::test {
namespace {

using Wide = TensorOf<int16_t>;

Wide random_wide(Random& r, int rows, int columns, int channels) {
  Wide t(rows, columns, channels);
  for (int16_t& v : t.v) v = static_cast<int16_t>(uniform(r, -32768, 32767));
  return t;
}

// One wide actor between an input and an output.
template <class In, class Out>
void expect_actor(ActorSpec a, const In& x, const Out& y) {
  StageSpec s;
  const int in = s.buffer(x.buffer(0)), out = s.buffer(y.buffer(1));
  s.input(in, 0);
  a.r.in[0] = s.read(in), a.r.out = s.write(out);
  a.r.is_wide = 1;
  s.actors.push_back(a);
  s.output(out, 0);
  expect_program(ProgramBuilder({s}), {x.bytes()}, {y.bytes()});
}

ActorSpec wide_spec(OpCode op) {
  ActorSpec a;
  a.r.op = op;
  return a;
}

// The bias has 48 bits: its upper part lies in the multiplier.
int16_t finished(const Filter& f, int o, int64_t sum, const WideParams& p) {
  const int32_t m = f.multipliers[size_t(o)];
  const int64_t bias =
      int64_t{m >> 16} * (int64_t{1} << 32) + bits(f.bias[size_t(o)]);
  const int32_t v =
      p.long_sums
          ? requantize_once(sum + bias, m & 0x7FFF, f.shifts[size_t(o)])
          : requantize(wrap(static_cast<uint32_t>(sum + f.bias[size_t(o)])), m,
                       f.shifts[size_t(o)]);
  return static_cast<int16_t>(clamp(v, p.low, p.high));
}

int64_t window_sum(const Filter& f, const Wide& x, int oy, int ox, int o) {
  int64_t sum = 0;
  for (int ky = 0; ky < f.r.kernel_h; ++ky) {
    for (int kx = 0; kx < f.r.kernel_w; ++kx) {
      int y = oy * f.r.stride_y - f.r.pad_top + ky * f.r.dilation_y;
      int c = ox * f.r.stride_x - f.r.pad_left + kx * f.r.dilation_x;
      if (f.r.op == OpCode::kTransposeConv) {
        y = oy + f.r.pad_top - ky, c = ox + f.r.pad_left - kx;
        if (y < 0 || c < 0 || y % f.r.stride_y || c % f.r.stride_x) continue;
        y /= f.r.stride_y, c /= f.r.stride_x;
      }
      if (!x.inside(y, c)) continue;
      for (int i = 0; i < f.taps_c(); ++i) {
        const int from = f.depthwise() ? o / f.r.multiplier : i;
        sum += f.weight(o, ky, kx, i) * x.at(y, c, from);
      }
    }
  }
  return sum;
}

void expect_window(Random& r, OpCode op, int in_c, int out_c, int kernel,
                   bool long_sums) {
  SCOPED_TRACE(testing::Message() << "operator " << int(op));
  const int stride = op == OpCode::kTransposeConv ? 2 : 1;
  const int multiplier = op == OpCode::kDepthwise ? out_c / in_c : 1;
  Filter f = random_filter(r, op, in_c, out_c, kernel, stride, 1, multiplier);
  f.r.zero_in = f.r.zero_weight = f.r.zero_out = 0;
  for (size_t o = 0; o < size_t(out_c); ++o) {
    f.shifts[o] = uniform(r, -14, -9);
    if (!long_sums) continue;
    f.multipliers[o] =
        uniform(r, 1 << 14, (1 << 15) - 1) + uniform(r, -128, 127) * (1 << 16);
  }
  const Wide x = random_wide(r, 5, 6, in_c);
  const WideParams p{-32000, 31000, long_sums ? 1 : 0};
  const int rows = op == OpCode::kTransposeConv ? 9 : 5 + 2 + 1 - kernel;
  const int columns = op == OpCode::kTransposeConv ? 11 : 6 + 2 + 1 - kernel;
  Wide y(rows, columns, out_c);
  for (int oy = 0; oy < rows; ++oy) {
    for (int ox = 0; ox < columns; ++ox) {
      for (int o = 0; o < out_c; ++o) {
        y.at(oy, ox, o) = finished(f, o, window_sum(f, x, oy, ox, o), p);
      }
    }
  }
  for (const int part : {kernel, 1}) {
    ActorSpec a = actor_of(f, 0, 0);
    a.set_params(p);
    a.r.part = static_cast<uint16_t>(part);
    expect_actor(a, x, y);
    if (testing::Test::HasFatalFailure()) return;
  }
}

TEST(Int16, Windows) {
  Random r(1);
  for (const bool long_sums : {true, false}) {
    expect_window(r, OpCode::kConv, 3, 6, 3, long_sums);
    expect_window(r, OpCode::kConv, 60, 5, 3, long_sums);  // many products
    expect_window(r, OpCode::kDepthwise, 6, 6, 3, long_sums);
    expect_window(r, OpCode::kDepthwise, 2, 10, 2, long_sums);
    expect_window(r, OpCode::kTransposeConv, 5, 3, 3, long_sums);
  }
}

TEST(Int16, Rescale) {
  Random r(2);
  const Wide x = random_wide(r, 4, 3, 5);
  ActorSpec a = wide_spec(OpCode::kRescale);
  a.set_params(RescaleParams{2, 1, 0, -7, 1 << 30, -7, 3 << 28, -9, -100, 120});
  Tensor y(4, 3, 5);
  for (size_t i = 0; i < x.v.size(); ++i) {
    const int32_t v = x.v[i] >= 0 ? requantize(x.v[i], 1 << 30, -7)
                                  : requantize(x.v[i], 3 << 28, -9);
    y.v[i] = static_cast<int8_t>(clamp(v - 7, -100, 120));
  }
  expect_actor(a, x, y);
  // The other way, and the size of each number.
  a.set_params(
      RescaleParams{1, 2, 3, 0, 1 << 30, 7, -(1 << 30), 7, -32768, 32767});
  Wide wide(4, 3, 5);
  for (size_t i = 0; i < y.v.size(); ++i) {
    const int d = y.v[i] - 3;
    wide.v[i] = static_cast<int16_t>(requantize(d < 0 ? -d : d, 1 << 30, 7));
  }
  expect_actor(a, y, wide);
}

TEST(Int16, SigmoidIsBetweenItsTablesEntries) {
  Random r(3);
  const Wide x = random_wide(r, 6, 5, 7);
  SigmoidParams p{3, 0, 0, {}};
  for (uint32_t k = 0; k < 256; ++k) {
    p.table[k / 2] |= (32768 + 100 * k) << k % 2 * 16;
  }
  Wide y(6, 5, 7), t(6, 5, 7);
  for (size_t i = 0; i < x.v.size(); ++i) {
    const int v = 3 * x.v[i], size = v < 0 ? -v : v;
    // The table is a line, so what lies between two entries is on it.
    const int up = 32768 * 512 + 100 * size;
    y.v[i] =
        static_cast<int16_t>((v >= 0 ? up + 512 : (1 << 25) - up + 511) >> 10);
    const int twice = (32768 << 8) + 100 * size - (1 << 23);
    const bool ends = size >> 8 >= 255;
    const int part = ends ? (0xFFFF << 8) - (1 << 23) : twice;
    t.v[i] = static_cast<int16_t>((v >= 0 ? part + 128 : -part + 127) >> 8);
  }
  ActorSpec a = wide_spec(OpCode::kSigmoid);
  a.set_params(p);
  expect_actor(a, x, y);
  p.is_tanh = 1;
  a.set_params(p);
  expect_actor(a, x, t);
}

TEST(Int16, SoftmaxAddsUpToOne) {
  Random r(4);
  const Wide x = random_wide(r, 2, 2, 9);
  // e^x and 1 / (1 + x) as constants: all channels have an equal part.
  WideSoftmaxParams p{1 << 30, 0, {}, {}};
  for (int k = 0; k < kWideTableWords; ++k) {
    p.exponentials[k] = 32767 | 32767 << 16;
    p.reciprocals[k] = 29127 | 29127 << 16;  // 8 / 9
  }
  Wide y(2, 2, 9);
  for (int16_t& v : y.v) v = (int64_t{32767} * 29127 + (1 << 17)) >> 18;
  ActorSpec a = wide_spec(OpCode::kWideSoftmax);
  a.set_params(p);
  expect_actor(a, x, y);
}

// Runs a sample with one word of its record changed, sealed again.
template <class Change>
Status changed(Change change, Sample s = int16_sample()) {
  Bytes image = s.program.build();
  const HeadView head = view_head(image.data());
  const StageView stage = view_stage(image.data() + head.stages[0].offset);
  change(const_cast<Header&>(*head.header),
         const_cast<ActorRecord*>(stage.actors),
         const_cast<int32_t*>(stage.params),
         const_cast<BufferRecord*>(stage.buffers));
  seal_image(image.data(), static_cast<uint32_t>(image.size()));
  RunOptions o;
  return run_program(image, s.inputs, o).status;
}

TEST(Int16, TheLoaderRefuses) {
  const auto none = [](Header&, ActorRecord*, int32_t*, BufferRecord*) {};
  EXPECT_EQ(changed(none), Status::kOk);
  const auto refuse = [](auto change) {
    EXPECT_EQ(changed(change), Status::kBadRecord);
  };
  using A = ActorRecord*;
  using P = int32_t*;
  using B = BufferRecord*;
  refuse([](Header& h, A, P, B) { h.version = kInt4Version; });
  refuse([](Header&, A a, P, B) { a[0].is_wide = 0; });
  refuse([](Header&, A a, P, B) { a[1].is_wide = 0; });
  refuse([](Header&, A a, P, B) { a[0].op = OpCode::kSoftmax; });
  refuse([](Header&, A a, P, B) { a[0].zero_in = 1; });
  refuse([](Header&, A a, P, B) { a[2].zero_out = 1; });
  refuse([](Header&, A a, P, B) { a[0].room16 = 8; });
  refuse([](Header&, A a, P, B) { a[0].accumulator = kNowhere; });
  refuse([](Header&, A, P p, B) { p[0] = -32769; });
  refuse([](Header&, A, P p, B) { p[0] = 1, p[1] = 0; });
  refuse([](Header&, A, P p, B) { p[2] = 2; });
  refuse([](Header&, A, P p, B) { p[3] = 32768; });
  refuse([](Header&, A, P p, B) { p[4] = 31; });
  refuse([](Header&, A, P p, B) { p[5] = -1; });
  const int rescale = 3 + kParamCount<SigmoidParams>;
  refuse([=](Header&, A, P p, B) { p[rescale] = 1; });
  refuse([=](Header&, A, P p, B) { p[rescale + 1] = 2; });
  refuse([=](Header&, A, P p, B) { p[rescale + 5] = 40; });
  refuse([=](Header&, A, P p, B) { p[rescale + 9] = 128; });
}

// The steps of an LSTM have 6 bytes a unit of state, no zero points, and long
// sums.
TEST(Int16, TheLoaderRefusesOtherSteps) {
  const auto code = [](auto change) {
    return changed(change, wide_steps_sample());
  };
  using A = ActorRecord*;
  using P = int32_t*;
  using B = BufferRecord*;
  const int own = kParamCount<LstmParams>;
  EXPECT_EQ(code([](Header&, A, P, B) {}), Status::kOk);
  const auto refuse = [&](auto change) {
    EXPECT_EQ(code(change), Status::kBadRecord);
  };
  refuse([=](Header&, A, P p, B) { p[own + 2] = 0; });
  refuse([=](Header&, A, P p, B) { p[own] = -32769; });
  refuse([](Header&, A, P p, B) { p[1] = 31; });
  refuse([](Header& h, A a, P, B) { a[0].accumulator = h.arena_bytes - 16; });
  refuse([](Header&, A a, P, B) { a[0].is_wide = 0; });
  refuse([](Header&, A a, P, B) { a[0].zero_out = -3; });
}

}  // namespace
}  // namespace shoal::test
