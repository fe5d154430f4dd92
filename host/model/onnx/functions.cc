// Functions of one operand, powers, quotients of computed tensors, running
// sums.
#include <algorithm>
#include <cmath>

#include "host/model/onnx/call.h"

namespace shoal::onnx_import {
namespace {

Value of(OnnxCall& call, OpKind kind, const Value& x, const char* part = "") {
  return call.emit_like(kind, {x.tensor}, x, {}, part);
}

Value reciprocal(OnnxCall& call, const Value& x) {
  const int one = call.constant_tensor(":one", {1}, {1});
  return call.emit_like(OpKind::kDiv, {one, x.tensor}, x, FusedAttr{});
}

// A real or a whole number; of several equal ones, that.
float exponent_of(const OnnxCall& call) {
  const OnnxTensor& t = call.constant(1, "an exponent");
  std::vector<float> values = t.floats;
  if (values.empty()) values.assign(t.ints.begin(), t.ints.end());
  if (values.empty()) {
    call.unsupported(text("an exponent of type ", onnx_type_name(t.type)));
  }
  if (std::ranges::any_of(values, [&](float v) { return v != values[0]; })) {
    call.unsupported("exponents that differ; use a Pow for each");
  }
  return values[0];
}

// x to the power of a constant that has an operator.
void power(OnnxCall& call) {
  call.expect_inputs(2, 2);
  const Value x = call.data(0);
  const float exponent = exponent_of(call);
  if (exponent == 1) return call.set_output(0, x);
  if (exponent == 2) return call.set_output(0, of(call, OpKind::kSquare, x));
  if (exponent == 0.5f) return call.set_output(0, of(call, OpKind::kSqrt, x));
  if (exponent == -0.5f) return call.set_output(0, of(call, OpKind::kRsqrt, x));
  if (exponent == -1) return call.set_output(0, reciprocal(call, x));
  if (exponent != 3) {
    call.unsupported(
        text("an exponent of ", exponent, "; 3, 2, 1, 1/2, -1/2 and -1 are"));
  }
  const Value square = of(call, OpKind::kSquare, x, ":square");
  call.set_output(0, call.emit_like(OpKind::kMul, {square.tensor, x.tensor}, x,
                                    FusedAttr{}));
}

void gelu(OnnxCall& call) {
  call.expect_inputs(1, 1);
  const std::string way = call.word("approximate", "none");
  call.require(way == "none" || way == "tanh",
               "approximation " + quoted(way) + " is neither none nor tanh");
  const Value x = call.data(0);
  call.set_output(
      0, call.emit_like(OpKind::kGelu, {x.tensor}, x, GeluAttr{way == "tanh"}));
}

void running_sum(OnnxCall& call) {
  call.expect_inputs(2, 2);
  const Value x = call.layouts().settled(call.data(0));
  const std::vector<int64_t>& axes = call.numbers(1, "an axis");
  call.require(axes.size() == 1, text(axes.size(), " axes, expected one"));
  const CumsumAttr attr{place_of(x.order, call.axis(axes[0], x.rank())),
                        call.integer("exclusive", 0) != 0,
                        call.integer("reverse", 0) != 0};
  call.set_output(0, call.emit_like(OpKind::kCumsum, {x.tensor}, x, attr));
}

struct Function {
  const char* type;
  OpKind kind;
};
constexpr Function kFunctions[] = {
    {"Abs", OpKind::kAbs}, {"Exp", OpKind::kExp}, {"Log", OpKind::kLog},
    {"Neg", OpKind::kNeg}, {"Sin", OpKind::kSin}, {"Sqrt", OpKind::kSqrt},
};

}  // namespace

bool convert_function(OnnxCall& call) {
  const std::string& type = call.type();
  for (const Function& f : kFunctions) {
    if (type != f.type) continue;
    call.expect_inputs(1, 1);
    call.set_output(0, of(call, f.kind, Value(call.data(0))));
    return true;
  }
  if (type == "Pow") {
    power(call);
  } else if (type == "Reciprocal") {
    call.expect_inputs(1, 1);
    call.set_output(0, reciprocal(call, Value(call.data(0))));
  } else if (type == "Gelu") {
    gelu(call);
  } else if (type == "CumSum") {
    running_sum(call);
  } else {
    return false;
  }
  return true;
}

}  // namespace shoal::onnx_import
