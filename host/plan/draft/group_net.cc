#include "host/plan/draft/group_net.h"

#include <algorithm>

#include "host/plan/types/loop.h"

namespace shoal {
namespace {

// The window of all layers together.
struct Window {
  int size_y = 1, size_x = 1, stride_y = 1, stride_x = 1;
  int pad_top = 0, pad_left = 0;
};
Window window_of(const Net& net, int begin, int end) {
  Window w;
  for (int l = begin; l < end; ++l) {
    const Layer& layer = net.layers[l];
    if (!has_window(layer.op)) continue;
    w.size_y += (layer.kernel_h - 1) * layer.dilation_y * w.stride_y;
    w.size_x += (layer.kernel_w - 1) * layer.dilation_x * w.stride_x;
    w.pad_top += layer.pad_top * w.stride_y;
    w.pad_left += layer.pad_left * w.stride_x;
    w.stride_y *= layer.stride_y;
    w.stride_x *= layer.stride_x;
  }
  return w;
}

bool may_group(const Net& net, int begin, int end, int channels) {
  const Layer &first = net.layers[begin], &last = net.layers[end - 1];
  // Groups would have to be of whole input channels.
  if (first.op == OpCode::kDepthwise && first.depth_multiplier > 1)
    return false;
  return window_of(net, begin, end).size_y <= kMaxWindowRows &&
         last.out.box.rows() > 1 && first.out.box.channels() > channels;
}

Layer loop_layer(const Net& net, const BlockChoice& g) {
  const Layer &first = net.layers[g.begin], &last = net.layers[g.end - 1];
  const Window w = window_of(net, g.begin, g.end);
  Layer layer;
  layer.op = OpCode::kConv;
  layer.name = last.name;
  layer.file_op = last.file_op;
  layer.in[0] = first.in[0];
  layer.out = last.out;
  layer.kernel_h = w.size_y, layer.kernel_w = w.size_x;
  layer.stride_y = w.stride_y, layer.stride_x = w.stride_x;
  layer.pad_top = w.pad_top, layer.pad_left = w.pad_left;
  for (int l = g.begin; l < g.end; ++l) {
    layer.loop.push_back(&net.layers[l]);
    layer.macs += net.layers[l].macs;
  }
  layer.loop_groups = g.groups;
  layer.loop_band = g.band.value_or(1);
  return layer;
}

}  // namespace

std::vector<BlockChoice> find_groups(const Net& net,
                                     const std::vector<TensorUses>& uses,
                                     GroupKind kind, int channels, int band) {
  const auto layers = static_cast<int>(net.layers.size());
  return find_loops(0, layers, [&](int l) -> BlockChoice {
    const int end = loop_end(net, uses, l, layers);
    if (kind == GroupKind::kBehindExpansion && end - l > 2 &&
        net.layers[l].op == OpCode::kConv) {
      ++l;
    }
    if (end < 0 || !may_group(net, l, end, channels)) return {l, -1, band, 1};
    return {l, end, band, ceil_div(net.layers[l].out.box.channels(), channels)};
  });
}

GroupNet::GroupNet(const Net& given, const std::vector<BlockChoice>& groups)
    : net_(given), given_{given, positions_} {
  net_.layers.clear();
  auto next = groups.begin();
  const auto layers = static_cast<int>(given.layers.size());
  for (int l = 0; l < layers;) {
    positions_.push_back(l);
    if (next == groups.end() || next->begin != l) {
      net_.layers.push_back(given.layers[l++]);
      continue;
    }
    net_.layers.push_back(loop_layer(given, *next));
    l = next++->end;
  }
  renumber_weights(positions_, net_);
  positions_.push_back(layers);
}

int GroupNet::position_of(int given) const {
  const auto at = std::ranges::lower_bound(positions_, given);
  const bool found = at != positions_.end() && *at == given;
  return found ? static_cast<int>(at - positions_.begin()) : -1;
}

}  // namespace shoal
