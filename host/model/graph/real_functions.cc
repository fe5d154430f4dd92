#include "host/model/graph/real_functions.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <type_traits>
#include <vector>

#include "host/base/error.h"
#include "host/model/graph/operators.h"

namespace shoal {
namespace {

using enum OpKind;

// `Make` turns an operator into its function of a float or a double.
template <class Make>
constexpr RealUnary unary_of(Make) {
  return {[](const Op& op, double v) -> double { return Make{}(op)(v); },
          [](const Op& op, std::span<const float> x, std::span<float> y) {
            std::ranges::transform(x, y.begin(), Make{}(op));
          }};
}
template <class F>
constexpr RealUnary unary(F) {
  return unary_of([](const Op&) { return F{}; });
}

template <Activation kActivation>
constexpr RealUnary limits() {
  return unary([]<class T>(T v) { return Limits<T>(kActivation)(v); });
}

template <class Make>
constexpr RealBinary binary_of(Make) {
  return {[](const Op& op, double a, double b) -> double {
            return Make{}(op)(a, b);
          },
          [](const Op& op, const FloatRun& run) {
            const auto f = Make{}(op);
            const float *a = run.a, *b = run.b;
            for (float& y : run.y) {
              y = f(*a, *b);
              a += run.a_step, b += run.b_step;
            }
          }};
}
template <class F>
constexpr RealBinary binary(F) {
  return binary_of([](const Op&) { return F{}; });
}
template <class F>
constexpr RealBinary fused(F) {
  return binary_of([](const Op& op) {
    const Activation activation = std::get<FusedAttr>(op.attr).activation;
    return [narrow = Limits<float>(activation),
            wide = Limits<double>(activation)]<class T>(T a, T b) {
      if constexpr (std::is_same_v<T, float>)
        return narrow(F{}(a, b));
      else
        return wide(F{}(a, b));
    };
  });
}

double gelu(double v) { return v / 2 * std::erfc(-v / 1.4142135623730951); }
double gelu_by_tanh(double v) {
  const double u = 0.7978845608028654 * (v + 0.044715 * v * v * v);
  return v / (1 + std::exp(-2 * u));
}

double function_of(const Op& op, double v) {
  const auto& f = std::get<FunctionAttr>(op.attr);
  std::vector<double> made = {v};
  const auto operand = [&](const Op& step, size_t i) -> double {
    const int n = step.inputs[i];
    return n < 0 ? f.constants[static_cast<size_t>(-1 - n)]
                 : made[static_cast<size_t>(n)];
  };
  for (const Op& step : f.steps) {
    made.push_back(step.inputs.size() == 1
                       ? real_unary(step.kind).of(step, operand(step, 0))
                       : real_binary(step.kind).of(step, operand(step, 0),
                                                   operand(step, 1)));
  }
  return made.back();
}

// All values go through one step before the next one.
void function_floats(const Op& op, std::span<const float> x,
                     std::span<float> y) {
  const auto& f = std::get<FunctionAttr>(op.attr);
  std::vector<std::vector<float>> made = {{x.begin(), x.end()}};
  const auto operand = [&](const Op& step, size_t i) {
    const int n = step.inputs[i];
    return n < 0 ? &f.constants[static_cast<size_t>(-1 - n)]
                 : made[static_cast<size_t>(n)].data();
  };
  for (const Op& step : f.steps) {
    std::vector<float> out(x.size());
    if (step.inputs.size() == 1) {
      real_unary(step.kind).floats(step, {operand(step, 0), x.size()}, out);
    } else {
      const auto stride = [&](size_t i) { return step.inputs[i] < 0 ? 0 : 1; };
      real_binary(step.kind).floats(step, {operand(step, 0), operand(step, 1),
                                           stride(0), stride(1), out});
    }
    made.push_back(std::move(out));
  }
  std::ranges::copy(made.back(), y.begin());
}

constexpr ByKind<RealUnary> kUnary(
    {{kRelu, limits<Activation::kRelu>()},
     {kRelu6, limits<Activation::kRelu6>()},
     {kLeakyRelu, unary_of([](const Op& op) {
        return [alpha = std::get<AlphaAttr>(op.attr).value](auto v) {
          return v >= 0 ? v : v * alpha;
        };
      })},
     {kLogistic, unary([](auto v) { return 1 / (1 + std::exp(-v)); })},
     {kTanh, unary([](auto v) { return std::tanh(v); })},
     {kHardSwish, unary([](auto v) {
        using T = decltype(v);
        return v * std::clamp(v + 3, T{0}, T{6}) / 6;
      })},
     {kAbs, unary([](auto v) { return std::abs(v); })},
     {kNeg, unary([](auto v) { return -v; })},
     {kSquare, unary([](auto v) { return v * v; })},
     {kSqrt, unary([](auto v) { return std::sqrt(v); })},
     {kRsqrt, unary([](auto v) { return 1 / std::sqrt(v); })},
     {kExp, unary([](auto v) { return std::exp(v); })},
     {kLog, unary([](auto v) { return std::log(v); })},
     {kGelu, unary_of([](const Op& op) {
        const auto f =
            std::get<GeluAttr>(op.attr).approximate ? gelu_by_tanh : gelu;
        return [f](auto v) { return static_cast<decltype(v)>(f(v)); };
      })},
     {kElu, unary([](auto v) { return v < 0 ? std::expm1(v) : v; })},
     {kSin, unary([](auto v) { return std::sin(v); })},
     {kFloor, unary([](auto v) { return std::floor(v); })},
     {kLogicalNot, unary([](auto v) { return v == 0 ? 1 : 0; })},
     {kFunction, {function_of, function_floats}},
     {kQuantize, unary([](auto v) { return v; })}});

constexpr ByKind<RealBinary> kBinary(
    {{kAdd, fused([](auto a, auto b) { return a + b; })},
     {kSub, fused([](auto a, auto b) { return a - b; })},
     {kMul, fused([](auto a, auto b) { return a * b; })},
     {kDiv, fused([](auto a, auto b) { return a / b; })},
     {kSquaredDifference,
      binary([](auto a, auto b) { return (a - b) * (a - b); })},
     {kPrelu,
      binary([](auto v, auto alpha) { return v >= 0 ? v : v * alpha; })},
     {kMaximum, binary([](auto a, auto b) { return std::max(a, b); })},
     {kMinimum, binary([](auto a, auto b) { return std::min(a, b); })},
     {kEqual, binary([](auto a, auto b) { return a == b ? 1 : 0; })},
     {kNotEqual, binary([](auto a, auto b) { return a != b ? 1 : 0; })},
     {kGreater, binary([](auto a, auto b) { return a > b ? 1 : 0; })},
     {kGreaterEqual, binary([](auto a, auto b) { return a >= b ? 1 : 0; })},
     {kLess, binary([](auto a, auto b) { return a < b ? 1 : 0; })},
     {kLessEqual, binary([](auto a, auto b) { return a <= b ? 1 : 0; })},
     {kLogicalAnd, binary([](auto a, auto b) { return std::min(a, b); })},
     {kLogicalOr, binary([](auto a, auto b) { return std::max(a, b); })},
     {kFloorDiv, binary([](auto a, auto b) { return std::floor(a / b); })},
     {kFloorMod, binary([](auto a, auto b) {
        const auto rest = std::fmod(a, b);
        return rest != 0 && (b < 0) != (rest < 0) ? rest + b : rest;
      })}});

template <class Row>
const Row& found(const Row& row, OpKind kind) {
  if (row.of != nullptr) return row;
  throw Error(Exit::kInternal,
              std::string("no function of real numbers: ") + op_name(kind));
}

}  // namespace

const RealUnary& real_unary(OpKind kind) { return found(kUnary[kind], kind); }
const RealBinary& real_binary(OpKind kind) {
  return found(kBinary[kind], kind);
}

}  // namespace shoal
