// Nodes whose operands are all constants: exporters write shapes and scales
// as such small computations.
#include "host/onnx/fold.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

namespace shoal::onnx_import {
namespace {

using Dims = std::vector<int64_t>;

bool holds_floats(const OnnxTensor& t) {
  return t.type == kOnnxFloat || t.type == kOnnxDouble;
}

OnnxTensor numbers_of(const Dims& values) {
  OnnxTensor out;
  out.type = kOnnxInt64;
  out.dims = {static_cast<int64_t>(values.size())};
  out.ints = values;
  return out;
}

// Limits a fold's result before its elements are made.
void check_size(OnnxCall& call, const Dims& dims) {
  int64_t total = 1;
  for (const int64_t d : dims) {
    call.require(d >= 0, text("size ", d, " of an axis"));
    if (d > 0 && total > (int64_t{1} << 28) / d) {
      call.unsupported("a constant of more than 2^28 elements");
    }
    total *= d;
  }
  call.state().budget.take(8 * total, call.graph().graph().name);
}

void fold_shape(OnnxCall& call) {
  const Value& v = call.in(0);
  Dims dims;
  if (v.is_constant()) {
    dims = v.constant->dims;
  } else {
    dims.assign(v.dims.begin(), v.dims.end());
  }
  const auto rank = static_cast<int64_t>(dims.size());
  const auto cut = [&](const char* name, int64_t otherwise) {
    int64_t at = call.integer(name, otherwise);
    if (at < 0) at += rank;
    return std::clamp<int64_t>(at, 0, rank);
  };
  const int64_t start = cut("start", 0), end = cut("end", rank);
  const Dims kept(dims.begin() + start, dims.begin() + std::max(start, end));
  call.set_constant(0, numbers_of(kept));
}

void fold_constant(OnnxCall& call) {
  OnnxTensor out;
  if (const ConstantRef t = call.tensor_attribute("value")) {
    out = *t;
  } else if (call.has_attribute("value_int")) {
    out.type = kOnnxInt64;
    out.ints = {call.integer("value_int", 0)};
  } else if (call.has_attribute("value_float")) {
    out.floats = {call.real("value_float", 0)};
  } else if (call.has_attribute("value_ints")) {
    out = numbers_of(call.integers("value_ints"));
  } else if (const auto* a = call.find("value_floats")) {
    out.floats = a->reals;
    out.dims = {static_cast<int64_t>(a->reals.size())};
  } else {
    call.unsupported("a constant that is neither numbers nor a tensor");
  }
  call.set_constant(0, std::move(out));
}

void fold_constant_of_shape(OnnxCall& call) {
  const Dims dims = call.numbers(0, "a shape");
  check_size(call, dims);
  OnnxTensor one;
  one.floats = {0};
  one.dims = {1};
  if (const ConstantRef t = call.tensor_attribute("value")) one = *t;
  call.require(one.readable() && one.count() == 1,
               "the value is not one number");
  int64_t total = 1;
  for (const int64_t d : dims) total *= d;
  call.set_constant(0, picked(one, dims, Dims(static_cast<size_t>(total), 0)));
}

void fold_range(OnnxCall& call) {
  const auto number = [&](size_t i) {
    const auto& v = call.numbers(i, "an end of a range");
    call.require(v.size() == 1, "an end of a range is not one number");
    return v[0];
  };
  constexpr int64_t kFar = int64_t{1} << 40;
  const int64_t start = number(0), limit = number(1), delta = number(2);
  call.require(delta != 0 && std::abs(start) < kFar && std::abs(limit) < kFar &&
                   std::abs(delta) < kFar,
               "a range that has no end");
  const int64_t span = delta > 0 ? limit - start : start - limit;
  const int64_t step = std::abs(delta);
  const int64_t count = span <= 0 ? 0 : (span + step - 1) / step;
  check_size(call, {count});
  Dims values;
  for (int64_t i = 0; i < count; ++i) values.push_back(start + i * delta);
  call.set_constant(0, numbers_of(values));
}

void fold_gather(OnnxCall& call) {
  const OnnxTensor& t = call.constant(0, "data");
  const OnnxTensor& index = call.constant(1, "indices");
  const Dims& wanted = call.numbers(1, "indices");
  const auto axis =
      static_cast<size_t>(call.axis(call.integer("axis", 0), t.dims.size()));
  const int64_t size = t.dims[axis];
  Dims dims(t.dims.begin(), t.dims.begin() + static_cast<int64_t>(axis));
  dims.insert(dims.end(), index.dims.begin(), index.dims.end());
  dims.insert(dims.end(), t.dims.begin() + static_cast<int64_t>(axis) + 1,
              t.dims.end());
  check_size(call, dims);
  int64_t outer = 1, inner = 1;
  for (size_t i = 0; i < axis; ++i) outer *= t.dims[i];
  for (size_t i = axis + 1; i < t.dims.size(); ++i) inner *= t.dims[i];
  Dims from;
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t at : wanted) {
      call.require(at >= -size && at < size,
                   text("index ", at, " of ", size, " elements"));
      if (at < 0) at += size;
      for (int64_t i = 0; i < inner; ++i) {
        from.push_back((o * size + at) * inner + i);
      }
    }
  }
  call.set_constant(0, picked(t, dims, from));
}

