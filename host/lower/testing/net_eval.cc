#include "host/lower/testing/net_eval.h"

#include <cstring>
#include <stdexcept>

#include "device/base/fixed_point.h"
#include "device/program/params.h"
#include "host/lower/batch.h"
#include "host/lower/layout.h"
#include "host/lower/testing/cell_steps.h"
#include "host/lower/testing/grid.h"
#include "host/lower/testing/lstm_functions.h"

namespace shoal {
namespace {

template <class T>
T params_of(const Layer& l) {
  if (l.params.size() != kParamCount<T>) {
    throw std::logic_error(l.name + ": wrong number of parameters");
  }
  T p;
  std::memcpy(&p, l.params.data(), sizeof p);
  return p;
}

struct Run {
  const Layer& l;
  Grid a, b, y;

  int8_t fused(int32_t v) const {
    return static_cast<int8_t>(clamp(v, l.act_min, l.act_max));
  }
  int8_t finished(int32_t acc, int o) const {
    const LayerWeights& w = l.weights;
    return fused(wrap_add(
        requantize(wrap_add(acc, w.bias[o]), w.multipliers[o], w.shifts[o]),
        l.zero_out));
  }
  template <class F>
  void each(F f) const {
    for (int r = 0; r < y.rows(); ++r) {
      for (int x = 0; x < y.columns(); ++x) {
        for (int c = 0; c < y.channels(); ++c) y.at(r, x, c) = f(r, x, c);
      }
    }
  }
  // Calls f(ky, kx, iy, ix) for every tap of a window.
  template <class F>
  void taps(int r, int x, F f) const {
    for (int ky = 0; ky < l.kernel_h; ++ky) {
      for (int kx = 0; kx < l.kernel_w; ++kx) {
        f(ky, kx, r * l.stride_y - l.pad_top + ky * l.dilation_y,
          x * l.stride_x - l.pad_left + kx * l.dilation_x);
      }
    }
  }

  int8_t conv(int r, int x, int o) const {
    const int channels = a.channels();
    int32_t acc = 0;
    taps(r, x, [&](int ky, int kx, int iy, int ix) {
      const int64_t tap = (int64_t{o} * l.kernel_h + ky) * l.kernel_w + kx;
      const int8_t* w = &l.weights.values[tap * channels];
      for (int c = 0; c < channels; ++c) {
        const int v = a.has(iy, ix) ? a.at(iy, ix, c) : l.zero_in;
        acc = wrap_add(acc, v * (w[c] - l.zero_weight));
      }
    });
    return finished(acc, o);
  }

  int8_t depthwise(int r, int x, int o) const {
    int32_t acc = 0;
    taps(r, x, [&](int ky, int kx, int iy, int ix) {
      const int v =
          a.has(iy, ix) ? a.at(iy, ix, o / l.depth_multiplier) : l.zero_in;
      const int64_t tap = int64_t{ky} * l.kernel_w + kx;
      const int w = l.weights.values[tap * y.channels() + o] - l.zero_weight;
      acc = wrap_add(acc, v * w);
    });
    return finished(acc, o);
  }

  int8_t transpose_conv(int r, int x, int o) const {
    int32_t acc = 0;
    for (int ky = 0; ky < l.kernel_h; ++ky) {
      for (int kx = 0; kx < l.kernel_w; ++kx) {
        const int v = r + l.pad_top - ky, u = x + l.pad_left - kx;
        if (v < 0 || u < 0 || v % l.stride_y || u % l.stride_x) continue;
        const int iy = v / l.stride_y, ix = u / l.stride_x;
        if (!a.has(iy, ix)) continue;
        const int64_t tap = (int64_t{o} * l.kernel_h + ky) * l.kernel_w + kx;
        for (int c = 0; c < a.channels(); ++c) {
          acc = wrap_add(acc, (a.at(iy, ix, c) - l.zero_in) *
                                  (l.weights.values[tap * a.channels() + c] -
                                   l.zero_weight));
        }
      }
    }
    return finished(acc, o);
  }

