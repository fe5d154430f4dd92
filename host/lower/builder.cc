#include "host/lower/builder.h"

#include <algorithm>

#include "device/program/params.h"
#include "host/base/error.h"

namespace shoal {
namespace {

// Sizes and strides of a transposition over the row-major `in` sizes, axes
// that stay neighbours merged, outermost first.
TransposeParams transpose_params(const Shape& in,
                                 const std::vector<int>& from) {
  std::vector<int64_t> stride(in.size(), 1);
  for (int k = static_cast<int>(in.size()) - 2; k >= 0; --k) {
    stride[k] = stride[k + 1] * in[k + 1];
  }
  std::vector<std::pair<int64_t, int64_t>> axes;  // size, stride
  for (size_t k = 0; k < from.size(); ++k) {
    const int64_t size = in[from[k]];
    if (k > 0 && from[k] == from[k - 1] + 1) {
      axes.back() = {axes.back().first * size, stride[from[k]]};
    } else {
      axes.push_back({size, stride[from[k]]});
    }
  }
  if (axes.size() > 4) {
    throw Error(Exit::kUnsupported,
                "a transposition of more than four groups of axes");
  }
  TransposeParams p{{1, 1, 1, 1}, {0, 0, 0, 0}};
  for (size_t k = 0; k < axes.size(); ++k) {
    p.size[4 - axes.size() + k] = static_cast<int32_t>(axes[k].first);
    p.stride[4 - axes.size() + k] = static_cast<int32_t>(axes[k].second);
  }
  return p;
}

}  // namespace

Builder::Builder(const Graph& graph)
    : graph_(graph),
      values_(graph.tensors.size()),
      folded_pad_(folded_pads(graph)) {}

View Builder::new_tensor(const std::string& name, const Chunk& c) {
  if (!legal(c)) {
    throw Error(Exit::kUnsupported,
                name + ": more than 65535 rows, columns or channels");
  }
  NetTensor t;
  t.name = name;
  t.rows = c.rows;
  t.columns = c.columns;
  t.channels = c.channels;
  net_.tensors.push_back(t);
  return {static_cast<int>(net_.tensors.size()) - 1, t.box()};
}

View Builder::result(int t, const Chunk& c, std::vector<int> order) {
  const View view = new_tensor(tensor(t).name, c);
  set(t, {view, squeezed(tensor(t).shape), std::move(order)});
  return view;
}

View Builder::result(int t, const Chunk& c) {
  const Shape shape = squeezed(tensor(t).shape);
  return result(t, c, identity_order(static_cast<int>(shape.size())));
}

View Builder::constant(const std::string& name, std::vector<int8_t> values,
                       const Chunk& c) {
  Layer l;
  l.op = OpCode::kConstant;
  l.name = name;
  l.file_op = file_op_;
  l.out = new_tensor(name, c);
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
                 canonical_chunk(c.shape));
    set(t, {view, shape, identity_order(static_cast<int>(shape.size()))});
  }
  return *values_[t];
}

Value Builder::value(int t) {
  const Value v = raw(t);
  if (auto own = relabel(v, tensor(t).shape)) return *own;
  const int rank = static_cast<int>(v.shape.size());
  const Value file = transposed(v, identity_order(rank), v.shape);
  return *relabel(file, tensor(t).shape);
}

Value Builder::ordered(int t, const std::vector<int>& full) {
  const Value v = value(t);
  const std::vector<int> order = squeezed_order(full, tensor(t).shape);
  if (order == v.order) return v;
  return transposed(v, order, permuted(tensor(t).shape, full));
}

Value Builder::plain(int t) {
  return ordered(t, identity_order(static_cast<int>(tensor(t).shape.size())));
}

View Builder::plain(int t, const Chunk& c) { return chunked(plain(t), c); }

View Builder::contiguous(const View& v) {
  const NetTensor& t = net_.tensors[v.tensor];
  if (v.box.columns() == t.columns && v.box.channels() == t.channels) return v;
  for (const Copy& c : copies_) {
    if (c.from == v && chunk_of(c.to.box) == chunk_of(v.box) &&
        c.params.empty()) {
      return c.to;
    }
  }
  const Chunk c = chunk_of(v.box);
  const View out = new_tensor(t.name, c);
  const AxisMap rows{c.rows, c.rows}, columns{c.columns, c.columns},
      channels{c.channels, c.channels};
  move(-1, v, out, {rows, columns, channels}, 0);
  copies_.push_back({v, {}, out});
  return out;
}

View Builder::chunked(const Value& v, const Chunk& c) {
  if (v.view.box.elements() != c.elements()) {
    throw Error(Exit::kInternal,
                net_.tensors[v.view.tensor].name + ": rows of other bytes");
  }
  if (chunk_of(v.view.box) == c) return v.view;
  for (const Copy& copy : copies_) {
    if (copy.from == v.view && copy.params.empty() &&
        chunk_of(copy.to.box) == c) {
      return copy.to;
    }
  }
  Layer l;
  l.op = OpCode::kReshape;
  l.name = net_.tensors[v.view.tensor].name;
  l.file_op = file_op_;
  l.in[0] = contiguous(v.view);
  l.out = new_tensor(l.name, c);
  copies_.push_back({v.view, {}, l.out});
  add(l);
  return l.out;
}

Value Builder::transposed(const Value& v, const std::vector<int>& order,
                          const Shape& shape) {
  std::vector<int> from;
  for (int axis : order) {
    const auto at = std::find(v.order.begin(), v.order.end(), axis);
    from.push_back(static_cast<int>(at - v.order.begin()));
  }
  const TransposeParams p = transpose_params(permuted(v.shape, v.order), from);
  std::vector<int32_t> params(p.size, p.size + 4);
  params.insert(params.end(), p.stride, p.stride + 4);
  for (const Copy& copy : copies_) {
    if (copy.from == v.view && copy.params == params) {
      return {copy.to, v.shape, order};
    }
  }
  Layer l;
  l.op = OpCode::kTranspose;
  l.name = net_.tensors[v.view.tensor].name;
  l.file_op = file_op_;
  l.in[0] = contiguous(v.view);
  l.out = new_tensor(l.name, canonical_chunk(shape));
  l.params = params;
  copies_.push_back({v.view, params, l.out});
  add(l);
  return {l.out, v.shape, order};
}

void Builder::move(int output, const View& in, const View& out,
                   const ChunkMap& m, int fill) {
  Layer l;
  l.op = OpCode::kMove;
  l.name = output < 0 ? net_.tensors[in.tensor].name : tensor(output).name;
  l.file_op = file_op_;
  l.in[0] = in;
  l.out = out;
  l.params = {m[0].stride, m[0].begin, m[1].stride, m[1].begin,
              m[2].stride, m[2].begin, fill};
  add(std::move(l));
}

void Builder::copy_part(int output, const View& from, const View& to) {
  part_copies_.push_back(static_cast<int>(net_.layers.size()));
  const Chunk c = chunk_of(to.box);
  move(output, from, to,
       {AxisMap{c.rows, c.rows}, AxisMap{c.columns, c.columns},
        AxisMap{c.channels, c.channels}},
       0);
}

}  // namespace shoal
