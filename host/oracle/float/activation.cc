// Operators of one operand, element by element, and SOFTMAX over the last
// axis.
#include <algorithm>
#include <cmath>

#include "host/base/error.h"
#include "host/oracle/float/call.h"

namespace shoal::float_oracle {
namespace {

template <class F>
void for_each_value(const Call& call, F f) {
  std::ranges::transform(call.operand(), call.result().begin(), f);
}

void softmax(const Call& call) {
  const float beta = call.attr<AlphaAttr>().value;
  const size_t row = call.in().shape.back();
  const auto x = call.operand();
  const auto y = call.result();
  for (size_t start = 0; start < x.size(); start += row) {
    const auto from = x.subspan(start, row);
    const auto to = y.subspan(start, row);
    const float highest = std::ranges::max(from);
    double sum = 0;
    for (size_t i = 0; i < row; ++i) {
      to[i] = std::exp((from[i] - highest) * beta);
      sum += to[i];
    }
    for (float& v : to) v = static_cast<float>(v / sum);
  }
}

void log_softmax(const Call& call) {
  const size_t row = call.in().shape.back();
  const auto x = call.operand();
  const auto y = call.result();
  for (size_t start = 0; start < x.size(); start += row) {
    const auto from = x.subspan(start, row);
    const auto to = y.subspan(start, row);
    const float highest = std::ranges::max(from);
    double sum = 0;
    for (const float v : from) sum += std::exp(double{v} - highest);
    for (size_t i = 0; i < row; ++i) {
      to[i] = static_cast<float>(double{from[i]} - highest - std::log(sum));
    }
  }
}

float gelu(float v, bool approximate) {
  const double x = v;
  if (!approximate) {
    return static_cast<float>(x / 2 * std::erfc(-x / 1.4142135623730951));
  }
  const double u = 0.7978845608028654 * (x + 0.044715 * x * x * x);
  return static_cast<float>(x / (1 + std::exp(-2 * u)));
}

}  // namespace

void activation(const Call& call) {
  switch (call.op().kind) {
    case OpKind::kRelu:
      return for_each_value(call, Bounds(Activation::kRelu));
    case OpKind::kRelu6:
      return for_each_value(call, Bounds(Activation::kRelu6));
    case OpKind::kLeakyRelu: {
      const float alpha = call.attr<AlphaAttr>().value;
      return for_each_value(call,
                            [=](float v) { return v >= 0 ? v : v * alpha; });
    }
    case OpKind::kLogistic:
      return for_each_value(call,
                            [](float v) { return 1 / (1 + std::exp(-v)); });
    case OpKind::kTanh:
      return for_each_value(call, [](float v) { return std::tanh(v); });
    case OpKind::kHardSwish:
      return for_each_value(
          call, [](float v) { return v * std::clamp(v + 3, 0.f, 6.f) / 6; });
    case OpKind::kAbs:
      return for_each_value(call, [](float v) { return std::abs(v); });
    case OpKind::kNeg:
      return for_each_value(call, [](float v) { return -v; });
    case OpKind::kSquare:
      return for_each_value(call, [](float v) { return v * v; });
    case OpKind::kSqrt:
      return for_each_value(call, [](float v) { return std::sqrt(v); });
    case OpKind::kRsqrt:
      return for_each_value(call, [](float v) { return 1 / std::sqrt(v); });
    case OpKind::kExp:
      return for_each_value(call, [](float v) { return std::exp(v); });
    case OpKind::kLog:
      return for_each_value(call, [](float v) { return std::log(v); });
    case OpKind::kGelu: {
      const bool approximate = call.attr<GeluAttr>().approximate;
      return for_each_value(call,
                            [=](float v) { return gelu(v, approximate); });
    }
    case OpKind::kLogSoftmax:
      return log_softmax(call);
    case OpKind::kSoftmax:
      return softmax(call);
    default:
      throw Error(Exit::kInternal, "no activation of float values");
  }
}

}  // namespace shoal::float_oracle
