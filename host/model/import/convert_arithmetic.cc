// Operators that compute element by element or along axes.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "device/program/params.h"
#include "host/model/graph/shapes.h"
#include "host/model/import/import_row.h"
#include "host/model/import/op_reader.h"

namespace shoal {
namespace {

// Sums of this many int8 values less a zero point stay within int32.
constexpr int64_t kMaxReduced = int64_t{1} << 23;
constexpr int64_t kMaxReduced16 = int64_t{1} << 15;
// SOFTMAX sums terms of up to 2^19 in an int32.
constexpr int kMaxClasses = 4095;

Shape broadcast(const OpReader& r, const Shape& a, const Shape& b) {
  const auto shape = broadcast_shape(a, b);
  r.require(shape.has_value(), text("shapes ", shape_text(a), " and ",
                                    shape_text(b), kNoBroadcast));
  return *shape;
}

// ADD and SUB shift by 20 bits (int16: 15): the last multiplier must stay below
// one.
void check_sum_scales(const OpReader& r, float a, float b, float y) {
  const double twice = 2.0 * std::max(a, b);
  const int shift = r.int16() ? kWideAddShift : 20;
  if (static_cast<float>(twice / ((1 << shift) * double{y})) >= 1.f) {
    r.unsupported(text("output scale ", y,
                       " is too small for inputs of "
                       "scales ",
                       a, " and ", b));
  }
}

// Their square shifted by 14 bits (int16: none) likewise; TensorFlow Lite takes
// any scale for int16.
void check_square_scales(const OpReader& r, float a, float b, float y) {
  const double twice = 2.0 * std::max(a, b);
  if (r.int16()) return;
  if (twice * twice / ((1 << 14) * double{y}) >= 1) {
    r.unsupported(text("output scale ", y,
                       " is too small for inputs of scales ", a, " and ", b));
  }
}

void check_divisor(const OpReader& r, const Tensor& b) {
  if (!b.constant) return;
  if (r.floats()) {
    for (size_t i = 0; i < b.data.size(); i += sizeof(float)) {
      float v = 0;
      std::memcpy(&v, &b.data[i], sizeof v);
      if (v == 0) r.unsupported("a division by zero");
    }
    return;
  }
  for (const uint8_t byte : b.data) {
    if (static_cast<int8_t>(byte) == b.zero()) {
      r.unsupported("a division by zero");
    }
  }
}

void convert_binary(const OpReader& r, Op& op) {
  const bool scaled =
      op.kind != OpKind::kMaximum && op.kind != OpKind::kMinimum;
  const Tensor& a = scaled ? r.quantized(0) : r.data(0);
  const Tensor& b = scaled ? r.quantized(1) : r.data(1);
  const Tensor& y = scaled ? r.quantized_result() : r.result();
  r.expect_shape(y, broadcast(r, a.shape, b.shape));
  op.inputs = {r.input(0), r.input(1)};
  if (!scaled) return;
  if (op.kind == OpKind::kDiv) check_divisor(r, b);
  const bool sums = op.kind == OpKind::kAdd || op.kind == OpKind::kSub;
  if (sums && !r.floats()) {
    check_sum_scales(r, a.scale(), b.scale(), y.scale());
  }
  if (op.kind == OpKind::kSquaredDifference) {
    if (!r.floats()) check_square_scales(r, a.scale(), b.scale(), y.scale());
    return;
  }
  op.attr = FusedAttr{r.activation()};
}

bool is_truth(const OpReader& r, int operand) {
  return is_bool(r.tensor(operand));
}

// Truth values, as LOGICAL_AND reads and comparisons make them.
const Tensor& truth_result(const OpReader& r) {
  if (!is_bool(r.any_result())) {
    r.unsupported(
        text("a result of type ", type_name(r.any_result().file_type)));
  }
  return r.any_result();
}

// Larger numbers than 2^31 multiples of 2^-8 are not compared.
constexpr float kMostComparedScale = 0x1p14F;

void convert_comparison(const OpReader& r, Op& op) {
  const bool truths = is_truth(r, 0) && is_truth(r, 1);
  const Tensor& a = truths ? r.tensor(0) : r.quantized(0);
  const Tensor& b = truths ? r.tensor(1) : r.quantized(1);
  r.expect_shape(truth_result(r), broadcast(r, a.shape, b.shape));
  for (const Tensor* t : {&a, &b}) {
    if (!r.floats() && t->scale() > kMostComparedScale) {
      r.unsupported(text("a comparison in the scale ", t->scale()));
    }
  }
  if (a.constant && b.constant) r.unsupported("a comparison of constants");
  op.inputs = {r.input(0), r.input(1)};
}

void convert_logical(const OpReader& r, Op& op) {
  for (int i = 0; i < r.inputs(); ++i) {
    if (is_truth(r, i)) continue;
    r.unsupported(text('"', r.tensor(i).name, "\" is ",
                       type_name(r.tensor(i).file_type), ", not BOOL"));
  }
  Shape shape = r.tensor(0).shape;
  if (r.inputs() == 2) shape = broadcast(r, shape, r.tensor(1).shape);
  r.expect_shape(truth_result(r), shape);
  for (int i = 0; i < r.inputs(); ++i) op.inputs.push_back(r.input(i));
}

void convert_select(const OpReader& r, Op& op) {
  if (!is_truth(r, 0)) {
    r.unsupported(
        text("a condition of type ", type_name(r.tensor(0).file_type)));
  }
  const bool truths = is_truth(r, 1) && is_truth(r, 2);
  const Tensor& a = truths ? r.tensor(1) : r.data(1);
  const Tensor& b = truths ? r.tensor(2) : r.data(2);
  const Tensor& y = truths ? truth_result(r) : r.result();
  r.expect_shape(
      y, broadcast(r, broadcast(r, a.shape, b.shape), r.tensor(0).shape));
  if (!r.floats()) {
    r.expect_equal_quantization(a, y);
    r.expect_equal_quantization(b, y);
  }
  op.inputs = {r.input(0), r.input(1), r.input(2)};
}

// TensorFlow Lite Micro computes these in float32 alone.
void convert_floored(const OpReader& r, Op& op) {
  if (!r.floats()) r.unsupported("in int8, which TensorFlow Lite lacks");
  const Tensor& a = r.quantized(0);
  const Tensor& b = r.quantized(1);
  r.expect_shape(r.quantized_result(), broadcast(r, a.shape, b.shape));
  check_divisor(r, b);
  op.inputs = {r.input(0), r.input(1)};
}

void convert_reduce(const OpReader& r, Op& op) {
  const bool bytes =
      op.kind == OpKind::kReduceMax || op.kind == OpKind::kReduceMin;
  const Tensor& x = bytes ? r.data(0) : r.quantized(0);
  const Tensor& y = bytes ? r.result() : r.quantized_result();
  const int rank = static_cast<int>(x.shape.size());
  ReduceAttr a;
  a.reduced.assign(x.shape.size(), false);
  for (const int value : r.numbers(1, "axes")) {
    a.reduced[static_cast<size_t>(r.axis(value, rank))] = true;
  }
  int64_t reduced = 1;
  for (size_t i = 0; i < x.shape.size(); ++i) {
    if (a.reduced[i]) reduced *= x.shape[i];
  }
  if (reduced > (is_int16(x) ? kMaxReduced16 : kMaxReduced)) {
    r.unsupported(text("a reduction over ", reduced, " elements"));
  }
  r.expect_shape(y, reduced_shape(x.shape, a.reduced, r.options().keep_dims));
  if (bytes) r.expect_equal_quantization(x, y);
  op.inputs = {r.input(0)};
  op.attr = std::move(a);
}

void check_hard_swish(const OpReader& r, const Tensor& in, const Tensor& out) {
  if (r.floats()) return;
  const float x = in.scale(), y = out.scale();
  const float hires = x / 128.f;
  if (hires / y >= 1.f || x >= 1536.f) {
    r.unsupported(text("input scale ", x, " and output scale ", y,
                       " leave 16-bit arithmetic"));
  }
}

void check_leaky(const OpReader& r, const Tensor& x, const Tensor& y) {
  const float alpha = r.options().value;
  r.require(std::isfinite(alpha), "alpha is not finite");
  if (alpha < 0 ||
      (!r.floats() && !std::isfinite(x.scale() * alpha / y.scale()))) {
    r.unsupported(text("alpha of ", alpha));
  }
}

void check_softmax(const OpReader& r, const Tensor& x, const Tensor& y) {
  r.require(!x.shape.empty(), "input has no axis");
  if (x.shape.back() > kMaxClasses) {
    r.unsupported(text("a row of ", x.shape.back(), " classes, the limit is ",
                       kMaxClasses));
  }
  const float beta = r.options().value;
  r.require(std::isfinite(beta), "beta is not finite");
  if (r.floats()) return;
  if (r.int16()) {
    constexpr double kScale = 1.0 / 32768;
    r.require(std::abs(y.scale() - kScale) <= 0.001 * kScale,
              text("output needs the scale 1/32768, it has ", y.scale()));
    return;
  }
  if (double{beta} * x.scale() * (1 << 26) < 1.0) {
    r.unsupported(
        text("beta ", beta, " times input scale ", x.scale(), " is too small"));
  }
  r.require(y.scale() == 1.f / 256 && y.zero() == -128,
            text("output needs scale 1/256 and zero point -128, it has ",
                 y.scale(), " and ", y.zero()));
}

void check_log_softmax(const OpReader& r, const Tensor& x, const Tensor& y) {
  r.require(!x.shape.empty(), "input has no axis");
  if (x.shape.back() > kMaxClasses) {
    r.unsupported(text("a row of ", x.shape.back(), " classes, the limit is ",
                       kMaxClasses));
  }
  if (r.floats()) return;
  if (double{x.scale()} * (1 << 26) < 4) {
    r.unsupported(text("input scale ", x.scale(), " is too small"));
  }
  r.require(y.scale() == 1.f / 16 && y.zero() == 127,
            text("output needs scale 1/16 and zero point 127, it has ",
                 y.scale(), " and ", y.zero()));
}

void check_sigmoid(const OpReader& r, const Tensor& x, const Tensor& y) {
  if (r.floats()) return;
  if (r.int16()) {
    r.require(std::abs(std::log2(y.scale()) + 15) < 1e-3,
              text("output needs the scale 1/32768, it has ", y.scale()));
    // Larger ones leave the 15 bits of the argument's multiplier.
    if (double{x.scale()} * 3 * 4096 > 32767) {
      r.unsupported(text("input scale ", x.scale(), " is too large"));
    }
    return;
  }
  if (x.scale() < 0x1p-28f) {
    r.unsupported(text("input scale ", x.scale(), " is too small"));
  }
  if (r.kind() == OpKind::kLogistic) {
    r.require(y.zero() == -128,
              text("output needs zero point -128, it has ", y.zero()));
  }
}

void check_l2_norm(const OpReader& r, const Tensor& x, const Tensor& y) {
  r.require(!x.shape.empty(), "input has no axis");
  if (r.options().activation != 0) r.unsupported("a fused activation");
  if (r.floats()) return;
  if (x.shape.back() > kMostL2Channels) {
    r.unsupported(text("a row of ", x.shape.back(), " values, the limit is ",
                       kMostL2Channels));
  }
  r.require(y.scale() == 1.f / 128 && y.zero() == 0,
            text("output needs scale 1/128 and zero point 0, it has ",
                 y.scale(), " and ", y.zero()));
}

using UnaryCheck = void (*)(const OpReader&, const Tensor& x, const Tensor& y);
constexpr ByKind<UnaryCheck> kUnaryChecks(
    {{OpKind::kLeakyRelu, check_leaky},
     {OpKind::kSoftmax, check_softmax},
     {OpKind::kLogSoftmax, check_log_softmax},
     {OpKind::kL2Normalization, check_l2_norm},
     {OpKind::kHardSwish, check_hard_swish},
     {OpKind::kLogistic, check_sigmoid},
     {OpKind::kTanh, check_sigmoid}});

void convert_unary(const OpReader& r, Op& op) {
  const Tensor& x = r.quantized(0);
  const Tensor& y = r.quantized_result();
  r.same_shape(x, y);
  if (!r.floats() && x.type != y.type) {
    r.unsupported(text("from ", type_name(x.file_type), " to ",
                       type_name(y.file_type), "; put a QUANTIZE before it"));
  }
  op.inputs = {r.input(0)};
  if (kUnaryChecks[op.kind] != nullptr) kUnaryChecks[op.kind](r, x, y);
  if (op.kind == OpKind::kLeakyRelu || op.kind == OpKind::kSoftmax) {
    op.attr = AlphaAttr{r.options().value};
  }
  if (op.kind == OpKind::kGelu) op.attr = GeluAttr{r.options().approximate};
}

void convert_cumsum(const OpReader& r, Op& op) {
  const Tensor& x = r.quantized(0);
  const Tensor& y = r.quantized_result();
  r.same_shape(x, y);
  const std::vector<int> axes = r.numbers(1, "axes");
  r.require(axes.size() == 1, text(axes.size(), " axes, expected one"));
  const RawOptions& o = r.options();
  op.attr = CumsumAttr{r.axis(axes[0], rank_of(x)), o.exclusive, o.reverse};
  op.inputs = {r.input(0)};
}

void convert_arg(const OpReader& r, Op& op) {
  const Tensor& x = r.data(0);
  const Tensor& y = r.any_result();
  const std::vector<int> axes = r.numbers(1, "axes");
  r.require(axes.size() == 1, text(axes.size(), " axes, expected one"));
  const int axis = r.axis(axes[0], rank_of(x));
  if (!is_wide(y.type)) {
    r.unsupported(text("a result of type ", type_name(y.type)));
  }
  r.expect_shape(y, without_axis(x.shape, static_cast<size_t>(axis)));
  op.inputs = {r.input(0)};
  op.attr = AxisAttr{axis};
}

// Numbers, not what they stand for: no scale is read.
void convert_cast(const OpReader& r, Op& op) {
  const Tensor& x = r.tensor(0);
  const Tensor& y = r.any_result();
  const auto number = [](const Tensor& t) {
    return t.file_type == Type::kInt8 || is_wide(t.type) || is_bool(t);
  };
  // float32 that another CAST has made of such a number is that number.
  const bool from_number = number(x) || r.made_by(0, OpKind::kCast);
  if (x.constant || r.floats() || !from_number || is_bool(y) ||
      !(number(y) || y.type == Type::kFloat32)) {
    r.unsupported(text("a cast from ", type_name(x.file_type), " to ",
                       type_name(y.file_type)));
  }
  r.same_shape(x, y);
  op.inputs = {r.input(0)};
}

// The batch axes broadcast, the last two are rows and columns.
void convert_matmul(const OpReader& r, Op& op) {
  const Tensor& a = r.quantized(0);
  const Tensor& b = r.quantized(1);
  const RawOptions& o = r.options();
  r.require(rank_of(a) >= 2 && rank_of(b) >= 2, "an operand is no matrix");
  if (r.int16() && (a.constant || b.constant)) {
    r.unsupported(
        "a constant matrix in int16; use FULLY_CONNECTED, with weights of "
        "int8");
  }
  if (a.constant && b.constant) r.unsupported("a product of constants");
  const auto sides = [](const Shape& s, bool swapped) {
    std::pair<int, int> out{s[s.size() - 2], s.back()};
    if (swapped) std::swap(out.first, out.second);
    return out;
  };
  const auto [rows, length] = sides(a.shape, o.adj_x);
  const auto [length_b, columns] = sides(b.shape, o.adj_y);
  r.require(length == length_b,
            text("rows of ", length, " times columns of ", length_b));
  Shape expected = broadcast(r, Shape(a.shape.begin(), a.shape.end() - 2),
                             Shape(b.shape.begin(), b.shape.end() - 2));
  expected.insert(expected.end(), {rows, columns});
  r.expect_shape(r.quantized_result(), expected);
  op.inputs = {r.input(0), r.input(1)};
  op.attr = MatmulAttr{o.adj_x, o.adj_y};
}

void convert_prelu(const OpReader& r, Op& op) {
  const Tensor& x = r.quantized(0);
  const Tensor& alpha = r.quantized(1);
  const Tensor& y = r.quantized_result();
  if (!alpha.constant) r.unsupported("an alpha that is not constant");
  r.require(broadcast(r, x.shape, alpha.shape) == x.shape,
            text("alpha of shape ", shape_text(alpha.shape),
                 " is larger than the input"));
  r.same_shape(x, y);
  op.inputs = {r.input(0), r.input(1)};
}

// An earlier check has decided whether a float32 operand is legal here.
void convert_quantize(const OpReader& r, Op& op) {
  r.require(!r.floats(), "converts float32 to float32");
  const bool from_float = r.tensor(0).type == Type::kFloat32;
  const Tensor& x = from_float ? r.tensor(0) : r.quantized(0);
  r.same_shape(x, r.quantized_result());
  op.inputs = {r.input(0)};
}

void convert_dequantize(const OpReader& r, Op& op) {
  r.require(!r.floats(), "converts float32 to float32");
  r.same_shape(r.quantized(0), r.any_result());
  if (r.any_result().type != Type::kFloat32) {
    r.unsupported("a result that is not float32");
  }
  op.inputs = {r.input(0)};
}

}  // namespace

const ImportRow& arithmetic_row(OpKind kind) {
  static constexpr ImportRow kUnary{convert_unary, inferred::same,
                                    frames::apart},
      kSoftmax{convert_unary, inferred::same, frames::apart_with_axes},
      kBinary{convert_binary, inferred::broadcast, frames::apart},
      kComparison{convert_comparison, inferred::broadcast, frames::apart},
      kLogical{convert_logical, inferred::broadcast, frames::apart},
      kFloored{convert_floored, inferred::broadcast, frames::apart},
      kReduce{convert_reduce, inferred::reduced, frames::apart_in_sums};
  static constexpr ImportRows kRows(
      {{OpKind::kAdd, kBinary},
       {OpKind::kSub, kBinary},
       {OpKind::kMul, kBinary},
       {OpKind::kDiv, kBinary},
       {OpKind::kSquaredDifference, kBinary},
       {OpKind::kMaximum, kBinary},
       {OpKind::kMinimum, kBinary},
       {OpKind::kEqual, kComparison},
       {OpKind::kNotEqual, kComparison},
       {OpKind::kGreater, kComparison},
       {OpKind::kGreaterEqual, kComparison},
       {OpKind::kLess, kComparison},
       {OpKind::kLessEqual, kComparison},
       {OpKind::kLogicalAnd, kLogical},
       {OpKind::kLogicalOr, kLogical},
       {OpKind::kLogicalNot, {convert_logical, inferred::same, frames::apart}},
       {OpKind::kFloorDiv, kFloored},
       {OpKind::kFloorMod, kFloored},
       {OpKind::kSelectV2, {convert_select, inferred::chosen, frames::apart}},
       {OpKind::kFloor, kUnary},
       {OpKind::kPrelu, {convert_prelu, inferred::broadcast, frames::apart}},
       {OpKind::kBatchMatmul, {convert_matmul, inferred::matmul}},
       {OpKind::kCumsum, {convert_cumsum, inferred::same}},
       {OpKind::kArgMax, {convert_arg, inferred::place}},
       {OpKind::kArgMin, {convert_arg, inferred::place}},
       {OpKind::kCast, {convert_cast, inferred::same}},
       {OpKind::kMean, kReduce},
       {OpKind::kSum, kReduce},
       {OpKind::kReduceMax, kReduce},
       {OpKind::kReduceMin, kReduce},
       {OpKind::kAbs, kUnary},
       {OpKind::kNeg, kUnary},
       {OpKind::kSquare, kUnary},
       {OpKind::kSqrt, kUnary},
       {OpKind::kRsqrt, kUnary},
       {OpKind::kExp, kUnary},
       {OpKind::kLog, kUnary},
       {OpKind::kGelu, kUnary},
       {OpKind::kElu, kUnary},
       {OpKind::kSin, kUnary},
       {OpKind::kRelu, kUnary},
       {OpKind::kRelu6, kUnary},
       {OpKind::kLeakyRelu, kUnary},
       {OpKind::kLogistic, kUnary},
       {OpKind::kTanh, kUnary},
       {OpKind::kHardSwish, kUnary},
       {OpKind::kSoftmax, kSoftmax},
       {OpKind::kLogSoftmax, kSoftmax},
       {OpKind::kL2Normalization, kSoftmax},
       {OpKind::kQuantize, {convert_quantize, inferred::same, frames::apart}},
       {OpKind::kDequantize,
        {convert_dequantize, inferred::same, frames::apart}}});
  return kRows[kind];
}

}  // namespace shoal