  int8_t pool(int r, int x, int c) const {
    int32_t sum = 0, count = 0, largest = -128;
    taps(r, x, [&](int, int, int iy, int ix) {
      if (!a.has(iy, ix)) return;
      sum += a.at(iy, ix, c);
      largest = std::max<int32_t>(largest, a.at(iy, ix, c));
      ++count;
    });
    if (l.op == OpCode::kMaxPool) return fused(largest);
    const int32_t half = sum < 0 ? -(count / 2) : count / 2;
    return fused((sum + half) / count);
  }

  int8_t reduce(int r, int x, int c) const {
    const int columns = l.reduce_columns ? a.columns() : 1;
    const int channels = l.reduce_channels ? a.channels() : 1;
    int32_t sum = 0, largest = -128;
    for (int k = 0; k < l.kernel_h; ++k) {
      for (int i = 0; i < columns; ++i) {
        for (int j = 0; j < channels; ++j) {
          const int v = a.at(r + k, x + i, c + j);
          sum += v;
          largest = std::max(largest, v);
        }
      }
    }
    if (l.op == OpCode::kReduceMax) return fused(largest);
    const auto p = params_of<ReduceParams>(l);
    return fused(
        requantize(wrap_sub(sum, p.count * l.zero_in), p.multiplier, p.shift) +
        l.zero_out);
  }

  int8_t binary(int r, int x, int c) const {
    const int u = a.repeated(r, x, c), v = b.repeated(r, x, c);
    if (l.op == OpCode::kMaximum) return fused(std::max(u, v));
    if (l.op == OpCode::kMinimum) return fused(std::min(u, v));
    if (l.op == OpCode::kMul) {
      const auto p = params_of<MulParams>(l);
      return fused(
          requantize((u - p.zero0) * (v - p.zero1), p.multiplier, p.shift) +
          l.zero_out);
    }
    if (l.op == OpCode::kDivide) {
      const auto p = params_of<MulParams>(l);
      const int d = u - p.zero0, by = v - p.zero1;
      if (by == 0) return fused(d > 0 ? 127 : d < 0 ? -128 : l.zero_out);
      return fused(divide(d, by, p.multiplier, p.shift) + l.zero_out);
    }
    if (l.op == OpCode::kSquaredDifference) {
      const auto p = params_of<SquaredDifferenceParams>(l);
      const int d = requantize((u - p.zero0) * 128, p.multiplier0, p.shift0) -
                    requantize((v - p.zero1) * 128, p.multiplier1, p.shift1);
      return fused(requantize(d * d, p.multiplier_out, p.shift_out) +
                   l.zero_out);
    }
    if (l.op == OpCode::kPrelu) {
      const auto p = params_of<PreluParams>(l);
      const int d = u - l.zero_in;
      return fused((d >= 0 ? requantize(d, p.multiplier_pos, p.shift_pos)
                           : requantize(d * (v - p.zero_alpha),
                                        p.multiplier_neg, p.shift_neg)) +
                   l.zero_out);
    }
    const auto p = params_of<AddParams>(l);
    const int32_t s =
        requantize((u - p.zero0) * (1 << 20), p.multiplier0, p.shift0);
    const int32_t t =
        requantize((v - p.zero1) * (1 << 20), p.multiplier1, p.shift1);
    return fused(requantize(wrap_add(s, wrap_mul(p.sign, t)), p.multiplier_out,
                            p.shift_out) +
                 l.zero_out);
  }

