#include "host/model/graph/real_table.h"

#include <algorithm>
#include <cmath>

#include "host/base/error.h"
#include "host/model/graph/long_real.h"

namespace shoal {
namespace {

constexpr int kFar = 1024;

struct Point {
  OpKind kind;
  bool approximate;  // GELU
  float scale_in, scale_out;
  int d;  // byte less zero point

  double x() const { return double{scale_in} * d; }
  LongReal exact_x() const { return LongReal(scale_in) * LongReal(int64_t{d}); }
};

double estimate(const Point& p) {
  const double x = p.x();
  switch (p.kind) {
    case OpKind::kSquare:
      return x * x;
    case OpKind::kSqrt:
      return std::sqrt(x);
    case OpKind::kNeg:
      return -x;
    case OpKind::kExp:
      return std::exp(x);
    case OpKind::kLog:
      return std::log(x);
    case OpKind::kGelu:
      if (p.approximate) {
        const double u = 0.7978845608028654 * (x + 0.044715 * x * x * x);
        return x / (1 + std::exp(-2 * u));
      }
      return x / 2 * std::erfc(-x / 1.4142135623730951);
    default:
      throw Error(Exit::kInternal, "no table of a real function");
  }
}

// |f(x)| itself; of SQRT its square. What is left of GELU beyond where it is
// computed is far below any difference that a byte of these scales shows: it
// lies between x and the next tie.
LongReal exact_size(const Point& p, bool& slightly_less) {
  const LongReal x = p.exact_x();
  LongReal y = x;
  if (p.kind == OpKind::kSquare) y = x * x;
  if (p.kind == OpKind::kExp) y = exp(x);
  if (p.kind == OpKind::kLog) y = log(x);
  if (p.kind == OpKind::kGelu) {
    const double limit = p.approximate ? 12 : 16;
    if (std::abs(p.x()) > limit) {
      slightly_less = true;
      if (p.d < 0) y = LongReal();
    } else {
      y = p.approximate ? gelu_by_tanh(x) : gelu(x);
    }
  }
  return y.negative() ? -y : y;
}

// Whether |f(x)| / sy is at least n + 1/2.
bool reaches(const Point& p, int64_t n) {
  bool slightly_less = false;
  const LongReal size = exact_size(p, slightly_less);
  const LongReal tie =
      (LongReal(p.scale_out) * LongReal(2 * n + 1)).shifted(-1);
  const LongReal wanted = p.kind == OpKind::kSqrt ? tie * tie : tie;
  return slightly_less ? wanted < size : !(size < wanted);
}

}  // namespace

bool has_real_table(OpKind kind) {
  switch (kind) {
    case OpKind::kSquare:
    case OpKind::kSqrt:
    case OpKind::kNeg:
    case OpKind::kExp:
    case OpKind::kLog:
    case OpKind::kGelu:
      return true;
    default:
      return false;
  }
}

int real_byte(const Graph& graph, const Op& op, int q) {
  const Tensor& x = graph.tensors[static_cast<size_t>(op.inputs[0])];
  const Tensor& y = graph.tensors[static_cast<size_t>(op.outputs[0])];
  const auto* gelu = std::get_if<GeluAttr>(&op.attr);
  Point p{op.kind, gelu != nullptr && gelu->approximate, x.scale(), y.scale(),
          q - x.zero()};
  if (p.kind == OpKind::kSqrt) p.d = std::max(p.d, 0);
  if (p.kind == OpKind::kLog && p.d <= 0) return -kFar;
  const double quotient = estimate(p) / p.scale_out;
  const double size = std::abs(quotient);
  if (size > kFar) return quotient < 0 ? -kFar : kFar;
  const double below = std::floor(size);
  auto steps = static_cast<int>(std::round(size));
  if (std::abs(size - below - 0.5) < 0x1p-16) {
    const auto n = static_cast<int64_t>(below);
    steps = static_cast<int>(n) + (reaches(p, n) ? 1 : 0);
  }
  return (quotient < 0 ? -steps : steps) + y.zero();
}

}  // namespace shoal
