// Every operator code in a program of its own, against the plain computation.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "device/kernels/cell.h"
#include "device/kernels/lstm.h"
#include "device/program/params.h"
#include "device/runtime/testing/expect_program.h"
#include "device/runtime/testing/naive.h"
#include "device/runtime/testing/sample_programs.h"

namespace shoal::test {
namespace {

std::set<OpCode> tried;

// Inputs and output lie inside larger buffers, so that no port begins at its
// buffer's first element. `slots` 0 holds the inputs whole.
void expect_op(ActorSpec a, const std::vector<Tensor>& in, const Tensor& out,
               int slots = 0) {
  SCOPED_TRACE(testing::Message() << "operator " << int(a.r.op));
  tried.insert(a.r.op);
  StageSpec s;
  std::vector<Bytes> inputs;
  const auto box = [](const Tensor& t) {
    return BoxSpec{1, t.rows + 1, 1, t.columns + 1, 2, t.channels + 2};
  };
  const auto around = [](const Tensor& t, int n) {
    return Tensor(t.rows + 1, t.columns + 1, t.channels + 3)
        .buffer(n && n < t.rows ? n : 0);
  };
  for (size_t i = 0; i < in.size(); ++i) {
    const int b = s.buffer(around(in[i], slots));
    s.input(b, static_cast<int>(i), box(in[i]));
    a.r.in[i] = s.read(b, box(in[i]));
    inputs.push_back(in[i].bytes());
  }
  const int b = s.buffer(around(out, a.r.band + 1));
  a.r.out = s.write(b, box(out));
  s.output(b, 0, box(out));
  s.actors.push_back(a);
  expect_program(ProgramBuilder({s}), inputs, {out.bytes()});
}

ActorSpec spec(OpCode op) {
  ActorSpec a;
  a.r.op = op;
  return a;
}

template <class F>
Tensor fill(Tensor t, F f) {
  for (int y = 0; y < t.rows; ++y) {
    for (int x = 0; x < t.columns; ++x) {
      for (int c = 0; c < t.channels; ++c) {
        t.at(y, x, c) = static_cast<int8_t>(f(y, x, c));
      }
    }
  }
  return t;
}

int byte(int32_t v) { return clamp(v, -128, 127); }

TEST(Ops, Convolutions) {
  Random r(1);
  const Tensor x = random_tensor(r, 7, 6, 3);
  Filter f = random_filter(r, OpCode::kConv, 3, 4, 3, 2, 1);
  expect_op(actor_of(f, 0, 0, 2), {x}, naive(f, x, 4, 3), 6);
  f = random_filter(r, OpCode::kConv, 3, 4, 3, 1, 2);
  f.r.dilation_y = f.r.dilation_x = 2;
  expect_op(actor_of(f, 0, 0, 1), {x}, naive(f, x, 7, 6), 5);
  f = random_filter(r, OpCode::kDepthwise, 3, 6, 3, 1, 1, 2);
  ActorSpec a = actor_of(f, 0, 0, 3);
  a.chunks = {chunk_of(f, {0, 2}), chunk_of(f, {2, 4})};
  a.r.slices = 3;
  expect_op(a, {x}, naive(f, x, 7, 6), 5);
  for (int stride : {1, 2, 3}) {
    f = random_filter(r, OpCode::kTransposeConv, 3, 4, 3, stride, 1);
    expect_op(actor_of(f, 0, 0, 2), {x},
              naive(f, x, 7 * stride, 6 * stride - 1), 4);
  }
  // Rows of two columns, which two cores can only cut by channels.
  const Tensor narrow = random_tensor(r, 7, 2, 3);
  f = random_filter(r, OpCode::kTransposeConv, 3, 8, 3, 1, 1);
  expect_op(actor_of(f, 0, 0, 1), {narrow}, naive(f, narrow, 7, 2), 4);
}

TEST(Ops, Pools) {
  Random r(2);
  const Tensor x = random_tensor(r, 8, 7, 3);
  for (bool average : {true, false}) {
    for (int part : {3, 2}) {
      ActorSpec a = spec(average ? OpCode::kAveragePool : OpCode::kMaxPool);
      a.r.kernel_h = 3, a.r.kernel_w = 2, a.r.part = uint16_t(part);
      a.r.stride_y = 2, a.r.stride_x = 1, a.r.pad_top = 1;
      a.r.slices = 2, a.r.act_max = 90;
      const Tensor y = fill(Tensor(4, 7, 3), [&](int oy, int ox, int c) {
        int sum = 0, n = 0, most = -128;
        for (int ky = 0; ky < 3; ++ky) {
          for (int kx = 0; kx < 2; ++kx) {
            const int iy = oy * 2 - 1 + ky, ix = ox + kx;
            if (!x.inside(iy, ix)) continue;
            ++n, sum += x.at(iy, ix, c),
                most = std::max<int>(most, x.at(iy, ix, c));
          }
        }
        const int mean = (sum + (sum < 0 ? -(n / 2) : n / 2)) / n;
        return std::min(90, average ? mean : most);
      });
      expect_op(a, {x}, y, part == 3 ? 3 : 0);
    }
  }
}

TEST(Ops, Reductions) {
  Random r(3);
  const Tensor x = random_tensor(r, 6, 5, 4);
  for (int mask = 0; mask < 8; ++mask) {
    const bool over_y = mask & 1, over_x = mask & 2, over_c = mask & 4;
    for (bool is_sum : {true, false}) {
      ActorSpec a = spec(is_sum ? OpCode::kReduceSum : OpCode::kReduceMax);
      if (over_x) a.r.flags |= kReduceColumns;
      if (over_c) a.r.flags |= kReduceChannels;
      a.r.kernel_h = a.r.part = over_y ? 6 : 1;
      a.r.zero_in = 5, a.r.zero_out = -3;
      const int ny = over_y ? 6 : 1, nx = over_x ? 5 : 1, nc = over_c ? 4 : 1;
      const ReduceParams p{ny * nx * nc, 1800000000, -6};
      if (is_sum) a.set_params(p);
      const Tensor y =
          fill(Tensor(over_y ? 1 : 6, over_x ? 1 : 5, over_c ? 1 : 4),
               [&](int oy, int ox, int oc) {
                 int sum = -p.count * 5, most = -128;
                 for (int i = 0; i < ny * nx * nc; ++i) {
                   const int v =
                       x.at(oy + i / (nx * nc), ox + i / nc % nx, oc + i % nc);
                   sum += v, most = std::max(most, v);
                 }
                 if (!is_sum) return most;
                 return byte(requantize(sum, p.multiplier, p.shift) - 3);
               });
      expect_op(a, {x}, y);
    }
  }
}

TEST(Ops, ElementwiseWithRepeatedRowsColumnsAndChannels) {
  Random r(4);
  const Tensor a = random_tensor(r, 5, 4, 3);
  const AddParams add{-7, 9,          1300000000, -1, 2000000000,
                      -2, 1500000000, -18,        -1};
  const MulParams mul{4, -6, 1700000000, -6};
  const PreluParams prelu{11, 1600000000, 0, 1900000000, -7};
  for (int mask = 0; mask < 8; ++mask) {
    const Tensor b =
        random_tensor(r, mask & 1 ? 1 : 5, mask & 2 ? 1 : 4, mask & 4 ? 1 : 3);
    const auto expect = [&](OpCode op, const auto& params, auto f) {
      ActorSpec s = spec(op);
      s.r.zero_in = 3, s.r.zero_out = -2, s.r.band = 2, s.r.slices = 2;
      if constexpr (!std::is_null_pointer_v<
                        std::remove_cvref_t<decltype(params)>>) {
        s.set_params(params);
      }
      const Tensor y = fill(Tensor(5, 4, 3), [&](int i, int j, int k) {
        return byte(
            f(a.at(i, j, k), b.at(i % b.rows, j % b.columns, k % b.channels)));
      });
      expect_op(s, {a, b}, y, 3);
    };
    expect(OpCode::kAdd, add, [&](int p, int q) {
      const int32_t u =
          requantize((p + 7) * (1 << 20), add.multiplier0, add.shift0);
      const int32_t v =
          requantize((q - 9) * (1 << 20), add.multiplier1, add.shift1);
      return requantize(u - v, add.multiplier_out, add.shift_out) - 2;
    });
    expect(OpCode::kMul, mul, [&](int p, int q) {
      return requantize((p - 4) * (q + 6), mul.multiplier, mul.shift) - 2;
    });
    expect(OpCode::kPrelu, prelu, [&](int p, int q) {
      return (p >= 3 ? requantize(p - 3, prelu.multiplier_pos, prelu.shift_pos)
                     : requantize((p - 3) * (q - 11), prelu.multiplier_neg,
                                  prelu.shift_neg)) -
             2;
    });
    const MulParams quotient{4, -6, 1700000000, 3};
    expect(OpCode::kDivide, quotient, [&](int p, int q) {
      if (q == -6) return p > 4 ? 127 : p < 4 ? -128 : -2;
      const int32_t v =
          divide(p - 4, q + 6, quotient.multiplier, quotient.shift);
      return clamp(v - 2, -128, 127);
    });
    const SquaredDifferenceParams square{4,          -6, 1 << 30,    0,
                                         1500000000, -2, 1200000000, -14};
    expect(OpCode::kSquaredDifference, square, [&](int p, int q) {
      const int32_t d =
          requantize((p - 4) * 128, square.multiplier0, square.shift0) -
          requantize((q + 6) * 128, square.multiplier1, square.shift1);
      return clamp(
          requantize(d * d, square.multiplier_out, square.shift_out) - 2, -128,
          127);
    });
    expect(OpCode::kMaximum, nullptr,
           [](int p, int q) { return std::max(p, q); });
    expect(OpCode::kMinimum, nullptr,
           [](int p, int q) { return std::min(p, q); });
  }
}

TEST(Ops, TableAndSoftmax) {
  Random r(5);
  const Tensor x = random_tensor(r, 4, 3, 10);
  ActorSpec a = spec(OpCode::kLut);
  std::vector<uint8_t> table(256);
  for (uint8_t& v : table) v = uint8_t(uniform(r, 0, 255));
  a.chunks = {{0, 10, 0, 0, table}};
  expect_op(a, {x},
            fill(x,
                 [&](int y, int c, int k) {
                   return int8_t(table[size_t(x.at(y, c, k) + 128)]);
                 }),
            2);

  ActorSpec s = spec(OpCode::kSoftmax);
  s.r.slices = 3;
  const SoftmaxParams p{1400000000, 23, -248};
  s.set_params(p);
  const Tensor y = fill(x, [&](int row, int column, int k) {
    int most = -128;
    for (int c = 0; c < 10; ++c)
      most = std::max<int>(most, x.at(row, column, c));
    const auto e = [&](int c) {
      const int d = x.at(row, column, c) - most;
      return d < p.diff_min
                 ? 0
                 : exp_negative(high_mul(d * (1 << p.shift), p.multiplier), 5);
    };
    int64_t sum = 0;
    for (int c = 0; c < 10; ++c) sum += round_shift(e(c), 12);
    const int zeros = leading_zeros(static_cast<uint32_t>(sum));
    const int32_t n =
        saturate(2 * int64_t{reciprocal_one_plus(static_cast<int32_t>(
                         (sum << zeros) - (int64_t{1} << 31)))});
    return byte(round_shift(high_mul(n, e(k)), 35 - zeros) - 128);
  });
  expect_op(s, {x}, y, 1);
}

TEST(Ops, L2Norm) {
  Random r(16);
  const Tensor x = random_tensor(r, 4, 3, 10);
  ActorSpec s = spec(OpCode::kL2Norm);
  s.r.slices = 3;
  s.r.zero_in = -5;
  const Tensor y = fill(x, [&](int row, int column, int k) {
    uint32_t sum = 0;
    for (int c = 0; c < 10; ++c) {
      const int d = x.at(row, column, c) + 5;
      sum += static_cast<uint32_t>(d * d);
    }
    const InverseRoot root = inverse_root(sum);
    return clamp(
        requantize(x.at(row, column, k) + 5, root.value, root.shift + 7), -128,
        127);
  });
  expect_op(s, {x}, y, 1);
}

TEST(Ops, Probability) {
  Random r(17);
  const Tensor x = random_tensor(r, 4, 3, 10);
  ActorSpec s = spec(OpCode::kProbability);
  s.r.slices = 3;
  s.r.zero_out = -100;
  ProbabilityParams p{6000000, 14, {}};
  for (int d = 0; d < 256; ++d) {
    p.exponentials[d] = kWholeProbability >> (d / 8);
  }
  s.set_params(p);
  const Tensor y = fill(x, [&](int row, int column, int k) {
    int most = -128;
    for (int c = 0; c < 10; ++c)
      most = std::max<int>(most, x.at(row, column, c));
    int64_t sum = 0;
    for (int c = 0; c < 10; ++c) {
      sum += p.exponentials[most - x.at(row, column, c)];
    }
    const int64_t e = p.exponentials[most - x.at(row, column, k)];
    const int64_t divisor = sum << 14;
    const int64_t steps = (e * p.factor + divisor / 2) / divisor;
    return clamp(static_cast<int32_t>(steps) - 100, -128, 127);
  });
  expect_op(s, {x}, y, 1);
}

TEST(Ops, LogarithmOfSoftmax) {
  Random r(15);
  const Tensor x = random_tensor(r, 4, 3, 10);
  ActorSpec s = spec(OpCode::kLogSoftmax);
  s.r.slices = 3;
  const LogSoftmaxParams p{1400000000, 22, -400, 1600000000, -21};
  s.set_params(p);
  const Tensor y = fill(x, [&](int row, int column, int k) {
    int most = -128;
    for (int c = 0; c < 10; ++c)
      most = std::max<int>(most, x.at(row, column, c));
    const auto g = [&](int c) {
      return requantize(x.at(row, column, c) - most, p.multiplier, p.shift);
    };
    uint32_t sum = 0;
    for (int c = 0; c < 10; ++c) {
      sum += static_cast<uint32_t>(round_shift(exp_negative(g(c), 5), 12));
    }
    const int32_t log = log_of_sum(sum);
    const int limit =
        requantize(log + kInt32Min, p.back_multiplier, p.back_shift);
    if (x.at(row, column, k) - most <= std::max(limit, p.diff_min - 1)) {
      return -128;
    }
    return clamp(round_shift(g(k) - log, 22) + 127, -128, 127);
  });
  expect_op(s, {x}, y, 1);
}

TEST(Ops, PlacesAndSumsAlongChannels) {
  Random r(16);
  const Tensor x = random_tensor(r, 5, 4, 9);
  for (const int sign : {1, -1}) {
    ActorSpec a = spec(OpCode::kArgMax);
    a.set_params(ArgParams{sign});
    a.r.slices = 2;
    const Tensor y = fill(Tensor(5, 4, 2), [&](int oy, int ox, int c) {
      int best = 0;
      for (int k = 1; k < 9; ++k) {
        if (x.at(oy, ox, k) * sign > x.at(oy, ox, best) * sign) best = k;
      }
      return c == 0 ? best : 0;
    });
    expect_op(a, {x}, y, 2);
  }
  for (const int way : {0, 1, 2, 3}) {
    ActorSpec a = spec(OpCode::kRunningSum);
    const RunningSumParams p{1700000000, -18, way & 1, way >> 1};
    a.set_params(p);
    a.r.zero_in = 3, a.r.zero_out = -2, a.r.band = 2;
    const Tensor y = fill(x, [&](int oy, int ox, int c) {
      int sum = 0;
      for (int k = 0; k < 9; ++k) {
        const bool before = p.reverse ? k > c : k < c;
        if (before || (k == c && !p.exclusive)) sum += x.at(oy, ox, k) - 3;
      }
      return clamp(requantize(sum * (1 << 19), p.multiplier, p.shift) - 2, -128,
                   127);
    });
    expect_op(a, {x}, y, 3);
  }
}

TEST(Ops, Products) {
  Random r(17);
  const Tensor a = random_tensor(r, 6, 1, 7), b = random_tensor(r, 4, 1, 7);
  ActorSpec s = spec(OpCode::kMatmul);
  const MulParams p{4, -6, 1700000000, -9};
  s.set_params(p);
  s.r.zero_out = -2, s.r.band = 2;
  const Tensor y = fill(Tensor(6, 1, 4), [&](int oy, int, int c) {
    int sum = 0;
    for (int k = 0; k < 7; ++k) {
      sum += (a.at(oy, 0, k) - p.zero0) * (b.at(c, 0, k) - p.zero1);
    }
    return clamp(requantize(sum, p.multiplier, p.shift) - 2, -128, 127);
  });
  expect_op(s, {a, b}, y);
}

// The kernel itself is compared with the oracle's LSTM in tests/.
TEST(Ops, Steps) {
  Random r(19);
  constexpr int kSteps = 6, kInputs = 5, kUnits = 8;
  const Tensor x = random_tensor(r, kSteps, 1, kInputs);
  const Tensor before = random_tensor(r, 3, 1, kUnits);
  const ActorSpec a = lstm_actor(r, kInputs, kUnits);
  LstmParams p;
  std::memcpy(&p, a.params.data(), sizeof p);
  std::vector<int8_t> hidden;
  std::vector<int16_t> cell(kUnits);
  const Bytes state = before.bytes();
  for (int u = 0; u < kUnits; ++u) {
    hidden.push_back(static_cast<int8_t>(state[size_t(u)]));
  }
  std::memcpy(cell.data(), &state[kUnits], 2 * kUnits);
  Tensor y(kSteps + 2, 1, kUnits);
  for (int t = 0; t < kSteps; ++t) {
    std::vector<int8_t> row, next(kUnits);
    for (int c = 0; c < kInputs; ++c)
      row.push_back(static_cast<int8_t>(x.at(t, 0, c)));
    for (const ChunkSpec& c : a.chunks) {
      const auto* weights = reinterpret_cast<const int8_t*>(c.bytes.data());
      lstm_step({row.data(), hidden.data(), kInputs, kUnits, weights, c.out_n,
                 &cell[size_t(c.out0)], &next[size_t(c.out0)], a.r.zero_out,
                 &p});
    }
    hidden = next;
    for (int u = 0; u < kUnits; ++u) y.at(t, 0, u) = hidden[size_t(u)];
  }
  for (int k = 0; k < 2 * kUnits; ++k) {
    const int v = cell[size_t(k / 2)];
    y.at(kSteps + k / kUnits, 0, k % kUnits) =
        static_cast<int8_t>(k % 2 ? v >> 8 : v & 0xFF);
  }
  expect_op(a, {x, before}, y);
}

TEST(Ops, StepsOfOperations) {
  Random r(23);
  constexpr int kSteps = 6, kInputs = 5, kUnits = 8;
  const Tensor x = random_tensor(r, kSteps, 1, kInputs);
  const Tensor before = random_tensor(r, 2, 1, kUnits);
  const ActorSpec a = cell_actor(r, kInputs, kUnits);
  CellParams p;
  std::memcpy(&p, a.params.data(), sizeof p);
  const Bytes rows = x.bytes();
  Bytes state = before.bytes();
  const auto signs = [](Bytes& b) { return reinterpret_cast<int8_t*>(&b[0]); };
  // A row has the units of the first phase, then those of the first state.
  Tensor y(kSteps + 1, 1, 2 * kUnits);
  for (int t = 0; t < kSteps; ++t) {
    Bytes row(rows.begin() + t * kInputs, rows.begin() + (t + 1) * kInputs);
    Bytes after(2 * kUnits), made(2 * kUnits);
    for (const ChunkSpec& c : a.chunks) {
      const auto* weights = reinterpret_cast<const int8_t*>(c.bytes.data());
      cell_step({signs(row), signs(state), kInputs, kUnits, weights, c.out0,
                 c.out_n, signs(after), signs(made), &p});
    }
    state = after;
    for (int u = 0; u < kUnits; ++u) {
      y.at(t, 0, u) = static_cast<int8_t>(made[size_t(u)]);
      y.at(t, 0, kUnits + u) = static_cast<int8_t>(state[size_t(u)]);
      for (const int o : {u, kUnits + u}) {
        y.at(kSteps, 0, o) = static_cast<int8_t>(state[size_t(kUnits + u)]);
      }
    }
  }
  expect_op(a, {x, before}, y);
}

TEST(Ops, BetweenRowsAndColumns) {
  Random r(18);
  const Tensor x = random_tensor(r, 4, 5, 3);
  // Half pixel centers, and what rounding leaves behind the last row.
  for (const BilinearParams& p :
       {BilinearParams{683, -171, 853, -86}, BilinearParams{820, 0, 1280, 0}}) {
    ActorSpec a = spec(OpCode::kBilinear);
    a.set_params(p);
    a.r.band = 2, a.r.slices = 2;
    const Tensor y = fill(Tensor(6, 4, 3), [&](int oy, int ox, int c) {
      const double v = (oy * p.scale_y + p.base_y) / 1024.0;
      const double h = (ox * p.scale_x + p.base_x) / 1024.0;
      const auto at = [&](double row, double column) {
        return double{1} * x.at(std::clamp(static_cast<int>(row), 0, 3),
                                std::clamp(static_cast<int>(column), 0, 4), c);
      };
      const double v0 = std::floor(v), h0 = std::floor(h);
      const double dv = v - v0, dh = h - h0;
      return static_cast<int>(std::round(
          at(v0, h0) * (1 - dv) * (1 - dh) + at(v0, h0 + 1) * (1 - dv) * dh +
          at(v0 + 1, h0) * dv * (1 - dh) + at(v0 + 1, h0 + 1) * dv * dh));
    });
    expect_op(a, {x}, y, 5);
  }
}

TEST(Ops, Moves) {
  Random r(6);
  const Tensor x = random_tensor(r, 6, 5, 4);
  const MoveParams cases[] = {
      {1, 0, 1, 0, 1, 0, 0},    {2, 1, 1, -1, 1, 0, 77},
      {1, -2, 2, 0, -1, 3, -9}, {-1, 5, -1, 4, 1, -1, 3},
      {1, 3, 1, 2, 2, 0, -128},
  };
  for (const MoveParams& p : cases) {
    ActorSpec a = spec(OpCode::kMove);
    a.set_params(p);
    a.r.slices = 2, a.r.band = 2;
    const Tensor y = fill(Tensor(7, 6, 3), [&](int oy, int ox, int oc) {
      const int iy = oy * p.stride_y + p.base_y,
                ix = ox * p.stride_x + p.base_x;
      const int ic = oc * p.stride_c + p.base_c;
      const bool there = x.inside(iy, ix) && ic >= 0 && ic < 4;
      return there ? x.at(iy, ix, ic) : p.fill;
    });
    expect_op(a, {x}, y, p.stride_y < 0 ? 0 : 5);
  }
}

TEST(Ops, ResizeByMaps) {
  Random r(7);
  const Tensor x = random_tensor(r, 4, 5, 3);
  ActorSpec a = spec(OpCode::kResize);
  a.r.band = 2, a.r.slices = 2;
  a.maps = {0, 0, 1, 1, 1, 3, 3, /*columns*/ 4, 0, 2, 2};
  const Tensor y = fill(Tensor(7, 4, 3), [&](int oy, int ox, int c) {
    return x.at(a.maps[size_t(oy)], a.maps[size_t(7 + ox)], c);
  });
  expect_op(a, {x}, y, 3);
}

TEST(Ops, SpaceToDepthAndBack) {
  Random r(8);
  const Tensor x = random_tensor(r, 6, 4, 3);
  ActorSpec a = spec(OpCode::kSpaceToDepth), b = spec(OpCode::kDepthToSpace);
  a.params = b.params = {2};
  a.r.slices = 2, b.r.slices = 3;
  const Tensor y = fill(Tensor(3, 2, 12), [&](int oy, int ox, int c) {
    return x.at(oy * 2 + c / 6, ox * 2 + c / 3 % 2, c % 3);
  });
  expect_op(a, {x}, y, 3);
  expect_op(b, {y}, x, 1);
}

TEST(Ops, TransposeAndReshape) {
  Random r(9);
  const Tensor x = random_tensor(r, 4, 3, 6);
  ActorSpec a = spec(OpCode::kTranspose);
  // Axes (4, 3, 6) become (6, 4, 3).
  a.set_params(TransposeParams{{1, 6, 4, 3}, {0, 1, 18, 6}});
  expect_op(a, {x}, fill(Tensor(6, 4, 3), [&](int oy, int ox, int c) {
              return x.at(ox, c, oy);
            }));
  const std::array<int, 3> shapes[] = {
      {8, 3, 3}, {1, 1, 72}, {12, 6, 1}, {3, 8, 3}, {4, 3, 6}};
  for (const auto& shape : shapes) {
    ActorSpec b = spec(OpCode::kReshape);
    Tensor y(shape[0], shape[1], shape[2]);
    y.v = x.v;
    expect_op(b, {x}, y, shape[0] == 8 ? 2 : 0);
  }
}

TEST(Ops, ConstantRowsInChunks) {
  Random r(10);
  const Tensor y = random_tensor(r, 7, 3, 2);
  for (int chunk_rows : {7, 4, 2}) {
    ActorSpec a = spec(OpCode::kConstant);
    a.r.band = 2;
    if (chunk_rows == 7) a.r.band = 3;
    for (int lo = 0; lo < 7; lo += chunk_rows) {
      const int n = std::min(7 - lo, chunk_rows);
      const Bytes all = y.bytes();
      ChunkSpec c{lo, n, 0, 0, {}};
      c.bytes.assign(all.begin() + lo * 6, all.begin() + (lo + n) * 6);
      c.bytes.resize(align_up(uint32_t(c.bytes.size()), 4));
      a.chunks.push_back(c);
    }
    expect_op(a, {}, y);
  }
}

TEST(Ops, Requantize) {
  Random r(11);
  Sums x(5, 4, 3);
  for (int32_t& v : x.v) v = uniform(r, -60000, 60000);
  Filter q = random_filter(r, OpCode::kRequantize, 1, 3, 1);
  q.weights.clear(), q.in_c = 0;
  const Tensor y = fill(Tensor(5, 4, 3), [&](int oy, int ox, int c) {
    return finish(q, c, int64_t{x.at(oy, ox, c)} + q.bias[size_t(c)]);
  });
  StageSpec s;
  const int bx = s.buffer(x.buffer(2)), by = s.buffer(y.buffer(2));
  s.input(bx, 0);
  ActorSpec a = actor_of(q, s.read(bx), s.write(by));
  for (ChunkSpec& c : a.chunks) {
    for (size_t i = 0; i < 3; ++i) {  // the bias is not folded
      std::memcpy(c.bytes.data() + 4 * i, &q.bias[i], 4);
    }
  }
  s.actors.push_back(a);
  s.output(by, 0);
  ProgramBuilder p({s});
  tried.insert(OpCode::kRequantize);
  expect_program(p, {x.bytes()}, {y.bytes()});
}

TEST(Ops, NoOperatorWasForgotten) {
  // int16_test.cc tries those that compute with 16 bits only.
  int others = 0;
  for (int op = 1; op <= kActorKindCount; ++op) {
    others += is_always_wide(static_cast<OpCode>(op)) ? 0 : 1;
  }
  EXPECT_EQ(tried.size(), static_cast<size_t>(others));
}

}  // namespace
}  // namespace shoal::test
