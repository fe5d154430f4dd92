// Functions of one value that TensorFlow Lite has no operator for, as steps of
// operators that it has: in int8 each is one table, not a chain of roundings.
#include <limits>
#include <numbers>
#include <utility>

#include "host/model/onnx/call.h"

namespace shoal::onnx_import {
namespace {

using enum OpKind;

// Builds the steps; every function returns the operand that its result is.
// Each use of a constant is one of its own, in the order of use, as import
// numbers those of a file: so no two are made within one expression.
class Steps {
 public:
  static constexpr int kValue = 0;

  int constant(float value) {
    made_.constants.push_back(value);
    return -static_cast<int>(made_.constants.size());
  }
  int apply(OpKind kind, int operand) { return add({kind, {operand}, {}, {}}); }
  int function_of(OpKind kind, int operand, Attr attr) {
    return add({kind, {operand}, {}, std::move(attr)});
  }
  int apply(OpKind kind, int a, int b) {
    const bool fuses = kind == kAdd || kind == kMul || kind == kDiv;
    return add({kind, {a, b}, {}, fuses ? Attr(FusedAttr{}) : Attr()});
  }
  FunctionAttr take() { return std::move(made_); }

  // -1, 0 or 1: whatever is not 0 leaves the range when it is multiplied by
  // the largest number twice.
  int sign(int x) {
    constexpr float kMost = std::numeric_limits<float>::max();
    const int large = apply(kMul, x, constant(kMost));
    const int far = apply(kMul, large, constant(kMost));
    const int below = apply(kMinimum, far, constant(1));
    return apply(kMaximum, below, constant(-1));
  }
  // 1 where x is above the limit, else 0.
  int above(int x, float limit) {
    return apply(kRelu, sign(apply(kAdd, x, constant(-limit))));
  }

  // x for x >= 0, else alpha (e^x - 1).
  int elu(float alpha) {
    const int elu = apply(kElu, kValue);
    if (alpha == 1) return elu;
    const int negative = apply(kMinimum, elu, constant(0));
    return apply(kAdd, apply(kRelu, kValue),
                 apply(kMul, negative, constant(alpha)));
  }
  // log(1 + e^x); e^-|x| does not overflow.
  int softplus() {
    const int small = apply(kExp, apply(kNeg, apply(kAbs, kValue)));
    const int log = apply(kLog, apply(kAdd, small, constant(1)));
    return apply(kAdd, apply(kRelu, kValue), log);
  }

 private:
  int add(Op step) {
    made_.steps.push_back(std::move(step));
    return static_cast<int>(made_.steps.size());
  }

