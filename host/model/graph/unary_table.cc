// Element-wise operators of one int8 operand are a table of its 256 values. An
// operator that has an int8 kernel in TensorFlow Lite Micro is computed with
// that kernel's integer arithmetic, because the exact real function rounds
// differently at a few scales. The others are the real function rounded once
// (`of_real`, real_table.h), or DEQUANTIZE, the float operator and QUANTIZE, as
// converters write them (`of_floats`).
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>

#include "device/base/fixed_point.h"
#include "host/base/error.h"
#include "host/model/graph/operators.h"
#include "host/model/graph/quantize.h"
#include "host/model/graph/real_functions.h"
#include "host/model/graph/real_table.h"

namespace shoal {
namespace {

using ByteFunction = std::function<int(int)>;  // of the byte; clamped to int8

int rescale(int d, Multiplier m) { return requantize(d, m.value, m.shift); }

ByteFunction quantize(const Op&, const Tensor& x, const Tensor& y) {
  const Multiplier m =
      quantize_multiplier(static_cast<double>(x.scale()) / y.scale());
  return [=, zx = x.zero(), zy = y.zero()](int q) {
    return wrap_add(rescale(q - zx, m), zy);
  };
}

ByteFunction relu(const Op&, const Tensor& x, const Tensor& y) {
  const Multiplier m = quantize_multiplier(x.scale() / y.scale());
  return [=, zx = x.zero(), zy = y.zero()](int q) {
    return std::max(wrap_add(rescale(q - zx, m), zy), zy);
  };
}

ByteFunction relu6(const Op&, const Tensor& x, const Tensor&) {
  const auto [low, high] =
      activation_range(Activation::kRelu6, x.scale(), x.zero());
  return [low = low, high = high](int q) { return std::clamp(q, low, high); };
}

ByteFunction leaky_relu(const Op& op, const Tensor& x, const Tensor& y) {
  const float alpha = std::get<AlphaAttr>(op.attr).value;
  const Multiplier pos = quantize_multiplier(x.scale() / y.scale());
  const float scaled = x.scale() * alpha;
  const float negative = scaled / y.scale();
  // frexp keeps the sign, and so do rounding and requantization.
  const Multiplier neg = quantize_multiplier(negative);
  return [=, zx = x.zero(), zy = y.zero()](int q) {
    return wrap_add(rescale(q - zx, q >= zx ? pos : neg), zy);
  };
}

// The parameters that LOGISTIC and TANH share: beyond the radius they are
// constant.
struct Sigmoid {
  Multiplier m;
  int64_t radius;
};

Sigmoid sigmoid(const Tensor& x) {
  const Multiplier m =
      quantize_multiplier(static_cast<double>(x.scale()) * (1 << 27));
  const int64_t range = int64_t{15} << 27;
  return {m, m.shift >= 0 ? range >> m.shift : range << -m.shift};
}

int logistic_of(int32_t v) {
  if (v == 0) return round_shift(1 << 30, 23) - 128;
  const int32_t exponent = exp_negative(-std::abs(v), 4);
  const int32_t r =
      saturate(2 * static_cast<int64_t>(reciprocal_one_plus(exponent)));
  return round_shift(v < 0 ? kInt32Max - r : r, 23) - 128;
}

int tanh_of(int32_t v) {
  if (v == 0) return 0;
  const int32_t exponent = exp_negative(-std::abs(v), 5);
  const int32_t r = saturate(
      4 * (static_cast<int64_t>(reciprocal_one_plus(exponent)) - (1 << 29)));
  return round_shift(v < 0 ? -r : r, 24);
}

template <int (*kInside)(int32_t)>
ByteFunction saturating(const Op&, const Tensor& x, const Tensor&) {
  return [=, s = sigmoid(x), zx = x.zero()](int q) {
    const int d = q - zx;
    if (d <= -s.radius) return -128;
    if (d >= s.radius) return 127;
    return kInside(rescale(d, s.m));
  };
}

int saturate16(int64_t v) {
  return static_cast<int>(std::clamp<int64_t>(v, -32768, 32767));
}

int high_mul16(int a, int b) {
  const int p = a * b;
  return saturate16((p + (p >= 0 ? 1 << 14 : 1 - (1 << 14))) / (1 << 15));
}

int shortened(Multiplier m) {
  return static_cast<int>(
      std::min<int64_t>((int64_t{m.value} + (1 << 15)) >> 16, 32767));
}

ByteFunction hard_swish(const Op&, const Tensor& x, const Tensor& y) {
  const float fine = x.scale() / 128.0f;
  const float relu_scale = 3.0f / 32768.0f;
  const Multiplier out = quantize_multiplier(fine / y.scale());
  const Multiplier reluish = quantize_multiplier(fine / relu_scale);
  if (out.shift > 0) {
    throw Error(Exit::kUnsupported,
                "HARD_SWISH of " + x.name +
                    ": the output scale is below 1/128 of the input scale");
  }
  const int mo = shortened(out), mr = shortened(reluish);
  const int so = out.shift, sr = reluish.shift;
  return [=, zx = x.zero(), zy = y.zero()](int q) {
    const int h = (q - zx) * 128;
    const int p = high_mul16(h, mo);
    int r = h;
    if (sr > 0) r = saturate16(int64_t{r} * (int64_t{1} << (sr - 1)));
    r = high_mul16(r, mr);
    if (sr > 0) r = saturate16(int64_t{2} * r);
    if (sr < 0) r = round_shift(r, -sr);
    r = (r + 32768) >> 1;
    return round_shift(r * p / (1 << 15), -so) + zy;
  };
}

ByteFunction absolute(const Op&, const Tensor& x, const Tensor& y) {
  const bool same = x.scale() == y.scale();
  const Multiplier m = quantize_multiplier(x.scale() / y.scale());
  return [=, zx = x.zero(), zy = y.zero()](int q) {
    const int d = std::abs(q - zx);
    return wrap_add(same ? d : rescale(d, m), zy);
  };
}

// At the zero point and below it, where there is no root, the highest byte.
ByteFunction rsqrt(const Op&, const Tensor& x, const Tensor& y) {
  const float root = std::sqrt(x.scale());
  const Multiplier m =
      quantize_multiplier(1.0 / static_cast<float>(root * y.scale()));
  return [=, zx = x.zero(), zy = y.zero()](int q) {
    const int d = q - zx;
    if (d <= 0) return 127;
    const InverseRoot r = inverse_root(static_cast<uint32_t>(d));
    const int32_t v = requantize(1, r.value, 20 + r.shift);
    const int shift = m.shift - 20;
    return shift < -31 ? zy : wrap_add(requantize(v, m.value, shift), zy);
  };
}

ByteFunction logical_not(const Op&, const Tensor&, const Tensor&) {
  return [](int q) { return q == 0 ? 1 : 0; };
}

ByteFunction table(const Op& op, const Tensor&, const Tensor&) {
  return [bytes = std::get<TableAttr>(op.attr).bytes](int q) {
    return int{bytes[static_cast<size_t>(q + 128)]};
  };
}

ByteFunction of_real(const Graph& graph, const Op& op) {
  return [&graph, &op](int q) { return real_byte(graph, op, q); };
}

// As DEQUANTIZE, the operator of float32 and QUANTIZE compute it. kOnce: as
// ONNX means it, whose halves go to even.
template <bool kOnce>
ByteFunction of_floats(const Graph& graph, const Op& op) {
  const Tensor& x = graph.tensors[static_cast<size_t>(op.inputs[0])];
  const Tensor& y = graph.tensors[static_cast<size_t>(op.outputs[0])];
  return [&op, &x, &y](int q) {
    const float real = dequantize(static_cast<int8_t>(q), x.scale(), x.zero());
    float made = 0;
    real_unary(op.kind).floats(op, {&real, 1}, {&made, 1});
    if (kOnce) return round_to_byte(double{made} / y.scale(), y.zero());
    return int{quantize_float(made, y.scale(), y.zero())};
  };
}

template <ByteFunction (*kFunction)(const Op&, const Tensor& x,
                                    const Tensor& y)>
ByteFunction of(const Graph& graph, const Op& op) {
  return kFunction(op, graph.tensors[op.inputs[0]],
                   graph.tensors[op.outputs[0]]);
}

constexpr ByKind<ByteFunction (*)(const Graph&, const Op&)> kFunctions(
    {{OpKind::kQuantize, of<quantize>},
     {OpKind::kRelu, of<relu>},
     {OpKind::kRelu6, of<relu6>},
     {OpKind::kLeakyRelu, of<leaky_relu>},
     {OpKind::kLogistic, of<saturating<logistic_of>>},
     {OpKind::kTanh, of<saturating<tanh_of>>},
     {OpKind::kHardSwish, of<hard_swish>},
     {OpKind::kAbs, of<absolute>},
     {OpKind::kRsqrt, of<rsqrt>},
     {OpKind::kNeg, of_real},
     {OpKind::kSquare, of_real},
     {OpKind::kSqrt, of_real},
     {OpKind::kExp, of_real},
     {OpKind::kLog, of_real},
     {OpKind::kGelu, of_real},
     {OpKind::kElu, of_floats<false>},
     {OpKind::kSin, of_floats<false>},
     {OpKind::kFloor, of_floats<false>},
     {OpKind::kLogicalNot, of<logical_not>},
     {OpKind::kTable, of<table>},
     {OpKind::kFunction, of_floats<false>}});

}  // namespace

std::array<int8_t, 256> unary_table(const Graph& graph, const Op& op) {
  const auto function = kFunctions[op.kind];
  if (function == nullptr) {
    throw Error(Exit::kInternal,
                std::string("no unary operator: ") + op_name(op.kind));
  }
  const bool rounds_once =
      graph.tensors[static_cast<size_t>(op.outputs[0])].quant.rounds_once;
  const ByteFunction f = (rounds_once ? of_floats<true> : function)(graph, op);
  std::array<int8_t, 256> table;
  for (int q = -128; q < 128; ++q) {
    table[q + 128] = static_cast<int8_t>(clamp(f(q), -128, 127));
  }
  return table;
}

}  // namespace shoal
