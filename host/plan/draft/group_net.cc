#include "host/plan/draft/group_net.h"

#include <algorithm>
#include <map>

#include "host/plan/draft/loop_draft.h"

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

Layer loop_layer(const Net& net, const Group& g) {
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
  layer.loop_band = g.band;
  return layer;
}

}  // namespace

std::vector<Group> find_groups(const Net& net,
                               const std::vector<TensorUses>& uses,
                               GroupKind kind, int channels, int band) {
  std::vector<Group> groups;
  const auto layers = static_cast<int>(net.layers.size());
  for (int l = 0; l < layers; ++l) {
    int begin = l;
    const int end = loop_end(net, uses, l, layers);
    if (end < 0) continue;
    if (kind == GroupKind::kBehindExpansion && end - begin > 2 &&
        net.layers[begin].op == OpCode::kConv) {
      ++begin;
    }
    if (!may_group(net, begin, end, channels)) continue;
    const int all = net.layers[begin].out.box.channels();
    groups.push_back({begin, end, ceil_div(all, channels), band});
    l = end - 1;
  }
  return groups;
}

LoopLayers group_layers(const Net& net, const Group& g,
                        const std::vector<Box>& made) {
  LoopLayers layers;
  for (int l = g.begin; l < g.end; ++l) {
    layers.push_back({&net.layers[l], made[size_t(l - g.begin)]});
  }
  return layers;
}

GroupNet::GroupNet(const Net& given, const std::vector<Group>& groups)
    : given_(given), net_(given) {
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
  // By owner of weights: the first layer here that has them.
  std::map<int, int> first;
  for (size_t l = 0; l < net_.layers.size(); ++l) {
    Layer& layer = net_.layers[l];
    if (!layer.loop.empty()) continue;
    const int owner = layer.weights_of < 0 ? positions_[l] : layer.weights_of;
    const auto [at, is_new] = first.try_emplace(owner, static_cast<int>(l));
    layer.weights_of = is_new ? -1 : at->second;
  }
  positions_.push_back(layers);
}

int GroupNet::position_of(int given) const {
  const auto at = std::ranges::lower_bound(positions_, given);
  const bool found = at != positions_.end() && *at == given;
  return found ? static_cast<int>(at - positions_.begin()) : -1;
}

void GroupNet::expand(PlanDraft& draft) const {
  for (size_t n = 0; n < draft.stages.size(); ++n) {
    for (size_t s = 0; s < draft.stages[n].size(); ++s) {
      expand(draft.stages[n][s], draft.plan.nodes[n].stages[s]);
    }
  }
}

void GroupNet::expand(StageDraft& draft, PlanStage& stage) const {
  const std::vector<PlanActor> before = std::move(stage.actors);
  const size_t ports = stage.ports.size();
  std::vector<PlanActor> actors;
  std::vector<int> first, last;  // numbers of actors, by number before
  for (PlanActor a : before) {
    first.push_back(static_cast<int>(actors.size()));
    if (net_.layers[a.layer].loop.empty()) {
      a.layer = positions_[a.layer];
      actors.push_back(std::move(a));
    } else {
      add_loop(a, draft, stage, actors);
    }
    last.push_back(static_cast<int>(actors.size()) - 1);
  }
  stage.actors = std::move(actors);
  for (size_t p = 0; p < ports; ++p) {
    PlanPort& port = stage.ports[p];
    if (port.owner != Owner::kActor) continue;
    port.owner_index = (port.is_read ? first : last)[port.owner_index];
  }
  for (PlanLoop& loop : stage.loops) {
    set_loop_weights(given_, loop, stage);
    set_loop(given_, loop.band, loop, stage);
  }
}

void GroupNet::add_loop(const PlanActor& from, StageDraft& draft,
                        PlanStage& stage,
                        std::vector<PlanActor>& actors) const {
  const int begin = positions_[from.layer], end = positions_[from.layer + 1];
  const std::vector<int> bounds =
      loop_bounds(given_.layers[begin], given_.layers[begin].out.box.channels(),
                  net_.layers[from.layer].loop_groups);
  const int first_actor = static_cast<int>(actors.size());
  int multiplier = 1, in = from.in[0];
  for (int l = begin; l < end; ++l) {
    const Layer& layer = given_.layers[l];
    const int number = static_cast<int>(actors.size());
    const bool last = l + 1 == end;
    if (layer.op == OpCode::kDepthwise && l > begin) {
      multiplier *= layer.depth_multiplier;
    }
    PlanActor a;
    a.layer = l;
    a.part = layer.kernel_h;
    a.loop = static_cast<int>(stage.loops.size());
    a.in[0] = in;
    if (l > begin) stage.ports[in].owner_index = number;
    a.out = from.out;
    if (!last) {
      PlanBuffer between;
      between.tensor = layer.out.tensor;
      between.box = layer.out.box;
      between.box.c0 = 0, between.box.c1 = widest_group(bounds) * multiplier;
      between.is_private = true;
      const int buffer = static_cast<int>(stage.buffers.size());
      a.out = static_cast<int>(stage.ports.size());
      in = a.out + 1;
      stage.ports.push_back(
          {buffer, between.box, false, Owner::kActor, number});
      stage.ports.push_back({buffer, between.box, true, Owner::kActor, 0});
      stage.buffers.push_back(between);
      draft.homes.push_back(-1);
    }
    actors.push_back(std::move(a));
  }
  stage.loops.push_back({first_actor, end - begin,
                         static_cast<int>(bounds.size()) - 1, from.band});
}

}  // namespace shoal
