#include "host/model/graph/real_table.h"

#include <algorithm>
#include <cmath>

#include "host/model/graph/long_real.h"
#include "host/model/graph/operators.h"
#include "host/model/graph/real_functions.h"

namespace shoal {
namespace {

constexpr int kFar = 1024;

struct TablePoint {
  const Op& op;
  float scale_in, scale_out;
  int d;  // byte less zero point

  double x() const { return double{scale_in} * d; }
  LongReal exact_x() const { return LongReal(scale_in) * LongReal(int64_t{d}); }
};

// f(x) itself; of SQRT its square.
struct Exact {
  LongReal value;
  bool slightly_less = false;  // in size than what lies at or above it
};

Exact itself(const TablePoint& p) { return {p.exact_x()}; }
Exact square(const TablePoint& p) { return {p.exact_x() * p.exact_x()}; }
Exact power_of_e(const TablePoint& p) { return {exp(p.exact_x())}; }
Exact logarithm(const TablePoint& p) { return {log(p.exact_x())}; }

// Beyond the range in which GELU is computed, the remainder is far below any
// difference that a byte of these scales shows: it lies between x and the next
// tie.
Exact gelu(const TablePoint& p) {
  const bool approximate = std::get<GeluAttr>(p.op.attr).approximate;
  const LongReal x = p.exact_x();
  if (std::abs(p.x()) > (approximate ? 12 : 16)) {
    return {p.d < 0 ? LongReal() : x, true};
  }
  return {approximate ? gelu_by_tanh(x) : gelu(x)};
}

constexpr ByKind<Exact (*)(const TablePoint&)> kExact(
    {{OpKind::kSquare, square},
     {OpKind::kSqrt, itself},
     {OpKind::kNeg, itself},
     {OpKind::kExp, power_of_e},
     {OpKind::kLog, logarithm},
     {OpKind::kGelu, gelu}});

// Returns whether |f(x)| / sy is at least n + 1/2.
bool reaches(const TablePoint& p, int64_t n) {
  const Exact exact = kExact[p.op.kind](p);
  const LongReal size = exact.value.negative() ? -exact.value : exact.value;
  const LongReal tie =
      (LongReal(p.scale_out) * LongReal(2 * n + 1)).shifted(-1);
  const LongReal wanted = p.op.kind == OpKind::kSqrt ? tie * tie : tie;
  return exact.slightly_less ? wanted < size : !(size < wanted);
}

}  // namespace

int real_byte(const Graph& graph, const Op& op, int q) {
  const Tensor& x = graph.tensors[static_cast<size_t>(op.inputs[0])];
  const Tensor& y = graph.tensors[static_cast<size_t>(op.outputs[0])];
  TablePoint p{op, x.scale(), y.scale(), q - x.zero()};
  if (op.kind == OpKind::kSqrt) p.d = std::max(p.d, 0);
  if (op.kind == OpKind::kLog && p.d <= 0) return -kFar;
  const double quotient = real_unary(op.kind).of(op, p.x()) / p.scale_out;
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
