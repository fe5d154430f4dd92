// Comparisons, logic and Where: truth values and what they choose.
#include <algorithm>

#include "host/model/onnx/call.h"

namespace shoal::onnx_import {
namespace {

struct Comparison {
  const char* type;
  OpKind kind;
};
constexpr Comparison kComparisons[] = {
    {"Equal", OpKind::kEqual},
    {"Greater", OpKind::kGreater},
    {"GreaterOrEqual", OpKind::kGreaterEqual},
    {"Less", OpKind::kLess},
    {"LessOrEqual", OpKind::kLessEqual},
    {"And", OpKind::kLogicalAnd},
    {"Or", OpKind::kLogicalOr},
};

bool is_truth(OnnxCall& call, const Value& v) {
  return !v.is_constant() && is_bool(call.graph().at(v.tensor));
}

// The operands lie in one order, that of the largest computed one.
struct Aligned {
  Shape dims;
  Axes order;
  std::vector<int> tensors;
};

Aligned aligned(OnnxCall& call, size_t count) {
  Aligned out;
  std::vector<Value> values;
  for (size_t i = 0; i < count; ++i) {
    Value v = call.in(i);
    if (v.is_constant()) {
      if (v.constant->type == kOnnxBool) {
        OnnxTensor numbers = *v.constant;
        numbers.floats.assign(numbers.ints.begin(), numbers.ints.end());
        v.constant = std::make_shared<const OnnxTensor>(std::move(numbers));
      }
      if (v.constant->floats.empty()) {
        call.unsupported(text("a constant operand of type ",
                              onnx_type_name(v.constant->type)));
      }
      v.dims = call.shape_of(v.constant->dims);
    }
    out.dims = i == 0 ? v.dims : result_dims(call, out.dims, v.dims);
    values.push_back(std::move(v));
  }
  const Value* largest = nullptr;
  for (Value& v : values) {
    if (v.is_constant()) continue;
    v = call.layouts().settled(call.layouts().padded(v, out.dims.size()));
    if (largest == nullptr ||
        element_count(v.dims) > element_count(largest->dims)) {
      largest = &v;
    }
  }
  call.require(largest != nullptr, "has no operand that is computed");
  out.order = largest->order;
  for (const Value& v : values) {
    if (!v.is_constant()) {
      out.tensors.push_back(call.layouts().ordered(v, out.order).tensor);
      continue;
    }
    out.tensors.push_back(call.constant_beside(*v.constant, out.order));
    const Quantization& quant = v.constant->quant;
    if (v.constant->type == kOnnxBool) {
      call.graph().make_truth(out.tensors.back());
    } else if (quant.scale.size() == 1) {
      call.graph().note(out.tensors.back()).quant = quant;
    }
  }
  return out;
}

void comparison(OnnxCall& call, OpKind kind) {
  call.expect_inputs(2, 2);
  const bool logic = kind == OpKind::kLogicalAnd || kind == OpKind::kLogicalOr;
  if (logic && !(is_truth(call, call.in(0)) && is_truth(call, call.in(1)))) {
    call.unsupported("an operand that is no computed truth value");
  }
  const Aligned a = aligned(call, 2);
  call.set_output(0, call.emit(kind, a.tensors, a.dims, a.order));
}

void logical_not(OnnxCall& call) {
  call.expect_inputs(1, 1);
  const Value x = call.data(0);
  if (!is_truth(call, x)) call.unsupported("an operand that is no truth value");
  call.set_output(0, call.emit_like(OpKind::kLogicalNot, {x.tensor}, x));
}

void where(OnnxCall& call) {
  call.expect_inputs(3, 3);
  const Value condition = call.in(0);
  const bool known =
      condition.is_constant() && condition.constant->type == kOnnxBool;
  if (!known && !is_truth(call, condition)) {
    call.unsupported(
        "a condition that is no truth value; compare numbers with Equal, "
        "Greater or Less");
  }
  const Aligned a = aligned(call, 3);
  call.set_output(0, call.emit(OpKind::kSelectV2, a.tensors, a.dims, a.order));
}

}  // namespace

Value as_number(OnnxCall& call, const Value& truth) {
  const int one = call.constant_tensor(":one", {1}, {1});
  const int zero = call.constant_tensor(":zero", {1}, {0});
  return call.emit_like(OpKind::kSelectV2, {truth.tensor, one, zero}, truth);
}

bool convert_choice(OnnxCall& call) {
  const std::string& type = call.type();
  if (type == "Not") {
    logical_not(call);
    return true;
  }
  if (type == "Where") {
    where(call);
    return true;
  }
  for (const Comparison& c : kComparisons) {
    if (type != c.type) continue;
    comparison(call, c.kind);
    return true;
  }
  return false;
}

}  // namespace shoal::onnx_import
