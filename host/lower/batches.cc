// GATHER and GATHER_ND with constant indices; pictures taken apart into
// batches and joined again.
#include <algorithm>

#include "host/lower/moves.h"
#include "host/model/graph/operators.h"

namespace shoal {
namespace {

// The numbers as a line, if they are one.
bool is_line(const std::vector<int>& numbers, AxisMap& map) {
  const int step = numbers.size() > 1 ? numbers[1] - numbers[0] : 1;
  for (size_t i = 1; i < numbers.size(); ++i) {
    if (numbers[i] - numbers[i - 1] != step) return false;
  }
  map.begin = numbers[0];
  map.stride = step;
  map.out = static_cast<int>(numbers.size());
  return true;
}

void set(Builder& b, int y, const Value& v) {
  const auto own = relabel(v, b.tensor(y).shape);
  b.set(y, own ? *own : v);
}

// Block sizes apart: batches, then each axis as places and blocks.
Shape in_blocks(const Shape& wide, const std::vector<int>& block) {
  Shape out{wide[0]};
  for (size_t i = 0; i < block.size(); ++i) {
    out.push_back(wide[i + 1] / block[i]);
    out.push_back(block[i]);
  }
  out.push_back(wide.back());
  return out;
}

// Blocks first: the axes of a batch of parts.
std::vector<int> blocks_first(size_t blocks) {
  std::vector<int> perm;
  for (size_t i = 0; i < blocks; ++i)
    perm.push_back(static_cast<int>(2 * i + 2));
  perm.push_back(0);
  for (size_t i = 0; i < blocks; ++i)
    perm.push_back(static_cast<int>(2 * i + 1));
  perm.push_back(static_cast<int>(2 * blocks + 1));
  return perm;
}

std::vector<int> inverse(const std::vector<int>& perm) {
  std::vector<int> out(perm.size());
  for (size_t k = 0; k < perm.size(); ++k) {
    out[static_cast<size_t>(perm[k])] = static_cast<int>(k);
  }
  return out;
}

// For each tensor, the operator that reads it: -1 for none, -2 for several or
// an output.
std::vector<int> sole_readers(const Graph& g) {
  std::vector<int> reader(g.tensors.size(), -1);
  for (size_t k = 0; k < g.ops.size(); ++k) {
    for (const int t : g.ops[k].inputs) {
      if (t < 0) continue;
      int& r = reader[static_cast<size_t>(t)];
      r = r == -1 ? static_cast<int>(k) : -2;
    }
  }
  for (const int t : g.outputs) reader[static_cast<size_t>(t)] = -2;
  return reader;
}

bool fits(const Graph& g, const Op& conv, const Dilated& d) {
  const auto& a = std::get<WindowAttr>(conv.attr);
  const Op &split = g.ops[static_cast<size_t>(d.split)],
           &join = g.ops[static_cast<size_t>(d.join)];
  const auto& from = std::get<BatchesAttr>(split.attr);
  const auto& to = std::get<BatchesAttr>(join.attr);
  const auto batch = [&](int t) {
    return g.tensors[static_cast<size_t>(t)].shape[0];
  };
  const WindowAttr w = dilated_window(g, conv, d);
  return a.stride_h == 1 && a.stride_w == 1 && from.block.size() == 2 &&
         from.block == to.block &&
         batch(split.inputs[0]) == batch(join.outputs[0]) &&
         w.dilation_h <= kMaxStep && w.dilation_w <= kMaxStep &&
         w.pad_top >= 0 && w.pad_left >= 0;
}

}  // namespace

void lower_gather(Builder& b) {
  const Op& op = b.op();
  const auto& a = std::get<GatherAttr>(op.attr);
  const int x = op.inputs[0], y = op.outputs[0];
  const auto axis = static_cast<size_t>(a.axis);
  Shape shape = b.tensor(x).shape;
  for (int k = 1; k < a.count; ++k) {
    shape[axis] *= shape[axis + 1];
    shape.erase(shape.begin() + a.axis + 1);
  }
  const Value v = b.in_axes(a.count > 1 ? b.plain(x) : b.raw(x), shape);
  std::vector<AxisMap> lines;
  for (const int size : shape) lines.push_back({size, size});
  if (is_line(a.indices, lines[axis])) {
    return set(b, y, sliced(b, y, v, shape, lines, 0));
  }
  std::vector<std::vector<int>> maps(shape.size());
  maps[axis] = a.indices;
  set(b, y, by_maps(b, y, v, shape, maps));
}

void lower_batches(Builder& b) {
  const Op& op = b.op();
  if (b.is_dilation(b.file_op())) return;
  const auto& a = std::get<BatchesAttr>(op.attr);
  const bool splits = op.kind == OpKind::kSpaceToBatchNd;
  const int x = op.inputs[0], y = op.outputs[0];
  const Shape &in = b.tensor(x).shape, &out = b.tensor(y).shape;
  Shape wide = splits ? in : out;  // with its paddings or crops
  for (size_t i = 0; i < a.block.size(); ++i) {
    wide[i + 1] += a.before[i] + a.after[i];
  }
  std::vector<AxisMap> maps;
  for (size_t i = 0; i < in.size(); ++i) {
    const bool cut = i > 0 && i <= a.block.size();
    const int before = cut ? a.before[i - 1] : 0;
    maps.push_back(splits ? AxisMap{in[i], wide[i], -before, 1}
                          : AxisMap{wide[i], out[i], before, 1});
  }
  const Shape blocks = in_blocks(wide, a.block);
  const std::vector<int> perm = blocks_first(a.block.size());
  if (splits) {
    const Value padded = sliced(b, y, b.value(x), in, maps, b.tensor(y).zero());
    const Value apart = b.in_axes(padded, blocks);
    return set(b, y, with_axes(apart, blocks, perm));
  }
  const Shape parts = permuted(blocks, perm);
  const Value joined =
      with_axes(b.in_axes(b.raw(x), parts), parts, inverse(perm));
  set(b, y, sliced(b, y, b.in_axes(joined, wide), wide, maps, 0));
}

WindowAttr dilated_window(const Graph& g, const Op& conv, const Dilated& d) {
  WindowAttr w = std::get<WindowAttr>(conv.attr);
  const auto& split =
      std::get<BatchesAttr>(g.ops[static_cast<size_t>(d.split)].attr);
  const auto& join =
      std::get<BatchesAttr>(g.ops[static_cast<size_t>(d.join)].attr);
  w.dilation_h *= split.block[0];
  w.dilation_w *= split.block.back();
  w.pad_top = w.pad_top * split.block[0] + split.before[0] - join.before[0];
  w.pad_left = w.pad_left * split.block.back() + split.before.back() -
               join.before.back();
  return w;
}

std::vector<Dilated> find_dilated(const Graph& g) {
  std::vector<Dilated> found(g.ops.size());
  const std::vector<int> reader = sole_readers(g);
  std::vector<int> maker(g.tensors.size(), -1);
  for (size_t k = 0; k < g.ops.size(); ++k) {
    for (const int t : g.ops[k].outputs) {
      maker[static_cast<size_t>(t)] = static_cast<int>(k);
    }
  }
  for (size_t k = 0; k < g.ops.size(); ++k) {
    const Op& op = g.ops[k];
    if (op.kind != OpKind::kConv2d && op.kind != OpKind::kDepthwiseConv2d) {
      continue;
    }
    const int x = op.inputs[0], y = op.outputs[0];
    const Dilated d{maker[static_cast<size_t>(x)],
                    reader[static_cast<size_t>(y)]};
    if (d.split < 0 || d.join < 0 ||
        reader[static_cast<size_t>(x)] != static_cast<int>(k)) {
      continue;
    }
    const bool pair =
        g.ops[static_cast<size_t>(d.split)].kind == OpKind::kSpaceToBatchNd &&
        g.ops[static_cast<size_t>(d.join)].kind == OpKind::kBatchToSpaceNd;
    if (pair && fits(g, op, d)) found[k] = d;
  }
  return found;
}

}  // namespace shoal
