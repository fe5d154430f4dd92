// Operators of one operand, element by element; SOFTMAX.
#include <algorithm>
#include <cmath>
#include <limits>

#include "host/model/onnx/call.h"

namespace shoal::onnx_import {
namespace {

constexpr float kEndless = std::numeric_limits<float>::infinity();

void plain(OnnxCall& call, OpKind kind, Attr attr = {}) {
  call.expect_inputs(1, 1);
  const Value x = call.data(0);
  call.set_output(0, call.emit_like(kind, {x.tensor}, x, std::move(attr)));
}

// ADD of 3 and RELU6 are six times a hard sigmoid.
void note_gate(OnnxCall& call, const Value& v) {
  const Op* op = call.graph().maker(v.tensor);
  if (op == nullptr || op->kind != OpKind::kAdd) return;
  for (size_t i = 0; i < 2; ++i) {
    const Tensor& t = call.graph().at(op->inputs[i]);
    if (t.constant && element_count(t.shape) == 1 &&
        call.graph().values(op->inputs[i])[0] == 3.f) {
      call.state().gates[v.tensor] = {op->inputs[1 - i], 6, false};
    }
  }
}

void relu(OnnxCall& call, const Value& x, OpKind kind, const char* part = "") {
  const bool six = kind == OpKind::kRelu6;
  if (*part == 0 &&
      fuse_activation(call, x, six ? Activation::kRelu6 : Activation::kRelu)) {
    if (six) note_gate(call, x);
    return;
  }
  call.set_output(0, call.emit_like(kind, {x.tensor}, x, {}, part));
}

// A clamp of bytes has limits and results of the same scale.
void note_like(OnnxCall& call, const Value& x, int made) {
  const QuantNote note = call.graph().note(x.tensor);
  if (x.bytes) call.graph().note(made) = note;
}

Value clamped(OnnxCall& call, OpKind kind, const Value& x, float limit,
              const char* name, const char* part) {
  const int bound = call.constant_tensor(name, {1}, {limit});
  note_like(call, x, bound);
  const Value made = call.emit_like(kind, {x.tensor, bound}, x, {}, part);
  note_like(call, x, made.tensor);
  return made;
}

// If the limits cross, the upper one holds.
void clamp(OnnxCall& call, const Value& x, float low, float high) {
  call.require(!std::isnan(low) && !std::isnan(high),
               "a limit is not a number");
  low = std::min(low, high);
  const bool open_low = low <= -std::numeric_limits<float>::max();
  const bool open_high = high >= std::numeric_limits<float>::max();
  if (!x.bytes) {
    if (low == 0 && open_high) return relu(call, x, OpKind::kRelu);
    if (low == 0 && high == 6) return relu(call, x, OpKind::kRelu6);
    if (low == -1 && high == 1 &&
        fuse_activation(call, x, Activation::kReluN1To1)) {
      return;
    }
  }
  Value v = x;
  if (low == 0 && !x.bytes) {
    v = call.emit_like(OpKind::kRelu, {x.tensor}, x, {}, ":raised");
  } else if (!open_low) {
    v = clamped(call, OpKind::kMaximum, x, low, ":low",
                open_high ? "" : ":raised");
  }
  if (!open_high) v = clamped(call, OpKind::kMinimum, v, high, ":high", "");
  call.set_output(0, v);
}

void clip(OnnxCall& call) {
  const bool attributes = call.before(11);
  call.expect_inputs(1, attributes ? 1 : 3);
  const Value x = call.data(0);
  const auto limit = [&](const char* name, size_t operand, float otherwise) {
    if (attributes) return call.real(name, otherwise);
    if (!call.has(operand)) return otherwise;
    return x.bytes ? call.meaning_of(call.byte(operand, "a limit"))
                   : call.scalar(operand, "a limit");
  };
  const float low = limit("min", 1, -kEndless);
  clamp(call, x, low, limit("max", 2, kEndless));
}

// max(0, min(1, alpha x + beta)) as RELU6 and a sixth.
void hard_sigmoid(OnnxCall& call) {
  call.expect_inputs(1, 1);
  const Value x = call.data(0);
  const float alpha = 6 * call.real("alpha", 0.2f);
  const float beta = 6 * call.real("beta", 0.5f);
  Value v = x;
  const bool plain_slope = std::abs(alpha - 1) < 1e-6f;
  if (!plain_slope) {
    const int slope = call.constant_tensor(":slope", {1}, {alpha});
    v = call.emit_like(OpKind::kMul, {v.tensor, slope}, v, FusedAttr{},
                       ":sloped");
  }
  const int shift = call.constant_tensor(":shift", {1}, {beta});
  v = call.emit_like(OpKind::kAdd, {v.tensor, shift}, v,
                     FusedAttr{Activation::kRelu6}, ":six");
  const int sixth = call.constant_tensor(":sixth", {1}, {1.f / 6});
  v = call.emit_like(OpKind::kMul, {v.tensor, sixth}, v, FusedAttr{});
  if (plain_slope && std::abs(beta - 3) < 1e-6f) {
    call.state().gates[v.tensor] = {x.tensor, 1, false};
  }
  call.set_output(0, v);
}

void prelu(OnnxCall& call) {
  call.expect_inputs(2, 2);
  const Value given = call.data(0);
  call.floats(1, "a slope");
  OnnxTensor slope = call.constant(1, "a slope");
  if (call.before(7) && slope.dims.size() == 1 && slope.count() > 1) {
    // The slopes are those of the channels, which are axis 1.
    slope.dims.resize(std::max<size_t>(given.rank(), 2) - 1, 1);
  }
  const Value x = call.layouts().settled(given);
  const Shape dims = call.shape_of(slope.dims);
  call.require(dims.size() <= x.rank(),
               text("a slope of ", dims.size(), " axes"));
  for (size_t i = 0; i < dims.size(); ++i) {
    const int size = x.dims[i + x.rank() - dims.size()];
    call.require(dims[i] == 1 || dims[i] == size,
                 text("a slope of shape ", shape_text(dims), " for ",
                      shape_text(x.dims)));
  }
  const int alpha = call.constant_beside(slope, x.order);
  if (slope.quant.scale.size() == 1) {
    call.graph().note(alpha).quant = slope.quant;
  }
  call.set_output(0, call.emit_like(OpKind::kPrelu, {x.tensor, alpha}, x));
}

// The order with one axis moved to the end.
Axes with_last(const Axes& order, int axis) {
  Axes out;
  for (const int a : order) {
    if (a != axis) out.push_back(a);
  }
  out.push_back(axis);
  return out;
}

// Before opset 13 everything from the axis on is one row.
Value as_rows(OnnxCall& call, const Value& x, int axis) {
  int rows = 1, row = 1;
  for (size_t i = 0; i < x.rank(); ++i) {
    (static_cast<int>(i) < axis ? rows : row) *= x.dims[i];
  }
  return call.layouts().reshaped(x, {rows, row});
}

void softmax(OnnxCall& call, OpKind kind) {
  call.expect_inputs(1, 1);
  Value x = call.data(0);
  call.require(x.rank() > 0, "an input without axes");
  const bool rows = call.opset() < 13;
  int axis = call.axis(call.integer("axis", rows ? 1 : -1), x.rank());
  const Shape dims = x.dims;
  bool alone = true;  // nothing but ones behind the axis
  for (size_t i = static_cast<size_t>(axis) + 1; i < dims.size(); ++i) {
    alone = alone && dims[i] == 1;
  }
  const bool reshapes = rows && !alone;
  if (reshapes) {
    x = as_rows(call, x, axis);
    axis = 1;
  }
  x = call.layouts().settled(x);
  x = call.layouts().ordered(x, with_last(x.order, axis));
  const Attr attr = kind == OpKind::kSoftmax ? Attr(AlphaAttr{1}) : Attr();
  const Value made =
      call.emit_like(kind, {x.tensor}, x, attr, reshapes ? ":rows" : "");
  call.set_output(0, reshapes ? call.layouts().reshaped(made, dims) : made);
}

}  // namespace

bool convert_activation(OnnxCall& call) {
  const std::string& type = call.type();
  if (type == "Relu") {
    call.expect_inputs(1, 1);
    const Value x = call.data(0);
    // Bytes stay above the byte 0, whatever that means.
    clamp(call, x, x.bytes ? call.meaning_of(0) : 0.f, kEndless);
  } else if (type == "Clip") {
    clip(call);
  } else if (type == "HardSwish") {
    plain(call, OpKind::kHardSwish);
  } else if (type == "Sigmoid") {
    plain(call, OpKind::kLogistic);
  } else if (type == "Tanh") {
    plain(call, OpKind::kTanh);
  } else if (type == "LeakyRelu") {
    plain(call, OpKind::kLeakyRelu, AlphaAttr{call.real("alpha", 0.01f)});
  } else if (type == "HardSigmoid") {
    hard_sigmoid(call);
  } else if (type == "PRelu") {
    prelu(call);
  } else if (type == "Softmax") {
    softmax(call, OpKind::kSoftmax);
  } else if (type == "LogSoftmax") {
    softmax(call, OpKind::kLogSoftmax);
  } else {
    return false;
  }
  return true;
}

}  // namespace shoal::onnx_import
