// The sizes that nodes ask for, of constants and of tensors.
#include "host/model/graph/shapes.h"

#include <algorithm>
#include <numeric>

#include "host/model/onnx/fold.h"

namespace shoal::onnx_import {
namespace {

using Sizes = std::vector<int64_t>;

int64_t product(const Sizes& dims) {
  int64_t total = 1;
  for (const int64_t d : dims) total *= d;
  return total;
}

// 0 keeps the size (unless allowzero), -1 is what remains.
Sizes asked_dims(const OnnxCall& call, const Sizes& dims) {
  const bool zeros = call.integer("allowzero", 0) != 0;
  Sizes out =
      call.before(5) ? call.integers("shape") : call.numbers(1, "a shape");
  int64_t known = 1;
  int open = -1;
  for (size_t i = 0; i < out.size(); ++i) {
    if (out[i] == 0 && !zeros) {
      call.require(i < dims.size(),
                   text("shape ", shape_text(out), " keeps axis ", i, " of ",
                        dims.size()));
      out[i] = dims[i];
    }
    if (out[i] == -1) {
      call.require(open < 0, "two sizes are open");
      open = static_cast<int>(i);
      continue;
    }
    call.require(
        out[i] >= 0 && (out[i] == 0 || known <= (int64_t{1} << 40) / out[i]),
        text("size ", out[i], " of an axis"));
    known *= out[i];
  }
  if (open >= 0 && known > 0) {
    out[static_cast<size_t>(open)] = product(dims) / known;
  }
  return out;
}

// Axes of Squeeze and Unsqueeze: an attribute, an input since opset 13.
Sizes listed_axes(const OnnxCall& call) {
  if (call.before(13)) return call.integers("axes");
  return call.has(1) ? call.numbers(1, "axes") : Sizes{};
}

std::vector<bool> marked_axes(const OnnxCall& call, size_t rank) {
  std::vector<bool> marked(rank, false);
  for (const int64_t value : listed_axes(call)) {
    const int axis = call.axis(value, rank);
    call.require(!marked[static_cast<size_t>(axis)],
                 text("axis ", axis, " appears twice"));
    marked[static_cast<size_t>(axis)] = true;
  }
  return marked;
}

Sizes squeezed(const OnnxCall& call, const Sizes& dims) {
  const bool all = call.before(13) ? !call.has_attribute("axes") : !call.has(1);
  const std::vector<bool> dropped = marked_axes(call, dims.size());
  Sizes out;
  for (size_t i = 0; i < dims.size(); ++i) {
    call.require(!dropped[i] || dims[i] == 1,
                 text("axis ", i, " of size ", dims[i], " cannot be squeezed"));
    if (!dropped[i] && !(all && dims[i] == 1)) out.push_back(dims[i]);
  }
  return out;
}

Sizes unsqueezed(const OnnxCall& call, const Sizes& dims) {
  const size_t rank = dims.size() + listed_axes(call).size();
  if (rank > 8) call.unsupported(text(rank, " axes, the limit is 6"));
  const std::vector<bool> added = marked_axes(call, rank);
  Sizes out;
  auto next = dims.begin();
  for (size_t i = 0; i < rank; ++i) out.push_back(added[i] ? 1 : *next++);
  return out;
}

Sizes flattened(const OnnxCall& call, const Sizes& dims) {
  int64_t axis = call.integer("axis", 1);
  const auto rank = static_cast<int64_t>(dims.size());
  call.require(axis >= -rank && axis <= rank,
               text("axis ", axis, " of ", rank, " axes"));
  if (axis < 0) axis += rank;
  const auto middle = dims.begin() + axis;
  return {product({dims.begin(), middle}), product({middle, dims.end()})};
}

Cut resolve_cut(const OnnxCall& call, int64_t size, int64_t begin, int64_t end,
                int64_t step) {
  call.require(step != 0, "a step of 0");
  // Beyond any size; far enough from the ends of int64.
  constexpr int64_t kFar = int64_t{1} << 40;
  begin = std::clamp(begin, -kFar, kFar);
  end = std::clamp(end, -kFar, kFar);
  step = std::clamp(step, -kFar, kFar);
  if (begin < 0) begin += size;
  if (end < 0) end += size;
  if (step > 0) {
    begin = std::clamp<int64_t>(begin, 0, size);
    end = std::clamp<int64_t>(end, 0, size);
    return {begin, end <= begin ? 0 : (end - begin + step - 1) / step, step};
  }
  begin = std::clamp<int64_t>(begin, -1, size - 1);
  end = std::clamp<int64_t>(end, -1, size - 1);
  return {begin, end >= begin ? 0 : (begin - end - step - 1) / -step, step};
}

}  // namespace

Sizes reshape_dims(const OnnxCall& call, const Sizes& dims) {
  const Sizes out = call.type() == "Reshape"     ? asked_dims(call, dims)
                    : call.type() == "Squeeze"   ? squeezed(call, dims)
                    : call.type() == "Unsqueeze" ? unsqueezed(call, dims)
                                                 : flattened(call, dims);
  call.require(
      product(out) == product(dims),
      text("from ", shape_text(dims), " to ", shape_text(out), kOtherCount));
  return out;
}

std::vector<Cut> slice_cuts(const OnnxCall& call, const Sizes& dims) {
  const bool attributes = call.before(10);
  call.expect_inputs(attributes ? 1 : 3, attributes ? 1 : 5);
  const Sizes begins =
      attributes ? call.integers("starts") : call.numbers(1, "starts");
  const Sizes ends =
      attributes ? call.integers("ends") : call.numbers(2, "ends");
  Sizes axes(begins.size()), steps(begins.size(), 1);
  std::iota(axes.begin(), axes.end(), 0);
  if (attributes && call.has_attribute("axes")) axes = call.integers("axes");
  if (!attributes && call.has(3)) axes = call.numbers(3, "axes");
  if (!attributes && call.has(4)) steps = call.numbers(4, "steps");
  call.require(ends.size() == begins.size() && axes.size() == begins.size() &&
                   steps.size() == begins.size(),
               text(begins.size(), " starts, ", ends.size(), " ends, ",
                    axes.size(), " axes and ", steps.size(), " steps"));
  std::vector<Cut> cuts;
  for (const int64_t size : dims) cuts.push_back({0, size, 1});
  for (size_t i = 0; i < axes.size(); ++i) {
    const auto axis = static_cast<size_t>(call.axis(axes[i], dims.size()));
    cuts[axis] = resolve_cut(call, dims[axis], begins[i], ends[i], steps[i]);
  }
  return cuts;
}

Sizes permutation(const OnnxCall& call, size_t rank) {
  Sizes perm = call.integers("perm");
  if (!call.has_attribute("perm")) {
    perm.resize(rank);
    std::iota(perm.rbegin(), perm.rend(), 0);
  }
  call.require(perm.size() == rank,
               text(perm.size(), " axes for an input of ", rank));
  std::vector<bool> seen(rank, false);
  for (const int64_t axis : perm) {
    call.require(axis >= 0 && axis < static_cast<int64_t>(rank) &&
                     !seen[static_cast<size_t>(axis)],
                 text("axis ", axis, " is no axis or appears twice"));
    seen[static_cast<size_t>(axis)] = true;
  }
  return perm;
}

}  // namespace shoal::onnx_import