  FunctionAttr made_;
};

void elu(OnnxCall& call, Steps& s) { s.elu(call.real("alpha", 1)); }

void selu(OnnxCall& call, Steps& s) {
  const float alpha = call.real("alpha", 1.67326319217681884765625f);
  const float gamma = call.real("gamma", 1.05070102214813232421875f);
  const int negative = s.elu(alpha);
  s.apply(kMul, negative, s.constant(gamma));
}

// alpha ELU(x / alpha).
void celu(OnnxCall& call, Steps& s) {
  const float alpha = call.real("alpha", 1);
  call.require(alpha != 0, "alpha is 0");
  const int scaled = s.apply(kDiv, Steps::kValue, s.constant(alpha));
  s.apply(kMul, s.apply(kElu, scaled), s.constant(alpha));
}

void softplus(OnnxCall&, Steps& s) { s.softplus(); }

void softsign(OnnxCall&, Steps& s) {
  const int size = s.apply(kAbs, Steps::kValue);
  s.apply(kDiv, Steps::kValue, s.apply(kAdd, size, s.constant(1)));
}

void mish(OnnxCall&, Steps& s) {
  s.apply(kMul, Steps::kValue, s.apply(kTanh, s.softplus()));
}

void floor_steps(OnnxCall&, Steps& s) { s.apply(kFloor, Steps::kValue); }

void ceil_steps(OnnxCall&, Steps& s) {
  s.apply(kNeg, s.apply(kFloor, s.apply(kNeg, Steps::kValue)));
}

// cos x = 1 - 2 sin(x / 2)^2. The sine of x and a quarter turn would lose
// digits in the sum.
void cosine(OnnxCall&, Steps& s) {
  const int half = s.apply(kMul, Steps::kValue, s.constant(0.5F));
  const int square = s.apply(kSquare, s.apply(kSin, half));
  const int less = s.apply(kMul, square, s.constant(-2));
  s.apply(kAdd, less, s.constant(1));
}

// GELU(u) / u is (1 + erf(u / sqrt 2)) / 2, which is not defined at 0: the
// size of x is at least 1e-30 here, and erf is odd.
void error_function(OnnxCall&, Steps& s) {
  const int least = s.constant(1e-30F);
  const int size = s.apply(kMaximum, s.apply(kAbs, Steps::kValue), least);
  const int u = s.apply(kMul, size, s.constant(std::numbers::sqrt2_v<float>));
  const int gelu = s.function_of(kGelu, u, GeluAttr{false});
  const int part = s.apply(kDiv, gelu, u);
  const int twice = s.apply(kMul, part, s.constant(2));
  const int positive = s.apply(kAdd, twice, s.constant(-1));
  const int sign = s.apply(kDiv, Steps::kValue, size);
  s.apply(kMul, positive, sign);
}

void sign(OnnxCall&, Steps& s) { s.sign(Steps::kValue); }

void thresholded_relu(OnnxCall& call, Steps& s) {
  s.apply(kMul, Steps::kValue, s.above(Steps::kValue, call.real("alpha", 1)));
}

// x + bias below -lambd, x - bias above lambd, else 0.
void shrink(OnnxCall& call, Steps& s) {
  const float limit = call.real("lambd", 0.5F), bias = call.real("bias", 0);
  const int high = s.above(Steps::kValue, limit);
  const int low = s.above(s.apply(kNeg, Steps::kValue), limit);
  const int less = s.apply(kAdd, Steps::kValue, s.constant(-bias));
  const int more = s.apply(kAdd, Steps::kValue, s.constant(bias));
  const int upper = s.apply(kMul, less, high);
  const int lower = s.apply(kMul, more, low);
  s.apply(kAdd, upper, lower);
}

// Halves go to the even neighbour. Away from halves the integers `up` and
// `down` are equal; at one they differ by 1, and an odd `up` is one too many.
void round_steps(OnnxCall&, Steps& s) {
  const int up =
      s.apply(kFloor, s.apply(kAdd, Steps::kValue, s.constant(0.5F)));
  const int less = s.apply(kAdd, Steps::kValue, s.constant(-0.5F));
  const int minus_down = s.apply(kFloor, s.apply(kNeg, less));
  const int is_half = s.apply(kAdd, up, minus_down);
  const int pairs = s.apply(kFloor, s.apply(kMul, up, s.constant(0.5F)));
  const int is_odd = s.apply(kAdd, up, s.apply(kMul, pairs, s.constant(-2)));
  s.apply(kAdd, up, s.apply(kNeg, s.apply(kMul, is_half, is_odd)));
}

struct Composed {
  const char* type;
  void (*build)(OnnxCall&, Steps&);
};
constexpr Composed kComposed[] = {
    {"Ceil", ceil_steps},    {"Celu", celu},
    {"Cos", cosine},         {"Elu", elu},
    {"Erf", error_function}, {"Floor", floor_steps},
    {"Mish", mish},          {"Round", round_steps},
    {"Selu", selu},          {"Shrink", shrink},
    {"Sign", sign},          {"Softplus", softplus},
    {"Softsign", softsign},  {"ThresholdedRelu", thresholded_relu},
};

// x / (bias + alpha * mean of the squares of `size` neighbouring channels) ^
// beta: the mean as a pool along the channels, all behind it as one function.
void local_response(OnnxCall& call) {
  call.expect_inputs(1, 1);
  const Value x = call.layouts().usual(call.layouts().settled(call.data(0)));
  const int64_t size = call.integer("size", 0);
  const float alpha = call.real("alpha", 0.0001F),
              beta = call.real("beta", 0.75F);
  const float bias = call.real("bias", 1);
  if (x.rank() != 4) call.unsupported(text("an input of ", x.rank(), " axes"));
  call.require(size >= 1, text("a size of ", size));
  call.require_at_most(65535, "a size", size);
  const int channels = x.dims[1], places = x.dims[0] * x.dims[2] * x.dims[3];
  const int before = static_cast<int>((size - 1) / 2);
  const int after = static_cast<int>(size - 1) - before;
  GraphBuilder& graph = call.graph();
  const std::string& name = call.output_name();
  const Value square = call.emit_like(kSquare, {x.tensor}, x, {}, ":square");
  int t = graph.op(kReshape, {square.tensor}, name + ":line",
                   {1, places, channels, 1});
  PadAttr pad{{0, 0, before, 0}, {0, 0, after, 0}};
  t = graph.op(kPad, {t}, name + ":padded",
               {1, places, channels + before + after, 1}, pad);
  WindowAttr window;
  window.kernel_w = static_cast<int>(size);
  t = graph.op(kAveragePool2d, {t}, name + ":mean", {1, places, channels, 1},
               window);
  t = graph.op(kReshape, {t}, name + ":means", graph.shape(x.tensor));
  Steps s;
  const int scaled = s.apply(kMul, Steps::kValue, s.constant(alpha));
  const int log = s.apply(kLog, s.apply(kAdd, scaled, s.constant(bias)));
  s.apply(kExp, s.apply(kMul, log, s.constant(-beta)));
  const Value factor =
      call.emit_like(kFunction, {t}, x, Attr(s.take()), ":factor");
  call.set_output(
      0, call.emit_like(kMul, {x.tensor, factor.tensor}, x, FusedAttr{}));
}

}  // namespace

bool convert_composed(OnnxCall& call) {
  if (call.type() == "LRN") {
    local_response(call);
    return true;
  }
  for (const Composed& composed : kComposed) {
    if (call.type() != composed.type) continue;
    call.expect_inputs(1, 1);
    const Value x = call.data(0);
    Steps steps;
    composed.build(call, steps);
    FunctionAttr made = steps.take();
    const bool single = made.steps.size() == 1 && made.constants.empty();
    const OpKind kind = single ? made.steps[0].kind : kFunction;
    call.set_output(0, call.emit_like(kind, {x.tensor}, x,
                                      single ? Attr() : Attr(std::move(made))));
    return true;
  }
  return false;
}

}  // namespace shoal::onnx_import
