// Arithmetic of constants: wrapping integers, float32.
#include <algorithm>
#include <cmath>
#include <limits>

#include "host/model/onnx/fold.h"

namespace shoal::onnx_import {
namespace {

using Sizes64 = std::vector<int64_t>;

bool holds_floats(const OnnxTensor& t) {
  return t.type == kOnnxFloat || t.type == kOnnxDouble;
}

OnnxTensor broadcast(const OnnxTensor& t, const Sizes64& dims) {
  const Sizes64 own = row_major_steps(t.dims);
  Sizes64 steps(dims.size(), 0);
  for (size_t i = 0; i < t.dims.size(); ++i) {
    if (t.dims[i] != 1) steps[i + dims.size() - t.dims.size()] = own[i];
  }
  return picked(t, dims, strided_walk(dims, steps, 0));
}

int64_t cut_to_integer(float v) {
  if (std::isnan(v)) return 0;
  constexpr float kFar = 0x1p62f;
  return static_cast<int64_t>(std::clamp(v, -kFar, kFar));
}

// Wrapping, as the file's integers do.
int64_t wrapped(uint64_t v) { return static_cast<int64_t>(v); }

int64_t integer_of(OnnxCall& call, const std::string& type, int64_t a,
                   int64_t b) {
  const auto p = static_cast<uint64_t>(a), q = static_cast<uint64_t>(b);
  if (type == "Add") return wrapped(p + q);
  if (type == "Sub") return wrapped(p - q);
  if (type == "Mul") return wrapped(p * q);
  if (type == "Min") return std::min(a, b);
  if (type == "Max") return std::max(a, b);
  call.require(b != 0, "a division by zero");
  if (type == "Mod") {
    const int64_t rest = b == -1 ? 0 : a % b;
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
  }
  return b == -1 ? wrapped(0 - p) : a / b;
}

float real_of(const std::string& type, float a, float b) {
  if (type == "Add") return a + b;
  if (type == "Sub") return a - b;
  if (type == "Mul") return a * b;
  if (type == "Min") return std::min(a, b);
  if (type == "Max") return std::max(a, b);
  if (type == "Pow") return std::pow(a, b);
  return a / b;
}

template <class T>
bool compares(const std::string& type, T a, T b) {
  if (type == "Equal") return a == b;
  if (type == "Greater") return a > b;
  if (type == "GreaterOrEqual") return a >= b;
  if (type == "Less") return a < b;
  if (type == "LessOrEqual") return a <= b;
  if (type == "And") return a != 0 && b != 0;
  return a != 0 || b != 0;
}

}  // namespace

void fold_comparison(OnnxCall& call) {
  call.expect_inputs(2, 2);
  const OnnxTensor& a = call.constant(0, "an operand");
  const OnnxTensor& b = call.constant(1, "an operand");
  call.require(
      holds_floats(a) == holds_floats(b) && a.bytes.empty() && b.bytes.empty(),
      text("operands of types ", onnx_type_name(a.type), " and ",
           onnx_type_name(b.type)));
  const Sizes64 dims = result_dims(call, a.dims, b.dims);
  check_fold_size(call, dims);
  const OnnxTensor p = broadcast(a, dims), q = broadcast(b, dims);
  OnnxTensor out;
  out.type = kOnnxBool;
  out.dims = dims;
  for (size_t i = 0; i < p.floats.size(); ++i) {
    out.ints.push_back(compares(call.type(), p.floats[i], q.floats[i]));
  }
  for (size_t i = 0; i < p.ints.size(); ++i) {
    out.ints.push_back(compares(call.type(), p.ints[i], q.ints[i]));
  }
  call.set_constant(0, std::move(out));
}

void fold_not(OnnxCall& call) {
  OnnxTensor out = call.constant(0, "an operand");
  call.require(out.type == kOnnxBool, "an operand that is no truth value");
  for (int64_t& v : out.ints) v = v == 0 ? 1 : 0;
  call.set_constant(0, std::move(out));
}

void fold_where(OnnxCall& call) {
  call.expect_inputs(3, 3);
  const OnnxTensor& chosen = call.constant(0, "a condition");
  const OnnxTensor& a = call.constant(1, "an operand");
  const OnnxTensor& b = call.constant(2, "an operand");
  call.require(chosen.type == kOnnxBool && a.type == b.type,
               text("operands of types ", onnx_type_name(chosen.type), ", ",
                    onnx_type_name(a.type), " and ", onnx_type_name(b.type)));
  const Sizes64 dims =
      result_dims(call, result_dims(call, a.dims, b.dims), chosen.dims);
  check_fold_size(call, dims);
  const OnnxTensor c = broadcast(chosen, dims), p = broadcast(a, dims),
                   q = broadcast(b, dims);
  OnnxTensor out = of_type(a, dims);
  const auto choose = [&c](const auto& yes, const auto& no, auto& to) {
    for (size_t i = 0; i < yes.size(); ++i) {
      to.push_back(c.ints[i] != 0 ? yes[i] : no[i]);
    }
  };
  choose(p.floats, q.floats, out.floats);
  choose(p.ints, q.ints, out.ints);
  choose(p.bytes, q.bytes, out.bytes);
  call.set_constant(0, std::move(out));
}

void fold_cast(OnnxCall& call) {
  const OnnxTensor& t = call.constant(0, "data");
  const int64_t to = call.integer("to", 0);
  call.ignore({"saturate", "round_mode"});  // of types of 8 bits
  OnnxTensor out = of_type(t, t.dims);
  out.type = static_cast<int>(to);
  Sizes64 ints = t.ints;
  for (const uint8_t b : t.bytes) {
    ints.push_back(t.type == kOnnxInt8 ? static_cast<int8_t>(b) : b);
  }
  if (to == kOnnxFloat || to == kOnnxDouble) {
    out.floats = t.floats;
    for (const int64_t v : ints) out.floats.push_back(static_cast<float>(v));
  } else if (to == kOnnxInt64 || to == kOnnxInt32 || to == kOnnxBool) {
    out.ints = ints;
    for (const float v : t.floats) out.ints.push_back(cut_to_integer(v));
    for (int64_t& v : out.ints) {
      if (to == kOnnxBool) v = v != 0;
      if (to == kOnnxInt32) v = static_cast<int32_t>(v);
    }
  } else {
    call.unsupported(text("a cast to ", onnx_type_name(out.type)));
  }
  call.set_constant(0, std::move(out));
}

void fold_binary(OnnxCall& call) {
  call.expect_inputs(2, 2);
  const OnnxTensor& a = call.constant(0, "an operand");
  const OnnxTensor& b = call.constant(1, "an operand");
  call.require(
      holds_floats(a) == holds_floats(b) && a.bytes.empty() && b.bytes.empty(),
      text("operands of types ", onnx_type_name(a.type), " and ",
           onnx_type_name(b.type)));
  if (call.type() == "Pow" && !holds_floats(a)) {
    call.unsupported("a power of integers");
  }
  if (call.type() == "Mod" &&
      (call.integer("fmod", 0) != 0 || holds_floats(a))) {
    call.unsupported("a rest of real numbers");
  }
  const Sizes64 dims = result_dims(call, a.dims, b.dims);
  check_fold_size(call, dims);
  const OnnxTensor p = broadcast(a, dims), q = broadcast(b, dims);
  OnnxTensor out = of_type(a, dims);
  for (size_t i = 0; i < p.floats.size(); ++i) {
    out.floats.push_back(real_of(call.type(), p.floats[i], q.floats[i]));
  }
  for (size_t i = 0; i < p.ints.size(); ++i) {
    out.ints.push_back(integer_of(call, call.type(), p.ints[i], q.ints[i]));
  }
  call.set_constant(0, std::move(out));
}

namespace {

struct RealFunction {
  const char* type;
  float (*of)(float);
};
constexpr RealFunction kRealFunctions[] = {
    {"Neg", [](float v) { return -v; }},
    {"Abs", [](float v) { return std::abs(v); }},
    {"Floor", [](float v) { return std::floor(v); }},
    {"Ceil", [](float v) { return std::ceil(v); }},
    {"Round", [](float v) { return std::nearbyint(v); }},
    {"Sqrt", [](float v) { return std::sqrt(v); }},
    {"Reciprocal", [](float v) { return 1 / v; }},
    {"Exp", [](float v) { return std::exp(v); }},
    {"Log", [](float v) { return std::log(v); }},
    {"Sin", [](float v) { return std::sin(v); }},
    {"Cos", [](float v) { return std::cos(v); }},
    {"Tanh", [](float v) { return std::tanh(v); }},
    {"Relu", [](float v) { return std::max(v, 0.F); }},
    {"Sigmoid", [](float v) { return 1 / (1 + std::exp(-v)); }},
};

// Limits of bytes are bytes of the same type: weights as QAT exports write them
// are quantized, clipped to a narrower range and dequantized.
void clip_bytes(OnnxCall& call, OnnxTensor& out) {
  const bool is_signed = out.type == kOnnxInt8;
  const auto number = [&](uint8_t byte) {
    return is_signed ? int{static_cast<int8_t>(byte)} : int{byte};
  };
  const auto limit = [&](size_t i, int otherwise) {
    if (!call.has(i)) return otherwise;
    const OnnxTensor& of = call.constant(i, "a limit");
    call.require(
        of.type == out.type && of.bytes.size() == 1,
        text("a limit of type ", onnx_type_name(of.type), " and ", of.count(),
             " elements, expected one of ", onnx_type_name(out.type)));
    return number(of.bytes[0]);
  };
  const int low = limit(1, is_signed ? -128 : 0),
            high = limit(2, is_signed ? 127 : 255);
  for (uint8_t& byte : out.bytes) {
    byte = static_cast<uint8_t>(std::min(std::max(number(byte), low), high));
  }
}

}  // namespace

void fold_unary(OnnxCall& call) {
  OnnxTensor out = call.constant(0, "an operand");
  call.require(out.bytes.empty(), "an operand of 8-bit type");
  const std::string& type = call.type();
  if (type != "Neg" && !holds_floats(out)) {
    call.unsupported("an operand of integers");
  }
  if (type != "Neg") {  // no bytes of a quantized constant mean the result
    out.ints.clear();
    out.quant = {};
  }
  for (int64_t& v : out.ints) v = wrapped(0 - static_cast<uint64_t>(v));
  for (const RealFunction& f : kRealFunctions) {
    if (type == f.type)
      std::ranges::transform(out.floats, out.floats.begin(), f.of);
  }
  call.set_constant(0, std::move(out));
}

void fold_clip(OnnxCall& call) {
  const bool attributes = call.before(11);
  call.expect_inputs(1, attributes ? 1 : 3);
  OnnxTensor out = call.constant(0, "an operand");
  if (!attributes && (out.type == kOnnxInt8 || out.type == kOnnxUint8)) {
    clip_bytes(call, out);
    return call.set_constant(0, std::move(out));
  }
  if (!holds_floats(out)) call.unsupported("an operand of integers");
  out.ints.clear();
  out.quant = {};
  constexpr float kEndless = std::numeric_limits<float>::infinity();
  const auto limit = [&](const char* name, size_t i, float otherwise) {
    if (attributes) return call.real(name, otherwise);
    return call.has(i) ? call.scalar(i, "a limit") : otherwise;
  };
  const float low = limit("min", 1, -kEndless),
              high = limit("max", 2, kEndless);
  call.require(!std::isnan(low) && !std::isnan(high),
               "a limit is not a number");
  for (float& v : out.floats) v = std::min(std::max(v, low), high);
  call.set_constant(0, std::move(out));
}

void fold_tile(OnnxCall& call) {
  call.expect_inputs(2, 2);
  const OnnxTensor& t = call.constant(0, "data");
  const Sizes64& repeats = call.numbers(1, "repeats");
  call.require(repeats.size() == t.dims.size(),
               text(repeats.size(), " repeats for ", t.dims.size(), " axes"));
  Sizes64 dims = t.dims;
  for (size_t i = 0; i < dims.size(); ++i) {
    call.require(repeats[i] >= 0 && repeats[i] < (int64_t{1} << 28),
                 text("repeats of ", repeats[i]));
    dims[i] *= repeats[i];
  }
  check_fold_size(call, dims);
  const Sizes64 steps = row_major_steps(t.dims);
  Sizes64 from, at(dims.size(), 0);
  int64_t total = 1;
  for (const int64_t d : dims) total *= d;
  for (int64_t n = 0; n < total; ++n) {
    int64_t offset = 0;
    for (size_t i = 0; i < dims.size(); ++i) {
      offset += at[i] % t.dims[i] * steps[i];
    }
    from.push_back(offset);
    for (size_t i = dims.size(); i-- > 0;) {
      if (++at[i] < dims[i]) break;
      at[i] = 0;
    }
  }
  call.set_constant(0, picked(t, dims, from));
}

void fold_expand(OnnxCall& call) {
  const OnnxTensor& t = call.constant(0, "data");
  const Sizes64 dims = result_dims(call, t.dims, call.numbers(1, "a shape"));
  check_fold_size(call, dims);
  call.set_constant(0, broadcast(t, dims));
}

}  // namespace shoal::onnx_import