// Indices of a strided walk over a row-major constant.
Dims walk(const Dims& counts, const Dims& steps, int64_t first) {
  int64_t total = 1;
  for (const int64_t c : counts) total *= c;
  Dims from, at(counts.size(), 0);
  from.reserve(static_cast<size_t>(total));
  int64_t offset = first;
  for (int64_t n = 0; n < total; ++n) {
    from.push_back(offset);
    for (size_t i = counts.size(); i-- > 0;) {
      offset += steps[i];
      if (++at[i] < counts[i]) break;
      offset -= steps[i] * counts[i];
      at[i] = 0;
    }
  }
  return from;
}

Dims row_steps(const Dims& dims) {
  Dims steps(dims.size());
  int64_t step = 1;
  for (size_t i = dims.size(); i-- > 0;) {
    steps[i] = step;
    step *= dims[i];
  }
  return steps;
}

void fold_slice(OnnxCall& call) {
  const OnnxTensor& t = call.constant(0, "data");
  const std::vector<Cut> cuts = slice_cuts(call, t.dims);
  Dims dims, steps = row_steps(t.dims);
  int64_t first = 0;
  for (size_t i = 0; i < cuts.size(); ++i) {
    dims.push_back(cuts[i].count);
    first += cuts[i].begin * steps[i];
    steps[i] *= cuts[i].step;
  }
  call.set_constant(0, picked(t, dims, walk(dims, steps, first)));
}

void fold_transpose(OnnxCall& call) {
  const OnnxTensor& t = call.constant(0, "data");
  const Dims steps = row_steps(t.dims);
  Dims dims, moved;
  for (const int64_t axis : permutation(call, t.dims.size())) {
    dims.push_back(t.dims[static_cast<size_t>(axis)]);
    moved.push_back(steps[static_cast<size_t>(axis)]);
  }
  call.set_constant(0, picked(t, dims, walk(dims, moved, 0)));
}

void fold_reshape(OnnxCall& call) {
  OnnxTensor out = call.constant(0, "data");
  out.dims = reshape_dims(call, out.dims);
  call.set_constant(0, std::move(out));
}

Dims broadcast_dims(OnnxCall& call, const Dims& a, const Dims& b) {
  Dims out(std::max(a.size(), b.size()), 1);
  for (size_t i = 0; i < out.size(); ++i) {
    const int64_t p = i < a.size() ? a[a.size() - 1 - i] : 1;
    const int64_t q = i < b.size() ? b[b.size() - 1 - i] : 1;
    call.require(p == q || p == 1 || q == 1,
                 text("shapes ", shape_text(a), " and ", shape_text(b),
                      " do not broadcast"));
    out[out.size() - 1 - i] = p == 1 ? q : p;
  }
  check_size(call, out);
  return out;
}

OnnxTensor broadcast(const OnnxTensor& t, const Dims& dims) {
  const Dims own = row_steps(t.dims);
  Dims steps(dims.size(), 0);
  for (size_t i = 0; i < t.dims.size(); ++i) {
    if (t.dims[i] != 1) steps[i + dims.size() - t.dims.size()] = own[i];
  }
  return picked(t, dims, walk(dims, steps, 0));
}

void fold_expand(OnnxCall& call) {
  const OnnxTensor& t = call.constant(0, "data");
  const Dims dims = broadcast_dims(call, t.dims, call.numbers(1, "a shape"));
  call.set_constant(0, broadcast(t, dims));
}

void fold_concat(OnnxCall& call) {
  const OnnxTensor& first = call.constant(0, "data");
  const size_t rank = first.dims.size();
  const auto axis =
      static_cast<size_t>(call.axis(call.integer("axis", 0), rank));
  Dims dims = first.dims;
  dims[axis] = 0;
  for (size_t i = 0; i < call.inputs(); ++i) {
    const OnnxTensor& t = call.constant(i, "data");
    Dims like = t.dims;
    if (like.size() == rank) like[axis] = dims[axis];
    call.require(like == dims && t.type == first.type,
                 text("cannot join ", shape_text(t.dims), " to ",
                      shape_text(first.dims)));
    dims[axis] += t.dims[axis];
  }
  check_size(call, dims);
  int64_t outer = 1, inner = 1;
  for (size_t i = 0; i < axis; ++i) outer *= dims[i];
  for (size_t i = axis + 1; i < rank; ++i) inner *= dims[i];
  OnnxTensor out = of_type(first, dims);
  for (int64_t o = 0; o < outer; ++o) {
    for (size_t i = 0; i < call.inputs(); ++i) {
      const OnnxTensor& t = call.constant(i, "data");
      const int64_t run = t.dims[axis] * inner;
      const auto join = [&](const auto& from, auto& to) {
        if (!from.empty()) {
          to.insert(to.end(), from.begin() + o * run,
                    from.begin() + (o + 1) * run);
        }
      };
      join(t.floats, out.floats);
      join(t.ints, out.ints);
      join(t.bytes, out.bytes);
    }
  }
  call.set_constant(0, std::move(out));
}

