#include "host/model/onnx/exact.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <set>

#include "device/base/fixed_point.h"
#include "host/model/graph/operators.h"
#include "host/model/graph/quantize.h"
#include "host/model/graph/real_functions.h"
#include "host/model/onnx/text.h"

namespace shoal::onnx_import {
namespace {

const Tensor& tensor(const Graph& graph, int t) {
  return graph.tensors[static_cast<size_t>(t)];
}

double real_of(const Tensor& t, int byte) {
  return double{t.scale()} * (byte - t.zero());
}

Activation fused_activation(const Op& op) {
  if (const auto* w = std::get_if<WindowAttr>(&op.attr)) return w->activation;
  return std::get<FusedAttr>(op.attr).activation;
}

// The smallest sum of low..high with at least this byte; high + 1 if none.
int64_t step_of(int64_t low, int64_t high, const StepFunction& f, int byte) {
  int64_t end = high + 1;
  while (low < end) {
    const int64_t middle = low + (end - low) / 2;
    if (f(middle) >= byte) {
      end = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

// One output channel of a convolution or a fully connected layer.
struct Channel {
  int64_t low = 0, high = 0;  // sums that operands can have
  int32_t bias = 0;
};

// How often an output channel's weights lie apart, and where they begin.
struct Rows {
  size_t count, length, start_step, step;
};

Rows rows_of(const Op& op, const Tensor& w) {
  const auto total = static_cast<size_t>(element_count(w.shape));
  if (op.kind == OpKind::kDepthwiseConv2d) {
    const auto channels = static_cast<size_t>(w.shape[3]);
    return {channels, total / channels, 1, channels};
  }
  const auto channels = static_cast<size_t>(w.shape[0]);
  return {channels, total / channels, total / channels, 1};
}

Channel reachable_sums(const Tensor& x, const Tensor& w, const Rows& rows,
                       const std::vector<int32_t>& bias, size_t c) {
  Channel out;
  for (size_t i = 0; i < rows.length; ++i) {
    const auto weight =
        static_cast<int8_t>(w.data[c * rows.start_step + i * rows.step]);
    const int64_t a = int64_t{-128 - x.zero()} * weight;
    const int64_t b = int64_t{127 - x.zero()} * weight;
    // A place outside of the picture adds nothing.
    out.low += std::min({a, b, int64_t{0}});
    out.high += std::max({a, b, int64_t{0}});
  }
  if (!bias.empty()) out.bias = bias[c];
  return out;
}

std::string convolution(const Graph& graph, const Op& op) {
  const Tensor& x = tensor(graph, op.inputs[0]);
  const Tensor& w = tensor(graph, op.inputs[1]);
  const Tensor& y = tensor(graph, op.outputs[0]);
  const Rows rows = rows_of(op, w);
  std::vector<int32_t> bias;
  if (op.inputs[2] >= 0) {
    const auto& data = tensor(graph, op.inputs[2]).data;
    bias.resize(data.size() / sizeof(int32_t));
    std::memcpy(bias.data(), data.data(), data.size());
  }
  const auto multipliers =
      channel_multipliers(x, w, y, static_cast<int>(rows.count),
                          op.kind == OpKind::kFullyConnected);
  const Activation activation = fused_activation(op);
  const Limits<double> limits(activation);
  const auto [low, high] = activation_range(activation, y.scale(), y.zero());
  for (size_t c = 0; c < rows.count; ++c) {
    const Channel channel = reachable_sums(x, w, rows, bias, c);
    const size_t s = w.quant.scale.size() > 1 ? c : 0;
    const double unit = double{x.scale()} * w.quant.scale[s];
    const int64_t first = channel.low + channel.bias;
    const int64_t last = channel.high + channel.bias;
    if (first < kInt32Min || last > kInt32Max) {
      return text("channel ", c, ": sums leave 32 bits");
    }
    const Multiplier m = multipliers[c];
    const std::string found = step_difference(
        first, last,
        [&, low = low, high = high](int64_t sum) {
          const int32_t v =
              requantize(static_cast<int32_t>(sum), m.value, m.shift);
          return clamp(wrap_add(v, y.zero()), low, high);
        },
        [&](int64_t sum) {
          return round_to_byte(
              limits(static_cast<double>(sum) * unit) / y.scale(), y.zero());
        });
    if (!found.empty()) return text("channel ", c, ": ", found);
  }
  return "";
}

// A sum of `count` bytes, less zero points, times a factor.
std::string scaled_sum(const Tensor& x, const Tensor& y, int64_t count,
                       const ReduceParams& p, double factor) {
  return step_difference(
      count * (-128 - x.zero()), count * (127 - x.zero()),
      [&](int64_t sum) {
        const int32_t v =
            requantize(static_cast<int32_t>(sum), p.multiplier, p.shift);
        return clamp(wrap_add(v, y.zero()), -128, 127);
      },
      [&](int64_t sum) {
        return round_to_byte(static_cast<double>(sum) * factor, y.zero());
      });
}

std::string mean(const Graph& graph, const Op& op) {
  const Tensor& x = tensor(graph, op.inputs[0]);
  const Tensor& y = tensor(graph, op.outputs[0]);
  const int64_t count = element_count(x.shape) / element_count(y.shape);
  const bool sums = op.kind == OpKind::kSum;
  const auto n = static_cast<int>(count);
  return scaled_sum(x, y, count,
                    sums ? sum_params(x, y, n) : mean_params(x, y, n),
                    double{x.scale()} / y.scale() /
                        (sums ? 1.0 : static_cast<double>(count)));
}

// How many places windows have along one axis.
std::set<int> extents(int in, int out, int kernel, int stride, int before) {
  std::set<int> found;
  for (int o = 0; o < out; ++o) {
    const int begin = std::max(o * stride - before, 0);
    const int end = std::min(o * stride - before + kernel, in);
    found.insert(end - begin);
  }
  return found;
}

std::string average(const Graph& graph, const Op& op) {
  const Tensor& x = tensor(graph, op.inputs[0]);
  const Tensor& y = tensor(graph, op.outputs[0]);
  const auto& a = std::get<WindowAttr>(op.attr);
  for (const int h :
       extents(x.shape[1], y.shape[1], a.kernel_h, a.stride_h, a.pad_top)) {
    for (const int w :
         extents(x.shape[2], y.shape[2], a.kernel_w, a.stride_w, a.pad_left)) {
      const int64_t n = int64_t{h} * w;
      const std::string found = step_difference(
          -128 * n, 127 * n,
          [&](int64_t sum) {
            return static_cast<int>((sum + (sum > 0 ? n / 2 : -(n / 2))) / n);
          },
          [&](int64_t sum) {
            const double v = static_cast<double>(sum) / static_cast<double>(n);
            return round_to_byte(v - x.zero(), x.zero());
          });
      if (!found.empty()) return text("windows of ", n, " places: ", found);
    }
  }
  return "";
}

std::string byte_table(const Graph& graph, const Op& op) {
  const Tensor& x = tensor(graph, op.inputs[0]);
  const Tensor& y = tensor(graph, op.outputs[0]);
  const auto table = unary_table(graph, op);
  const auto f = real_unary(op.kind).of;
  for (int q = -128; q < 128; ++q) {
    const int meant = round_to_byte(f(op, real_of(x, q)) / y.scale(), y.zero());
    const int made = table[static_cast<size_t>(q + 128)];
    if (made != meant) {
      return text("byte ", q, " gives ", made, ", ", meant, " is meant");
    }
  }
  return "";
}

// The bytes that an operand can have.
std::vector<int8_t> operand_bytes(const Tensor& t) {
  std::set<int8_t> bytes;
  if (t.constant) {
    for (const uint8_t b : t.data) bytes.insert(static_cast<int8_t>(b));
  } else {
    for (int q = -128; q < 128; ++q) bytes.insert(static_cast<int8_t>(q));
  }
  return {bytes.begin(), bytes.end()};
}

std::string pairs(const Graph& graph, const Op& op) {
  const Tensor &ta = tensor(graph, op.inputs[0]),
               &tb = tensor(graph, op.inputs[1]);
  const Tensor& y = tensor(graph, op.outputs[0]);
  const ByteRows rows = binary_bytes(graph, op);
  const auto f = real_binary(op.kind).of;
  const std::vector<int8_t> all_a = operand_bytes(ta),
                            all_b = operand_bytes(tb);
  std::vector<int8_t> made(all_b.size());
  for (const int8_t a : all_a) {
    rows({&a, all_b.data(), 0, 1, made});
    for (size_t i = 0; i < made.size(); ++i) {
      const double v = f(op, real_of(ta, a), real_of(tb, all_b[i]));
      const int meant = round_to_byte(v / y.scale(), y.zero());
      if (made[i] == meant) continue;
      return text("bytes ", int{a}, " and ", int{all_b[i]}, " give ",
                  int{made[i]}, ", ", meant, " is meant");
    }
  }
  return "";
}

std::string exponentials(const Graph&, const Op&) {
  return "sums of exponentials; leave it out, the order of the classes "
         "stays";
}
std::string rounded_places(const Graph&, const Op&) {
  return "it rounds places to 1024ths; use nearest";
}
std::string long_sums(const Graph&, const Op&) {
  return "sums of computed products or along an axis";
}
std::string nothing(const Graph&, const Op&) { return ""; }

constexpr ByClass<std::string (*)(const Graph&, const Op&)> kDifferences(
    {{OpClass::kConvolution, convolution},
     {OpClass::kFullyConnected, convolution},
     {OpClass::kReduce, mean},
     {OpClass::kPool, average},
     {OpClass::kQuantize, byte_table},
     {OpClass::kUnary, byte_table},
     {OpClass::kBinary, pairs},
     {OpClass::kMatmul, long_sums},
     {OpClass::kArg, nothing},
     {OpClass::kCast, nothing},
     {OpClass::kRunning, long_sums},
     {OpClass::kBilinear, rounded_places},
     {OpClass::kSoftmax, exponentials}},
    nothing);

}  // namespace

int round_to_byte(double v, int zero) {
  constexpr double kFar = 1 << 20;
  if (std::isnan(v)) return zero;
  const double rounded = std::nearbyint(std::clamp(v, -kFar, kFar));
  return std::clamp(static_cast<int>(rounded) + zero, -128, 127);
}

std::string step_difference(int64_t low, int64_t high,
                            const StepFunction& integers,
                            const StepFunction& meant) {
  const int least = std::min(integers(low), meant(low));
  const int most = std::max(integers(high), meant(high));
  for (int byte = least; byte <= most; ++byte) {
    const int64_t a = step_of(low, high, integers, byte);
    const int64_t b = step_of(low, high, meant, byte);
    if (a == b) continue;
    const int64_t sum = std::min(a, b);
    return text("sum ", sum, " gives ", integers(sum), ", ", meant(sum),
                " is meant");
  }
  return "";
}

std::string difference(const Graph& graph, const Op& op) {
  if (op_info(op.kind).result >= ResultBytes::kOfOperand) return "";
  return kDifferences[class_of(op.kind)](graph, op);
}

}  // namespace shoal::onnx_import
