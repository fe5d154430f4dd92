#include "host/model/graph/wide.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <string>

#include "host/base/error.h"
#include "host/model/graph/operators.h"
#include "host/model/graph/sigmoid_table.h"

namespace shoal {
namespace {

constexpr int kLeast = -32768, kMost = 32767;

int to_int16(double v) {
  constexpr double kFar = 1 << 30;
  return std::clamp(static_cast<int>(std::clamp(std::round(v), -kFar, kFar)),
                    kLeast, kMost);
}

template <class T>
std::vector<int64_t> values_as(const Tensor& t) {
  std::vector<int64_t> values;
  for (size_t i = 0; i + sizeof(T) <= t.data.size(); i += sizeof(T)) {
    T value;
    std::memcpy(&value, &t.data[i], sizeof value);
    values.push_back(value);
  }
  return values;
}

void put_entry(uint32_t* table, int k, int value) {
  table[k / 2] |= (static_cast<uint32_t>(value) & 0xFFFF) << k % 2 * 16;
}

// A table of 512 steps between which a value is interpolated, in float32 as
// TensorFlow Lite has it: an entry is moved by half of the error in the middle
// of its step.
void fill_table(float in_scale, int in_zero, float out_scale,
                const std::function<float(float)>& f, uint32_t* table) {
  constexpr int kSteps = 512;
  const float in_min = in_scale * static_cast<float>(kLeast - in_zero);
  const float in_max = in_scale * static_cast<float>(kMost - in_zero);
  const float out_min = out_scale * static_cast<float>(kLeast);
  const float out_max = out_scale * static_cast<float>(kMost);
  const float step = (in_max - in_min) / kSteps;
  const float half_step = step / 2;
  const float inverse =
      static_cast<float>(kMost - kLeast + 1) / (out_max - out_min);
  const auto cut = [](float v) {
    return static_cast<int>(std::min(std::max(v, static_cast<float>(kLeast)),
                                     static_cast<float>(kMost)));
  };
  for (int i = 0; i < kSteps; ++i) {
    const float at = in_min + static_cast<float>(i) * step;
    const float value = f(at), middle = f(at + half_step);
    const float next = f(in_min + static_cast<float>(i + 1) * step);
    const float sample = std::round(value * inverse);
    const float between =
        std::round((next * inverse + std::round(value * inverse)) / 2);
    const float error = between - std::round(middle * inverse);
    put_entry(table, i, cut(sample - std::round(error / 2)));
  }
  put_entry(table, kSteps, cut(std::round(f(in_max) * inverse)));
}

RescaleParams plain_rescale(const Tensor& x, const Tensor& y,
                            const Multiplier& above, const Multiplier& below) {
  const bool narrow = y.type != Type::kInt16;
  return {type_bytes(x.type),
          type_bytes(y.type),
          x.zero(),
          y.zero(),
          above.value,
          above.shift,
          below.value,
          below.shift,
          narrow ? -128 : kLeast,
          narrow ? 127 : kMost};
}

}  // namespace

bool is_wide_op(const Graph& graph, const Op& op) {
  const auto wide = [&graph](int t) {
    return t >= 0 && is_int16(graph.tensors[static_cast<size_t>(t)]);
  };
  return std::ranges::any_of(op.inputs, wide) ||
         std::ranges::any_of(op.outputs, wide);
}

bool sums_are_long(const Graph& graph, const Op& op) {
  const bool takes_int32 =
      op.kind == OpKind::kConv2d || op.kind == OpKind::kFullyConnected;
  if (!takes_int32 || op.inputs.size() < 3 || op.inputs[2] < 0) return true;
  return graph.tensors[static_cast<size_t>(op.inputs[2])].type != Type::kInt32;
}

std::vector<int64_t> wide_bias(const Graph& graph, const Op& op, int channels) {
  if (op.inputs.size() < 3 || op.inputs[2] < 0) {
    return std::vector<int64_t>(static_cast<size_t>(channels), 0);
  }
  return whole_numbers(graph.tensors[static_cast<size_t>(op.inputs[2])]);
}

std::vector<int64_t> whole_numbers(const Tensor& t) {
  if (t.type == Type::kInt16) return values_as<int16_t>(t);
  if (t.type == Type::kInt32) return values_as<int32_t>(t);
  return values_as<int64_t>(t);
}

RescaleParams rescale_params(const Graph& graph, const Op& op) {
  const Tensor& x = graph.tensors[static_cast<size_t>(op.inputs[0])];
  const Tensor& y = graph.tensors[static_cast<size_t>(op.outputs[0])];
  const float ratio = x.scale() / y.scale();
  const Multiplier exact =
      quantize_multiplier(static_cast<double>(x.scale()) / y.scale());
  const Multiplier in_float = quantize_multiplier(ratio);
  const Multiplier same = quantize_multiplier(1);
  switch (op.kind) {
    case OpKind::kQuantize:
      return plain_rescale(x, y, exact, exact);
    case OpKind::kRelu: {
      RescaleParams p = plain_rescale(x, y, in_float, in_float);
      p.low = 0;
      return p;
    }
    case OpKind::kRelu6: {
      // The reference reads the operand's scale alone.
      RescaleParams p = plain_rescale(x, y, same, same);
      const auto range = wide_activation_range(Activation::kRelu6, x.scale());
      p.low = range.first, p.high = range.second;
      return p;
    }
    case OpKind::kLeakyRelu: {
      const float scaled = x.scale() * std::get<AlphaAttr>(op.attr).value;
      const float below = scaled / y.scale();
      return plain_rescale(x, y, in_float, quantize_multiplier(below));
    }
    case OpKind::kAbs: {
      const Multiplier m = x.scale() == y.scale() ? same : in_float;
      return plain_rescale(x, y, m, {-m.value, m.shift});
    }
    default:
      throw Error(Exit::kInternal,
                  std::string("not of int16: ") + op_name(op.kind));
  }
}

// Scales of 2^-12 (TANH: 2^-11, too) are exact; the multiplier of others is cut
// to 15 bits.
SigmoidParams sigmoid_params(const Op& op, const Tensor& x) {
  SigmoidParams p{};
  p.is_tanh = op.kind == OpKind::kTanh ? 1 : 0;
  const double power = std::log2(x.scale());
  const int rounded = static_cast<int>(std::round(power));
  const int left = 12 + rounded;
  if (std::abs(power - rounded) < 1e-3 &&
      (left == 0 || (p.is_tanh && left == 1))) {
    p.multiplier = 3 << left;
  } else {
    double multiplier = static_cast<double>(x.scale()) * 4096.0 * 3.0;
    while (multiplier <= 32767.0 / 2.0 && p.shift <= 30) {
      ++p.shift;
      multiplier *= 2.0;
    }
    p.multiplier = static_cast<int32_t>(multiplier);
  }
  for (int k = 0; k < 256; ++k) put_entry(p.table, k, sigmoid_entry(k));
  return p;
}

WideSoftmaxParams wide_softmax_params(const Tensor& x, float beta) {
  WideSoftmaxParams p{};
  const Multiplier m = quantize_multiplier(static_cast<double>(x.scale()) *
                                           beta / (10.0 / 65535.0));
  p.multiplier = m.value, p.shift = m.shift;
  constexpr int kRange = kMost - kLeast;
  fill_table(
      10.0F / kRange, kMost, 2.0F / kRange, [](float v) { return std::exp(v); },
      p.exponentials);
  fill_table(
      1.0F / kRange, kLeast, 2.0F / kRange,
      [](float v) { return 1.0F / (1.0F + v); }, p.reciprocals);
  return p;
}

uint16_t table_entry(const uint32_t* table, int k) {
  return static_cast<uint16_t>(table[k / 2] >> k % 2 * 16);
}

std::pair<int, int> wide_activation_range(Activation activation, float scale) {
  const auto at = [scale](float v) { return to_int16(v / scale); };
  switch (activation) {
    case Activation::kNone:
      break;
    case Activation::kRelu:
      return {0, kMost};
    case Activation::kReluN1To1:
      return {at(-1.F), at(1.F)};
    case Activation::kRelu6:
      return {0, at(6.F)};
  }
  return {kLeast, kMost};
}

int16_t quantize_to_int16(float v, float scale) {
  const float quotient = v / scale;
  if (std::isnan(quotient)) return 0;
  return static_cast<int16_t>(to_int16(quotient));
}

}  // namespace shoal