int64_t cut_to_integer(float v) {
  if (std::isnan(v)) return 0;
  constexpr float kFar = 0x1p62f;
  return static_cast<int64_t>(std::clamp(v, -kFar, kFar));
}

void fold_cast(OnnxCall& call) {
  const OnnxTensor& t = call.constant(0, "data");
  const int64_t to = call.integer("to", 0);
  OnnxTensor out = of_type(t, t.dims);
  out.type = static_cast<int>(to);
  if (!t.bytes.empty()) call.unsupported("a cast of int8 constants");
  if (to == kOnnxFloat || to == kOnnxDouble) {
    out.floats = t.floats;
    for (const int64_t v : t.ints) out.floats.push_back(static_cast<float>(v));
  } else if (to == kOnnxInt64 || to == kOnnxInt32 || to == kOnnxBool) {
    out.ints = t.ints;
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
  return b == -1 ? wrapped(0 - p) : a / b;
}

float real_of(const std::string& type, float a, float b) {
  if (type == "Add") return a + b;
  if (type == "Sub") return a - b;
  if (type == "Mul") return a * b;
  if (type == "Min") return std::min(a, b);
  if (type == "Max") return std::max(a, b);
  return a / b;
}

void fold_binary(OnnxCall& call) {
  call.expect_inputs(2, 2);
  const OnnxTensor& a = call.constant(0, "an operand");
  const OnnxTensor& b = call.constant(1, "an operand");
  call.require(
      holds_floats(a) == holds_floats(b) && a.bytes.empty() && b.bytes.empty(),
      text("operands of types ", onnx_type_name(a.type), " and ",
           onnx_type_name(b.type)));
  const Dims dims = broadcast_dims(call, a.dims, b.dims);
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

void fold_unary(OnnxCall& call) {
  OnnxTensor out = call.constant(0, "an operand");
  call.require(out.bytes.empty(), "an operand of 8-bit type");
  const std::string& type = call.type();
  if (type != "Neg" && !holds_floats(out)) {
    call.unsupported("an operand of integers");
  }
  for (int64_t& v : out.ints) v = wrapped(0 - static_cast<uint64_t>(v));
  for (float& v : out.floats) {
    if (type == "Neg") v = -v;
    if (type == "Floor") v = std::floor(v);
    if (type == "Ceil") v = std::ceil(v);
    if (type == "Sqrt") v = std::sqrt(v);
    if (type == "Reciprocal") v = 1 / v;
    if (type == "Exp") v = std::exp(v);
  }
  call.set_constant(0, std::move(out));
}

using Fold = void (*)(OnnxCall&);
const std::map<std::string, Fold>& folds() {
  static const std::map<std::string, Fold> kFolds = {
      {"Constant", fold_constant}, {"ConstantOfShape", fold_constant_of_shape},
      {"Range", fold_range},       {"Gather", fold_gather},
      {"Slice", fold_slice},       {"Transpose", fold_transpose},
      {"Reshape", fold_reshape},   {"Squeeze", fold_reshape},
      {"Unsqueeze", fold_reshape}, {"Flatten", fold_reshape},
      {"Expand", fold_expand},     {"Concat", fold_concat},
      {"Cast", fold_cast},         {"Add", fold_binary},
      {"Sub", fold_binary},        {"Mul", fold_binary},
      {"Div", fold_binary},        {"Min", fold_binary},
      {"Max", fold_binary},        {"Neg", fold_unary},
      {"Floor", fold_unary},       {"Ceil", fold_unary},
      {"Sqrt", fold_unary},        {"Reciprocal", fold_unary},
      {"Exp", fold_unary},
  };
  return kFolds;
}

}  // namespace

OnnxTensor of_type(const OnnxTensor& like, const Dims& dims) {
  OnnxTensor out;
  out.type = like.type;
  out.dims = dims;
  return out;
}

OnnxTensor picked(const OnnxTensor& t, const Dims& dims, const Dims& from) {
  OnnxTensor out = of_type(t, dims);
  const auto pick = [&](const auto& source, auto& to) {
    if (source.empty()) return;
    to.reserve(from.size());
    for (const int64_t i : from) to.push_back(source[static_cast<size_t>(i)]);
  };
  pick(t.floats, out.floats);
  pick(t.ints, out.ints);
  pick(t.bytes, out.bytes);
  return out;
}

bool fold_constants(OnnxCall& call) {
  if (call.type() == "Shape") {
    call.expect_inputs(1, 1);
    fold_shape(call);
    return true;
  }
  for (size_t i = 0; i < call.inputs(); ++i) {
    if (call.has(i) && !call.in(i).is_constant()) return false;
  }
  const auto fold = folds().find(call.type());
  if (fold == folds().end()) return false;
  fold->second(call);
  return true;
}

}  // namespace shoal::onnx_import