  void softmax() const {
    const auto p = params_of<SoftmaxParams>(l);
    for (int r = 0; r < y.rows(); ++r) {
      for (int x = 0; x < y.columns(); ++x) {
        int largest = -128;
        for (int c = 0; c < a.channels(); ++c) {
          largest = std::max<int>(largest, a.at(r, x, c));
        }
        const auto exp_of = [&](int c) {
          const int d = a.at(r, x, c) - largest;
          return exp_negative(high_mul(wrap(bits(d) << p.shift), p.multiplier),
                              5);
        };
        int32_t sum = 0;
        for (int c = 0; c < a.channels(); ++c) {
          if (a.at(r, x, c) - largest >= p.diff_min) {
            sum = wrap_add(sum, round_shift(exp_of(c), 12));
          }
        }
        const int zeros = leading_zeros(bits(sum));
        const int32_t scale =
            saturate(int64_t{2} * reciprocal_one_plus(wrap_sub(
                                      wrap(bits(sum) << zeros), kInt32Min)));
        for (int c = 0; c < a.channels(); ++c) {
          int32_t v = -128;
          // Shifts of 32 and more (512 equal classes) leave nothing.
          if (a.at(r, x, c) - largest >= p.diff_min && zeros >= 4) {
            v = round_shift(high_mul(scale, exp_of(c)), 35 - zeros) - 128;
          }
          y.at(r, x, c) = static_cast<int8_t>(clamp(v, -128, 127));
        }
      }
    }
  }

  void l2_norm() const {
    for (int r = 0; r < y.rows(); ++r) {
      for (int x = 0; x < y.columns(); ++x) {
        uint32_t sum = 0;
        for (int c = 0; c < a.channels(); ++c) {
          const int d = a.at(r, x, c) - l.zero_in;
          sum += static_cast<uint32_t>(d * d);
        }
        const InverseRoot root = inverse_root(sum);
        for (int c = 0; c < a.channels(); ++c) {
          const int v =
              requantize(a.at(r, x, c) - l.zero_in, root.value, root.shift + 7);
          y.at(r, x, c) = static_cast<int8_t>(clamp(v, -128, 127));
        }
      }
    }
  }

  void probability() const {
    const auto p = params_of<ProbabilityParams>(l);
    for (int r = 0; r < y.rows(); ++r) {
      for (int x = 0; x < y.columns(); ++x) {
        int largest = -128;
        for (int c = 0; c < a.channels(); ++c) {
          largest = std::max<int>(largest, a.at(r, x, c));
        }
        const auto exponential = [&](int c) {
          return p.exponentials[largest - a.at(r, x, c)];
        };
        int64_t sum = 0;
        for (int c = 0; c < a.channels(); ++c) sum += exponential(c);
        for (int c = 0; c < a.channels(); ++c) {
          const int64_t steps = int64_t{exponential(c)} * p.factor / sum;
          const int64_t v = (steps + (int64_t{1} << (p.shift - 1))) >> p.shift;
          y.at(r, x, c) = static_cast<int8_t>(
              std::clamp<int64_t>(v + l.zero_out, -128, 127));
        }
      }
    }
  }

  void log_softmax() const {
    const auto p = params_of<LogSoftmaxParams>(l);
    for (int r = 0; r < y.rows(); ++r) {
      for (int x = 0; x < y.columns(); ++x) {
        int largest = -128;
        for (int c = 0; c < a.channels(); ++c) {
          largest = std::max<int>(largest, a.at(r, x, c));
        }
        uint32_t sum = 0;
        const auto scaled = [&](int c) {
          return requantize(a.at(r, x, c) - largest, p.multiplier, p.shift);
        };
        for (int c = 0; c < a.channels(); ++c) {
          if (a.at(r, x, c) - largest < p.diff_min) continue;
          sum += bits(round_shift(exp_negative(scaled(c), 5), 12));
        }
        const int32_t log = log_of_sum(sum);
        const int limit = std::max(p.diff_min - 1,
                                   requantize(wrap_add(log, kInt32Min),
                                              p.back_multiplier, p.back_shift));
        for (int c = 0; c < a.channels(); ++c) {
          const bool low = a.at(r, x, c) - largest <= limit;
          const int v =
              low ? -128 : round_shift(wrap_sub(scaled(c), log), 22) + 127;
          y.at(r, x, c) = static_cast<int8_t>(clamp(v, -128, 127));
        }
      }
    }
  }

