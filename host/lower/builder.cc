#include "host/lower/builder.h"

#include <algorithm>
#include <string>

#include "host/base/error.h"
#include "host/lower/limits.h"
#include "host/lower/moves.h"
#include "host/lower/param_list.h"
#include "host/lower/turn.h"

namespace shoal {
namespace {

struct Step {
  int64_t size, stride;
};

// A transposition of the row-major `in` sizes, axes that stay neighbours
// merged, outermost first.
std::vector<Step> transpose_steps(const Shape& in,
                                  const std::vector<int>& from) {
  std::vector<int64_t> stride(in.size(), 1);
  for (int k = static_cast<int>(in.size()) - 2; k >= 0; --k) {
    stride[k] = stride[k + 1] * in[k + 1];
  }
  std::vector<Step> steps;
  for (size_t k = 0; k < from.size(); ++k) {
    const int64_t size = in[from[k]];
    if (k > 0 && from[k] == from[k - 1] + 1) {
      steps.back() = {steps.back().size * size, stride[from[k]]};
    } else {
      steps.push_back({size, stride[from[k]]});
    }
  }
  return steps;
}

// For each axis of `to`, its place in `order`.
std::vector<int> places(const std::vector<int>& order,
                        const std::vector<int>& to) {
  std::vector<int> from;
  for (int axis : to) {
    const auto at = std::find(order.begin(), order.end(), axis);
    from.push_back(static_cast<int>(at - order.begin()));
  }
  return from;
}

std::vector<int32_t> transpose_list(const std::vector<Step>& steps) {
  TransposeParams p{{1, 1, 1, 1}, {0, 0, 0, 0}};
  for (size_t k = 0; k < steps.size(); ++k) {
    p.size[4 - steps.size() + k] = static_cast<int32_t>(steps[k].size);
    p.stride[4 - steps.size() + k] = static_cast<int32_t>(steps[k].stride);
  }
  return param_list(p);
}

}  // namespace

Builder::Builder(const Graph& graph, int most_columns)
    : graph_(graph),
      values_(graph.tensors.size()),
      folded_pad_(folded_pads(graph)),
      dilated_(find_dilated(graph)),
      dilation_(graph.ops.size(), false),
      turned_(find_turned(graph, most_columns)),
      parts_(graph.tensors.size(), 0) {
  for (const Dilated& d : dilated_) {
    if (d.split >= 0) dilation_[d.split] = dilation_[d.join] = true;
  }
}

namespace {

// Throws for sizes that no box of a program has.
void check_extent(const std::string& name, const Extent& c, int width) {
  if (legal(c) && width * c.elements() < kMaxBoxBytes) return;
  const auto refuse = [&](int64_t size, const char* what, int64_t most,
                          const std::string& fix) {
    throw Error(Exit::kUnsupported,
                name + ": " + std::to_string(size) + " " + what +
                    ", the limit is " + std::to_string(most),
                fix);
  };
  constexpr const char* kSmaller = "cut the input into smaller frames";
  if (c.rows > kMaxRows) refuse(c.rows, "rows", kMaxRows, kSmaller);
  // They lie along columns or channels because no rows take them.
  const int64_t longest = std::max<int64_t>(c.columns, c.channels);
  if (longest > kMaxRows) {
    refuse(longest, "values along one axis", kMaxRows, kSmaller);
  }
  if (c.columns > kMaxColumns) {
    refuse(c.columns, "columns", kMaxColumns,
           "swap height and width of the network, as rows may be " +
               std::to_string(kMaxRows) + ", or " + kSmaller);
  }
  if (c.channels > kMaxChannels) {
    refuse(c.channels, "channels", kMaxChannels, kSmaller);
  }
  refuse(width * c.elements(), "bytes", int64_t{kMaxBoxBytes} - 1, kSmaller);
}

}  // namespace

View Builder::new_tensor(const std::string& name, const Extent& c,
                         int element_bytes) {
  check_extent(name, c, element_bytes);
  NetTensor t;
  t.element_bytes = element_bytes;
  t.name = name;
  t.rows = c.rows;
  t.columns = c.columns;
  t.channels = c.channels;
  net_.tensors.push_back(t);
  return {static_cast<int>(net_.tensors.size()) - 1, t.box()};
}

void Builder::add(Layer l) {
  l.is_wide = width(l.out) == 2 || (l.in[0].tensor >= 0 && width(l.in[0]) == 2);
  check_limits(net_, l);
  net_.layers.push_back(std::move(l));
}

View Builder::result(int t, const Extent& c, std::vector<int> order) {
  const View view = new_tensor(tensor(t).name, c, width(t));
  set(t, {view, squeezed(lies(t)), std::move(order)});
  return view;
}

View Builder::result(int t, const Extent& c) {
  const Shape shape = squeezed(tensor(t).shape);
  return result(t, c, identity_order(static_cast<int>(shape.size())));
}

View Builder::constant(const std::string& name, std::vector<int8_t> values,
                       const Extent& c, int element_bytes) {
  Layer l;
  l.op = OpCode::kConstant;
  l.name = name;
  l.file_op = file_op_;
  l.out = new_tensor(name, c, element_bytes);
  l.weights.values = std::move(values);
  const View view = l.out;
  add(std::move(l));
  return view;
}

Layer Builder::layer(OpCode op, int output) const {
  Layer l;
  l.op = op;
  l.name = tensor(output).name;
  l.file_op = file_op_;
  l.zero_out = tensor(output).zero();
  return l;
}

Value Builder::raw(int t) {
  if (!values_[t]) {
    const Tensor& c = tensor(t);
    if (!c.constant) {
      throw Error(Exit::kInternal, "tensor " + c.name + " was never made");
    }
    const Shape shape = squeezed(c.shape);
    const View view =
        constant(c.name, std::vector<int8_t>(c.data.begin(), c.data.end()),
                 legal_extent(c.shape), width(t));
    set(t, {view, shape, identity_order(static_cast<int>(shape.size()))});
  }
  return *values_[t];
}

Shape Builder::lies(int t) const {
  Shape shape = tensor(t).shape;
  if (has_places(t)) shape.push_back(parts_[t]);
  return shape;
}

Value Builder::value(int t) { return in_axes(raw(t), lies(t)); }

Value Builder::in_axes(const Value& v, const Shape& shape) {
  if (auto own = relabel(v, shape)) return *own;
  const int rank = static_cast<int>(v.shape.size());
  const Value file =
      transposed(v, identity_order(rank), canonical_extent(v.shape));
  return *relabel(file, shape);
}

View Builder::rows_along(int t, int axis, std::vector<int>& order,
                         Extent& extent) {
  const Shape& shape = tensor(t).shape;
  order.clear();
  for (const int k : full_order(value(t), shape)) {
    if (k != axis) order.push_back(k);
  }
  order.push_back(axis);
  const Value v = ordered(t, order);
  extent = extent_of(v.view.box);
  if (extent.channels != shape[axis]) {
    extent = canonical_extent(permuted(shape, order));
  }
  return as_extent(v, extent);
}

Value Builder::ordered(int t, const std::vector<int>& full) {
  return ordered(t, full, legal_extent(permuted(lies(t), full)));
}

Value Builder::ordered(int t, const std::vector<int>& full,
                       const Extent& extent) {
  const Value v = value(t);
  const std::vector<int> order = squeezed_order(full, lies(t));
  if (order == v.order) return v;
  return transposed(v, order, extent);
}

Value Builder::plain(int t) {
  return ordered(t, identity_order(static_cast<int>(lies(t).size())));
}

View Builder::plain(int t, const Extent& c) { return as_extent(plain(t), c); }

Value Builder::picture(int t) {
  return is_turned(t) ? ordered(t, turned_order()) : plain(t);
}

View Builder::picture_result(int t, const Extent& c) {
  if (!is_turned(t)) return result(t, c);
  return result(t, c, squeezed_order(turned_order(), tensor(t).shape));
}

View Builder::as_extent(const Value& v, const Extent& c) {
  if (v.view.box.elements() != c.elements()) {
    throw Error(Exit::kInternal,
                net_.tensors[v.view.tensor].name + ": rows of other bytes");
  }
  if (extent_of(v.view.box) == c) return v.view;
  for (const Copy& copy : copies_) {
    if (copy.from == v.view && copy.params.empty() &&
        extent_of(copy.to.box) == c) {
      return copy.to;
    }
  }
  Layer l;
  l.op = OpCode::kReshape;
  l.name = net_.tensors[v.view.tensor].name;
  l.file_op = file_op_;
  l.in[0] = v.view;
  l.out = new_tensor(l.name, c, width(v.view));
  copies_.push_back({v.view, {}, l.out});
  add(l);
  return l.out;
}

Value Builder::transposed(const Value& v, const std::vector<int>& order,
                          const Extent& extent) {
  Value at = v;
  const auto steps = [&](const std::vector<int>& to) {
    return transpose_steps(permuted(at.shape, at.order), places(at.order, to));
  };
  // A layer has four axes: more of them are put in place one by one.
  for (size_t done = 1; steps(order).size() > 4; ++done) {
    std::vector<int> next(order.begin(), order.begin() + done);
    for (int axis : at.order) {
      if (std::find(next.begin(), next.begin() + done, axis) ==
          next.begin() + done) {
        next.push_back(axis);
      }
    }
    if (next == at.order) continue;
    at.view = transpose(at.view, transpose_list(steps(next)),
                        legal_extent(permuted(v.shape, next)));
    at.order = next;
  }
  if (at.order == order) return at;
  return {transpose(at.view, transpose_list(steps(order)), extent), v.shape,
          order};
}

View Builder::transpose(const View& from, const std::vector<int32_t>& params,
                        const Extent& extent) {
  for (const Copy& copy : copies_) {
    if (copy.from == from && copy.params == params) return copy.to;
  }
  Layer l;
  l.op = OpCode::kTranspose;
  l.name = net_.tensors[from.tensor].name;
  l.file_op = file_op_;
  l.in[0] = from;
  l.out = new_tensor(l.name, extent, width(from));
  l.params = params;
  copies_.push_back({from, params, l.out});
  add(l);
  return l.out;
}

void Builder::move(int output, const View& in, const View& out,
                   const AxisMaps& m, int fill) {
  Layer l;
  l.op = OpCode::kMove;
  l.name = tensor(output).name;
  l.file_op = file_op_;
  l.in[0] = in;
  l.out = out;
  l.params = {m[0].stride, m[0].begin, m[1].stride, m[1].begin,
              m[2].stride, m[2].begin, fill};
  add(std::move(l));
}

void Builder::copy_part(int output, const View& from, const View& to) {
  part_copies_.push_back(static_cast<int>(net_.layers.size()));
  copy(output, from, to);
}

void Builder::copy(int output, const View& from, const View& to) {
  const Extent c = extent_of(to.box);
  move(output, from, to,
       {AxisMap{c.rows, c.rows}, AxisMap{c.columns, c.columns},
        AxisMap{c.channels, c.channels}},
       0);
}

}  // namespace shoal
