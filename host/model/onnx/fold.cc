// Nodes whose operands are all constants: exporters write shapes and scales
// as such small computations.
#include "host/model/onnx/fold.h"

#include <algorithm>
#include <cmath>

namespace shoal::onnx_import {
namespace {

using Dims = std::vector<int64_t>;

OnnxTensor numbers_of(const Dims& values) {
  OnnxTensor out;
  out.type = kOnnxInt64;
  out.dims = {static_cast<int64_t>(values.size())};
  out.ints = values;
  return out;
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

void fold_size(OnnxCall& call) {
  const Value& v = call.in(0);
  OnnxTensor out;
  out.type = kOnnxInt64;
  out.ints = {1};
  const auto multiply = [&](const auto& dims) {
    for (const auto d : dims) out.ints[0] *= d;
  };
  if (v.is_constant()) {
    multiply(v.constant->dims);
  } else {
    multiply(v.dims);
  }
  call.set_constant(0, std::move(out));
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
  check_fold_size(call, dims);
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
  check_fold_size(call, {count});
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
  check_fold_size(call, dims);
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

void fold_slice(OnnxCall& call) {
  const OnnxTensor& t = call.constant(0, "data");
  const std::vector<Cut> cuts = slice_cuts(call, t.dims);
  Dims dims, steps = row_major_steps(t.dims);
  int64_t first = 0;
  for (size_t i = 0; i < cuts.size(); ++i) {
    dims.push_back(cuts[i].count);
    first += cuts[i].begin * steps[i];
    steps[i] *= cuts[i].step;
  }
  call.set_constant(0, picked(t, dims, strided_walk(dims, steps, first)));
}

void fold_transpose(OnnxCall& call) {
  const OnnxTensor& t = call.constant(0, "data");
  const Dims steps = row_major_steps(t.dims);
  Dims dims, moved;
  for (const int64_t axis : permutation(call, t.dims.size())) {
    dims.push_back(t.dims[static_cast<size_t>(axis)]);
    moved.push_back(steps[static_cast<size_t>(axis)]);
  }
  call.set_constant(0, picked(t, dims, strided_walk(dims, moved, 0)));
}

void fold_reshape(OnnxCall& call) {
  OnnxTensor out = call.constant(0, "data");
  out.dims = reshape_dims(call, out.dims);
  call.set_constant(0, std::move(out));
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
  check_fold_size(call, dims);
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

using Fold = void (*)(OnnxCall&);
const std::map<std::string, Fold>& folds() {
  static const std::map<std::string, Fold> kFolds = {
      {"Constant", fold_constant},
      {"ConstantOfShape", fold_constant_of_shape},
      {"Range", fold_range},
      {"Gather", fold_gather},
      {"Slice", fold_slice},
      {"Transpose", fold_transpose},
      {"Reshape", fold_reshape},
      {"Squeeze", fold_reshape},
      {"Unsqueeze", fold_reshape},
      {"Flatten", fold_reshape},
      {"Expand", fold_expand},
      {"Concat", fold_concat},
      {"Cast", fold_cast},
      {"Add", fold_binary},
      {"Sub", fold_binary},
      {"Mul", fold_binary},
      {"Div", fold_binary},
      {"Min", fold_binary},
      {"Max", fold_binary},
      {"Neg", fold_unary},
      {"Abs", fold_unary},
      {"Floor", fold_unary},
      {"Ceil", fold_unary},
      {"Round", fold_unary},
      {"Sqrt", fold_unary},
      {"Reciprocal", fold_unary},
      {"Exp", fold_unary},
      {"Log", fold_unary},
      {"Sin", fold_unary},
      {"Cos", fold_unary},
      {"Tanh", fold_unary},
      {"Relu", fold_unary},
      {"Sigmoid", fold_unary},
      {"Clip", fold_clip},
      {"Pow", fold_binary},
      {"Tile", fold_tile},
      {"Mod", fold_binary},
      {"Equal", fold_comparison},
      {"Greater", fold_comparison},
      {"GreaterOrEqual", fold_comparison},
      {"Less", fold_comparison},
      {"LessOrEqual", fold_comparison},
      {"And", fold_comparison},
      {"Or", fold_comparison},
      {"Not", fold_not},
      {"Where", fold_where},
  };
  return kFolds;
}

}  // namespace

void check_fold_size(OnnxCall& call, const Dims& dims) {
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

Dims strided_walk(const Dims& counts, const Dims& steps, int64_t first) {
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

Dims row_major_steps(const Dims& dims) {
  Dims steps(dims.size());
  int64_t step = 1;
  for (size_t i = dims.size(); i-- > 0;) {
    steps[i] = step;
    step *= dims[i];
  }
  return steps;
}

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
  if (call.type() == "Size") {
    call.expect_inputs(1, 1);
    fold_size(call);
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