  int8_t bilinear(int r, int x, int c) const {
    const auto p = params_of<BilinearParams>(l);
    const int v = r * p.scale_y + p.base_y, h = x * p.scale_x + p.base_x;
    const auto cut = [](int place, int size) {
      return clamp(place, 0, size - 1);
    };
    int64_t sum = 0;
    for (const int dy : {0, 1}) {
      for (const int dx : {0, 1}) {
        const int part_y = v & 1023, part_x = h & 1023;
        const int at = a.at(cut((v >> 10) + dy, a.rows()),
                            cut((h >> 10) + dx, a.columns()), c);
        sum += int64_t{at} * (dy ? part_y : 1024 - part_y) *
               (dx ? part_x : 1024 - part_x);
      }
    }
    const int64_t half = sum < 0 ? -(1 << 19) : 1 << 19;
    return static_cast<int8_t>((sum + half) / (1 << 20));
  }

  void arg_max() const {
    const int sign = params_of<ArgParams>(l).sign;
    for (int r = 0; r < y.rows(); ++r) {
      for (int x = 0; x < y.columns(); ++x) {
        int best = 0;
        for (int c = 1; c < a.channels(); ++c) {
          if (sign * a.at(r, x, c) > sign * a.at(r, x, best)) best = c;
        }
        y.at(r, x, 0) = static_cast<int8_t>(best % 256);
        y.at(r, x, 1) = static_cast<int8_t>(best / 256);
      }
    }
  }

  int8_t running_sum(int r, int x, int c) const {
    const auto p = params_of<RunningSumParams>(l);
    int lo = p.reverse ? c : 0, hi = p.reverse ? a.channels() : c + 1;
    if (p.exclusive && p.reverse) ++lo;
    if (p.exclusive && !p.reverse) --hi;
    uint32_t sum = 0;
    for (int k = lo; k < hi; ++k) sum += bits(a.at(r, x, k) - l.zero_in);
    return fused(wrap_add(requantize(wrap(sum << 19), p.multiplier, p.shift),
                          l.zero_out));
  }

  int8_t matmul(int r, int c) const {
    const auto p = params_of<MulParams>(l);
    int32_t sum = 0;
    for (int k = 0; k < a.channels(); ++k) {
      sum =
          wrap_add(sum, (a.at(r, 0, k) - p.zero0) * (b.at(c, 0, k) - p.zero1));
    }
    return fused(wrap_add(requantize(sum, p.multiplier, p.shift), l.zero_out));
  }

  // Sums of a unit's gate over the first operand or over the hidden state.
  int32_t gate_sum(int u, int gate, bool recurrent, const int8_t* from,
                   int count) const {
    const int inputs = a.channels();
    const int8_t* unit =
        &l.weights.values[int64_t{u} * (32 + 4 * (inputs + y.channels()))];
    int32_t sum = 0;
    std::memcpy(&sum, unit + 8 * gate + (recurrent ? 4 : 0), sizeof sum);
    const int8_t* w =
        unit + 32 + (recurrent ? 4 * inputs + gate * count : gate * count);
    for (int k = 0; k < count; ++k) sum = wrap_add(sum, w[k] * from[k]);
    return sum;
  }

