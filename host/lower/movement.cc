#include <algorithm>

#include "host/base/error.h"
#include "host/lower/moves.h"
#include "host/model/graph/operators.h"

namespace shoal {
namespace {

Extent in_sizes(const AxisMaps& m) { return {m[0].in, m[1].in, m[2].in}; }
Extent out_sizes(const AxisMaps& m) { return {m[0].out, m[1].out, m[2].out}; }

bool is_box(const AxisMaps& m) {
  return std::all_of(m.begin(), m.end(), [](const AxisMap& a) {
    return a.stride == 1 && a.begin >= 0 && a.begin + a.out <= a.in;
  });
}

View sub_box(const View& v, const AxisMaps& m) {
  View out = v;
  out.box = {v.box.y0 + m[0].begin, v.box.y0 + m[0].begin + m[0].out,
             v.box.x0 + m[1].begin, v.box.x0 + m[1].begin + m[1].out,
             v.box.c0 + m[2].begin, v.box.c0 + m[2].begin + m[2].out};
  return out;
}

std::optional<AxisSplit> move_cut(const std::vector<AxisMap>& axes,
                                  const Extent& have, const Extent& usual) {
  const int rank = static_cast<int>(axes.size());
  const auto needed = [&](int i, int j) -> std::optional<std::vector<Extent>> {
    const auto m = group_axes(axes, i, j);
    if (!m) return std::nullopt;
    if (!legal(out_sizes(*m))) return std::nullopt;
    return std::vector{in_sizes(*m)};
  };
  return choose_cut(rank, {have}, usual, needed);
}

// Slices and pads `v`, whose placed axes `axes` describe, all at once if the
// three groups can, else one axis after the other. `shape` and `order` are
// those of the result.
View moved(Builder& b, int y, Value v, std::vector<AxisMap> axes, int fill) {
  Shape sizes;
  for (const AxisMap& a : axes) sizes.push_back(a.in);
  const auto all =
      move_cut(axes, extent_of(v.view.box), canonical_extent(sizes));
  const auto apply = [&](const AxisMaps& m) {
    const View in = b.as_extent(v, in_sizes(m));
    if (is_box(m)) return sub_box(in, m);
    const View out = b.new_tensor(b.tensor(y).name, out_sizes(m), b.width(in));
    b.move(y, in, out, m, fill);
    return out;
  };
  if (all) return apply(*group_axes(axes, all->i, all->j));
  for (size_t k = 0; k < axes.size(); ++k) {
    if (!axes[k].touched()) continue;
    std::vector<AxisMap> one;
    for (size_t n = 0; n < axes.size(); ++n) {
      const int size = n < k ? axes[n].out : axes[n].in;
      one.push_back(n == k ? axes[n] : AxisMap{size, size});
    }
    const auto cut = move_cut(one, extent_of(v.view.box), {});
    if (!cut) {
      throw Error(Exit::kUnsupported,
                  b.tensor(y).name + ": a slice of rows above 65535 elements");
    }
    v.view = apply(*group_axes(one, cut->i, cut->j));
  }
  return v.view;
}

// The result keeps the order of those of its axes that are left.
std::vector<int> order_left(const std::vector<int>& order,
                            const std::vector<bool>& is_left) {
  std::vector<int> number(is_left.size(), -1);
  int count = 0;
  for (size_t k = 0; k < is_left.size(); ++k) {
    if (is_left[k]) number[k] = count++;
  }
  std::vector<int> out;
  for (int axis : order) {
    if (number[axis] >= 0) out.push_back(number[axis]);
  }
  return out;
}

// `maps` by axis of the input's shape.
void set_moved(Builder& b, int x, int y, const std::vector<AxisMap>& maps,
               int fill) {
  Value v = sliced(b, y, b.value(x), b.tensor(x).shape, maps, fill);
  v.shape = squeezed(b.tensor(y).shape);
  b.set(y, v);
}

std::vector<int> without_axis(const std::vector<int>& order, int axis) {
  std::vector<int> out;
  for (int k : order) {
    if (k != axis) out.push_back(k > axis ? k - 1 : k);
  }
  return out;
}

// For each place of the axes [from, to), row-major: the place that it repeats.
std::vector<uint16_t> joined_map(const std::vector<std::vector<int>>& maps,
                                 const Shape& shape,
                                 const std::vector<int>& order, int from,
                                 int to) {
  std::vector<uint16_t> map{0};
  for (int k = from; k < to; ++k) {
    const int axis = order[k], size = shape[axis];
    const std::vector<int>& own = maps[axis];
    const int count = own.empty() ? size : static_cast<int>(own.size());
    std::vector<uint16_t> next;
    for (const uint16_t outer : map) {
      for (int i = 0; i < count; ++i) {
        const int in = own.empty() ? i : own[i];
        next.push_back(static_cast<uint16_t>(outer * size + in));
      }
    }
    map = std::move(next);
  }
  return map;
}

}  // namespace

Value sliced(Builder& b, int y, const Value& v, const Shape& shape,
             const std::vector<AxisMap>& maps, int fill) {
  const std::vector<int> order = full_order(v, shape);
  std::vector<AxisMap> axes;
  std::vector<bool> is_left;
  Shape left;
  for (int axis : order) axes.push_back(maps[axis]);
  for (const AxisMap& m : maps) {
    is_left.push_back(m.out != 1);
    if (m.out != 1) left.push_back(m.out);
  }
  return {moved(b, y, v, axes, fill), left, order_left(order, is_left)};
}

Value with_axes(const Value& v, const Shape& shape,
                const std::vector<int>& perm) {
  std::vector<int> axis_of(perm.size());  // new axis of each old one
  for (size_t k = 0; k < perm.size(); ++k) {
    axis_of[perm[k]] = static_cast<int>(k);
  }
  std::vector<int> full;
  for (int axis : full_order(v, shape)) full.push_back(axis_of[axis]);
  const Shape out = permuted(shape, perm);
  return {v.view, squeezed(out), squeezed_order(full, out)};
}

// Rows and columns by maps; channels are whole, so axes that change are none
// of them.
Value by_maps(Builder& b, int y, const Value& v, const Shape& shape,
              const std::vector<std::vector<int>>& maps) {
  const std::vector<int> order = full_order(v, shape);
  const int rank = static_cast<int>(shape.size());
  Shape result = shape;
  for (size_t k = 0; k < maps.size(); ++k) {
    if (!maps[k].empty()) result[k] = static_cast<int>(maps[k].size());
  }
  const Shape from = permuted(shape, order), to = permuted(result, order);
  const auto needed = [&](int i, int j) -> std::optional<std::vector<Extent>> {
    for (int k = j; k < rank; ++k) {
      if (!maps[order[k]].empty()) return std::nullopt;
    }
    if (!legal(group_sizes(to, i, j))) return std::nullopt;
    return std::vector{group_sizes(from, i, j)};
  };
  const auto cut =
      choose_cut(rank, {extent_of(v.view.box)}, canonical_extent(from), needed);
  if (!cut) {
    throw Error(Exit::kUnsupported,
                b.tensor(y).name + ": rows above 65535 elements");
  }
  Layer l = b.layer(OpCode::kResize, y);
  l.row_map = joined_map(maps, shape, order, 0, cut->i);
  l.column_map = joined_map(maps, shape, order, cut->i, cut->j);
  l.in[0] = b.as_extent(v, cut->extents[0]);
  l.out = b.new_tensor(b.tensor(y).name, group_sizes(to, cut->i, cut->j),
                       b.width(v.view));
  const Value made{l.out, squeezed(result), squeezed_order(order, result)};
  b.add(std::move(l));
  return made;
}

std::vector<int> folded_pads(const Graph& g) {
  std::vector<int> folded(g.tensors.size(), -1);
  std::vector<bool> is_read(g.tensors.size(), false);
  for (size_t k = 0; k < g.ops.size(); ++k) {
    const Op& op = g.ops[k];
    const auto* pad = std::get_if<PadAttr>(&op.attr);
    if (!pad || pad->before.size() != 4 || pad->before[0] || pad->after[0] ||
        pad->before[3] || pad->after[3]) {
      continue;
    }
    const int y = op.outputs[0];
    if (pad->value == g.tensors[y].zero()) folded[y] = static_cast<int>(k);
  }
  for (const Op& op : g.ops) {
    const bool can_pad =
        op.kind == OpKind::kConv2d || op.kind == OpKind::kDepthwiseConv2d;
    for (size_t k = 0; k < op.inputs.size(); ++k) {
      if (op.inputs[k] < 0) continue;
      is_read[op.inputs[k]] = true;
      if (!can_pad || k != 0) folded[op.inputs[k]] = -1;
    }
  }
  for (int t : g.outputs) folded[t] = -1;
  for (const Variable& v : g.variables) folded[v.after] = -1;
  for (size_t t = 0; t < folded.size(); ++t) {
    if (!is_read[t]) folded[t] = -1;
  }
  return folded;
}

namespace {

void lower_pad(Builder& b) {
  const Op& op = b.op();
  const auto& attr = std::get<PadAttr>(op.attr);
  const int x = op.inputs[0], y = op.outputs[0];
  if (b.folded_pad(y) >= 0) return;
  std::vector<AxisMap> maps;
  for (size_t k = 0; k < attr.before.size(); ++k) {
    maps.push_back(
        {b.tensor(x).shape[k], b.tensor(y).shape[k], -attr.before[k], 1});
  }
  set_moved(b, x, y, maps, attr.value);
}

void lower_mirror(Builder& b) {
  const Op& op = b.op();
  const auto& attr = std::get<MirrorAttr>(op.attr);
  const int x = op.inputs[0], y = op.outputs[0];
  const Shape& in = b.tensor(x).shape;
  std::vector<std::vector<int>> maps(in.size());
  for (size_t k = 0; k < in.size(); ++k) {
    if (attr.before[k] == 0 && attr.after[k] == 0) continue;
    for (int i = -attr.before[k]; i < in[k] + attr.after[k]; ++i) {
      maps[k].push_back(mirrored_index(i, in[k], attr.repeats_edge));
    }
  }
  const Value v = b.value(x);
  b.set(y, in == b.tensor(y).shape ? v : by_maps(b, y, v, in, maps));
}

void lower_slice(Builder& b) {
  const Op& op = b.op();
  const auto& attr = std::get<SliceAttr>(op.attr);
  const int x = op.inputs[0], y = op.outputs[0];
  const Shape& out = b.tensor(y).shape;
  std::vector<AxisMap> maps;
  size_t next = 0;
  for (size_t k = 0; k < attr.begin.size(); ++k) {
    const int size = attr.dropped[k] ? 1 : out[next++];
    maps.push_back({b.tensor(x).shape[k], size, attr.begin[k],
                    size == 1 ? 1 : attr.stride[k]});
  }
  set_moved(b, x, y, maps, 0);
}

void lower_split(Builder& b) {
  const Op& op = b.op();
  const int x = op.inputs[0];
  const int axis = std::get<AxisAttr>(op.attr).axis;
  const Shape& in = b.tensor(x).shape;
  int begin = 0;
  for (int y : op.outputs) {
    const int part = part_shape(b.tensor(y).shape, in, axis)[axis];
    std::vector<AxisMap> maps;
    for (int size : in) maps.push_back({size, size});
    maps[axis].out = part;
    maps[axis].begin = begin;
    begin += part;
    set_moved(b, x, y, maps, 0);
  }
}

void lower_join(Builder& b) {
  const Op& op = b.op();
  const int y = op.outputs[0];
  const Shape& shape = b.tensor(y).shape;
  const int axis = std::get<AxisAttr>(op.attr).axis;
  std::vector<int> order = identity_order(static_cast<int>(shape.size()));
  for (int x : op.inputs) {
    const Shape part = part_shape(b.tensor(x).shape, shape, axis);
    if (b.tensor(x).constant || part[axis] == 1) continue;
    order = full_order(b.value(x), part);
    break;
  }
  std::vector<Value> parts;
  std::vector<std::optional<Extent>> have{std::nullopt};
  std::vector<std::vector<AxisMap>> axes;
  int begin = 0;
  for (int x : op.inputs) {
    const Shape part = part_shape(b.tensor(x).shape, shape, axis);
    const bool packed = b.tensor(x).shape.size() < shape.size();
    parts.push_back(b.ordered(x, packed ? without_axis(order, axis) : order));
    have.push_back(extent_of(parts.back().view.box));
    std::vector<AxisMap>& maps = axes.emplace_back();
    for (int k : order) {
      maps.push_back({part[k], shape[k], k == axis ? -begin : 0});
    }
    begin += part[axis];
  }
  const Shape placed = permuted(shape, order);
  const auto needed = [&](int i, int j) -> std::optional<std::vector<Extent>> {
    std::vector<Extent> extents{group_sizes(placed, i, j)};
    for (const auto& maps : axes) {
      const auto m = group_axes(maps, i, j);
      if (!m) return std::nullopt;
      extents.push_back(in_sizes(*m));
    }
    return extents;
  };
  const auto cut = choose_cut(static_cast<int>(shape.size()), have,
                              canonical_extent(placed), needed);
  if (!cut) {
    throw Error(Exit::kUnsupported,
                b.tensor(y).name + ": rows above 65535 elements");
  }
  const View whole = b.result(y, cut->extents[0], squeezed_order(order, shape));
  for (size_t k = 0; k < parts.size(); ++k) {
    const AxisMaps m = *group_axes(axes[k], cut->i, cut->j);
    AxisMaps place;
    for (int g = 0; g < 3; ++g) {
      place[g] = {m[g].out, m[g].in, -m[g].begin, 1};
    }
    b.copy_part(y, b.as_extent(parts[k], cut->extents[k + 1]),
                sub_box(whole, place));
  }
}

void lower_transpose(Builder& b) {
  const Op& op = b.op();
  const int x = op.inputs[0], y = op.outputs[0];
  std::vector<int> perm = std::get<TransposeAttr>(op.attr).perm;
  if (b.has_places(x)) {
    b.set_places(y, b.parts(x));
    perm.push_back(static_cast<int>(perm.size()));
  }
  b.set(y, with_axes(b.value(x), b.lies(x), perm));
}

void lower_reshape(Builder& b) {
  const int x = b.op().inputs[0], y = b.op().outputs[0];
  b.set_places(y, b.parts(x));
  const Value v = b.raw(x);
  const auto own = relabel(v, b.lies(y));
  b.set(y, own ? *own : v);
}

constexpr ByClass<void (*)(Builder&)> kMovements(
    {{OpClass::kJoin, lower_join},
     {OpClass::kPad, lower_pad},
     {OpClass::kMirror, lower_mirror},
     {OpClass::kReshape, lower_reshape},
     {OpClass::kTranspose, lower_transpose},
     {OpClass::kSlice, lower_slice},
     {OpClass::kGather, lower_gather},
     {OpClass::kBatches, lower_batches},
     {OpClass::kSplit, lower_split}});

}  // namespace

void lower_movement(Builder& b) {
  const auto lower = kMovements[class_of(b.op().kind)];
  if (lower == nullptr) {
    throw Error(Exit::kInternal, "no operator that moves elements");
  }
  lower(b);
}

}  // namespace shoal