  void lstm() const {
    const auto p = params_of<LstmParams>(l);
    const auto sat = [](int v) { return clamp(v, -32768, 32767); };
    const int units = y.channels(), steps = a.rows();
    std::vector<int8_t> h, state;
    for (int k = 0; k < 3 * units; ++k) state.push_back(b.at(k));
    h.assign(state.begin(), state.begin() + units);
    std::vector<int16_t> c(static_cast<size_t>(units));
    std::memcpy(c.data(), state.data() + units, 2 * c.size());
    for (int t = 0; t < steps; ++t) {
      const std::vector<int8_t> before = h;
      for (int u = 0; u < units; ++u) {
        int gate[4];
        for (int g = 0; g < 4; ++g) {
          const LstmGate& m = p.gates[g];
          const int from_x = sat(
              requantize(gate_sum(u, g, false, &a.at(t, 0, 0), a.channels()),
                         m.input_multiplier, m.input_shift));
          const int from_h =
              sat(requantize(gate_sum(u, g, true, before.data(), units),
                             m.recurrent_multiplier, m.recurrent_shift));
          const int v = 3 * sat(from_x + from_h);
          gate[g] = g == 2 ? tanh_of(p, v) : logistic_of(p, v);
        }
        int v = sat(
            sat(requantize(gate[1] * c[u], p.keep_multiplier, p.keep_shift)) +
            sat(requantize(gate[0] * gate[2], p.add_multiplier, p.add_shift)));
        if (p.clip < 1 << 15) v = clamp(v, -p.clip, p.clip);
        c[u] = static_cast<int16_t>(v);
        const int half = p.tanh_shift > 0 ? 1 << (p.tanh_shift - 1) : 0;
        const int tanh =
            tanh_of(p, (v * p.tanh_multiplier + half) >> p.tanh_shift);
        h[u] = fused(wrap_add(
            requantize(tanh * gate[3], p.hidden_multiplier, p.hidden_shift),
            l.zero_out));
        y.at(t, 0, u) = h[u];
      }
    }
    std::memcpy(state.data() + units, c.data(), 2 * c.size());
    for (int k = 0; k < 2 * units; ++k) {
      y.at(steps + k / units, 0, k % units) = state[units + k];
    }
  }

  int8_t move(int r, int x, int c) const {
    const auto p = params_of<MoveParams>(l);
    const int iy = r * p.stride_y + p.base_y, ix = x * p.stride_x + p.base_x,
              ic = c * p.stride_c + p.base_c;
    if (!a.has(iy, ix) || ic < 0 || ic >= a.channels()) {
      return static_cast<int8_t>(p.fill);
    }
    return a.at(iy, ix, ic);
  }

  int8_t space_to_depth(int r, int x, int c) const {
    const int block = l.params[0], phase = c / a.channels();
    return a.at(r * block + phase / block, x * block + phase % block,
                c % a.channels());
  }

  int8_t depth_to_space(int r, int x, int c) const {
    const int block = l.params[0];
    const int phase = r % block * block + x % block;
    return a.at(r / block, x / block, phase * y.channels() + c);
  }

  void transpose() const {
    const auto p = params_of<TransposeParams>(l);
    int64_t k = 0;
    for (int i = 0; i < p.size[0]; ++i) {
      for (int j = 0; j < p.size[1]; ++j) {
        for (int m = 0; m < p.size[2]; ++m) {
          for (int n = 0; n < p.size[3]; ++n) {
            y.at(k++) =
                a.at(int64_t{i} * p.stride[0] + int64_t{j} * p.stride[1] +
                     int64_t{m} * p.stride[2] + int64_t{n} * p.stride[3]);
          }
        }
      }
    }
  }

  void in_sequence() const {
    const int64_t count = int64_t{1} * y.rows() * y.columns() * y.channels();
    for (int64_t k = 0; k < count; ++k) {
      y.at(k) = l.op == OpCode::kConstant ? l.weights.values[k] : a.at(k);
    }
  }

  void all() const {
    switch (l.op) {
      case OpCode::kConv:
        return each([&](int r, int x, int c) { return conv(r, x, c); });
      case OpCode::kDepthwise:
        return each([&](int r, int x, int c) { return depthwise(r, x, c); });
      case OpCode::kTransposeConv:
        return each(
            [&](int r, int x, int c) { return transpose_conv(r, x, c); });
      case OpCode::kAveragePool:
      case OpCode::kMaxPool:
        return each([&](int r, int x, int c) { return pool(r, x, c); });
      case OpCode::kReduceSum:
      case OpCode::kReduceMax:
        return each([&](int r, int x, int c) { return reduce(r, x, c); });
      case OpCode::kAdd:
      case OpCode::kMul:
      case OpCode::kMaximum:
      case OpCode::kMinimum:
      case OpCode::kPrelu:
      case OpCode::kDivide:
      case OpCode::kSquaredDifference:
        return each([&](int r, int x, int c) { return binary(r, x, c); });
      case OpCode::kLut:
        return each([&](int r, int x, int c) {
          return l.weights.values[a.at(r, x, c) + 128];
        });
      case OpCode::kSoftmax:
        return softmax();
      case OpCode::kLogSoftmax:
        return log_softmax();
      case OpCode::kL2Norm:
        return l2_norm();
      case OpCode::kProbability:
        return probability();
      case OpCode::kBilinear:
        return each([&](int r, int x, int c) { return bilinear(r, x, c); });
      case OpCode::kArgMax:
        return arg_max();
      case OpCode::kRunningSum:
        return each([&](int r, int x, int c) { return running_sum(r, x, c); });
      case OpCode::kMatmul:
        return each([&](int r, int, int c) { return matmul(r, c); });
      case OpCode::kLstm:
        return lstm();
      case OpCode::kCell:
        return eval_cell(l, a, b, y);
      case OpCode::kMove:
        return each([&](int r, int x, int c) { return move(r, x, c); });
      case OpCode::kResize:
        return each([&](int r, int x, int c) {
          return a.at(l.row_map[r], l.column_map[x], c);
        });
      case OpCode::kSpaceToDepth:
        return each(
            [&](int r, int x, int c) { return space_to_depth(r, x, c); });
      case OpCode::kDepthToSpace:
        return each(
            [&](int r, int x, int c) { return depth_to_space(r, x, c); });
      case OpCode::kTranspose:
        return transpose();
      case OpCode::kReshape:
      case OpCode::kConstant:
        return in_sequence();
      case OpCode::kRequantize:
      case OpCode::kRescale:
      case OpCode::kSigmoid:
      case OpCode::kWideSoftmax:
        break;  // int16 nets are judged as they run
                // (tests/int16_random_test.cc)
    }
    throw std::logic_error(l.name + ": not an operator of a net");
  }
};

Grid grid(const Net& net, const View& v, NetValues& values) {
  return v.tensor < 0 ? Grid() : Grid(net, v, values);
}

// For each element of the view's box in row-major order, its number in the
// file's tensor.
std::vector<int64_t> file_numbers(const FilePlace& s, const Shape& shape) {
  const int rank = static_cast<int>(shape.size());
  return placed_elements(shape, s.perm.empty() ? identity_order(rank) : s.perm);
}

}  // namespace

void run_layer(const Net& net, const Layer& l, NetValues& values) {
  Run{l, grid(net, l.in[0], values), grid(net, l.in[1], values),
      grid(net, l.out, values)}
      .all();
}

NetValues run_net(const Graph& graph, const Net& net,
                  const std::vector<std::vector<int8_t>>& inputs) {
  NetValues values;
  for (const NetTensor& t : net.tensors) values.emplace_back(t.bytes());
  for (size_t k = 0; k < net.inputs.size(); ++k) {
    const Shape& shape = graph.tensors[net.inputs[k].file_tensor].shape;
    for (int f = 0; f < net.frames; ++f) {
      const FilePlace s = frame_io(net, net.inputs[k], f).place;
      const Grid g(net, s.view, values);
      const int64_t first = f * element_count(shape);
      int64_t at = 0;
      for (int64_t n : file_numbers(s, shape)) {
        g.at(at++) = inputs[k][first + n];
      }
    }
  }
  for (const Layer& l : net.layers) run_layer(net, l, values);
  return values;
}

std::vector<int8_t> file_order_bytes(const Net& net, const FilePlace& s,
                                     const Shape& shape,
                                     const NetValues& values) {
  NetValues& writable = const_cast<NetValues&>(values);
  const Grid g(net, s.view, writable);
  std::vector<int8_t> bytes(element_count(shape));
  int64_t at = 0;
  for (int64_t n : file_numbers(s, shape)) bytes[n] = g.at(at++);
  return bytes;
}

}  // namespace shoal
