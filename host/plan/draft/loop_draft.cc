#include "host/plan/draft/loop_draft.h"

#include <algorithm>
#include <utility>

namespace shoal {
namespace {

// Returns whether `next` is the only reader of the layer's result.
bool leads_to(const Net& net, const std::vector<TensorUses>& uses, int layer,
              int next) {
  const Layer& from = net.layers[layer];
  const Layer& to = net.layers[next];
  const TensorUses& t = uses[from.out.tensor];
  return t.writers.size() == 1 && t.readers.size() == 1 &&
         to.in[0].tensor == from.out.tensor && to.in[1].tensor < 0 &&
         to.in[0].box == from.out.box;
}

// Buffers of loops hold bytes.
bool may_loop(const Layer& layer) {
  return !layer.is_wide && !must_cut_window(layer) &&
         !reads_all_for_one_row(layer);
}

// Returns the chunks of a loop's actor whose layer makes `made`. `multiplier`:
// the channels of this layer for each channel of the loop's first one.
PlanWeights loop_chunks(const Layer& layer, const Box& made,
                        const std::vector<int>& bounds, int multiplier,
                        bool last) {
  PlanWeights w;
  const int turns = static_cast<int>(bounds.size()) - 1;
  const int first = made.c0 - layer.out.box.c0;
  if (layer.op == OpCode::kLut) {
    w.chunks.push_back({first, made.channels(), 0, layer.kernel_h});
    return w;
  }
  (last ? w.parts : w.groups) = turns;
  for (int i = 0; i < turns; ++i) {
    const int from = bounds[i] * multiplier;
    const int n = (bounds[i + 1] - bounds[i]) * multiplier;
    if (last) {
      w.chunks.push_back({first, made.channels(), from, n});
    } else {
      w.chunks.push_back({first + from, n, 0, layer.kernel_h});
    }
  }
  return w;
}

}  // namespace

int loop_end(const Net& net, const std::vector<TensorUses>& uses, int begin,
             int end) {
  const auto op = [&](int l) { return net.layers[l].op; };
  if (op(begin) != OpCode::kConv && op(begin) != OpCode::kDepthwise) return -1;
  for (int l = begin; may_loop(net.layers[l]) && l - begin + 1 < kMaxLoopActors;
       ++l) {
    if (l + 1 >= end || !leads_to(net, uses, l, l + 1) ||
        !may_loop(net.layers[l + 1])) {
      return -1;
    }
    if (op(l + 1) == OpCode::kConv) return l + 2;
    if (op(l + 1) != OpCode::kDepthwise && op(l + 1) != OpCode::kLut) return -1;
  }
  return -1;
}

PlanActor add_loop(const Net& net, const BlockChoice& loop,
                   const std::vector<Box>& made, PlanActor first,
                   PlanStage& stage, std::vector<int>& homes) {
  const Layer& expansion = net.layers[loop.begin];
  const std::vector<int> bounds =
      loop_bounds(expansion, expansion.out.box.channels(), loop.groups);
  int channels = widest_group(bounds);
  stage.loops.push_back(
      {static_cast<int>(stage.actors.size()), loop.end - loop.begin,
       static_cast<int>(bounds.size()) - 1, loop.band.value_or(1)});
  PlanActor a = std::move(first);
  for (int l = loop.begin;; ++l) {
    const Layer& layer = net.layers[l];
    a.layer = l;
    a.part = layer.kernel_h;
    a.loop = static_cast<int>(stage.loops.size()) - 1;
    if (l + 1 == loop.end) return a;
    if (layer.op == OpCode::kDepthwise && l > loop.begin) {
      channels *= layer.depth_multiplier;
    }
    PlanBuffer between;
    between.tensor = layer.out.tensor;
    between.box = made[size_t(l - loop.begin)];
    between.box.c0 = 0, between.box.c1 = channels;
    between.slots = between.box.rows();
    between.is_private = true;
    const int buffer = static_cast<int>(stage.buffers.size());
    const int actor = static_cast<int>(stage.actors.size());
    stage.buffers.push_back(between);
    homes.push_back(-1);
    a.out = static_cast<int>(stage.ports.size());
    for (const bool is_read : {false, true}) {
      stage.ports.push_back(
          {buffer, between.box, is_read, Owner::kActor, actor + int{is_read}});
    }
    const int in = a.out + 1;
    stage.actors.push_back(std::move(a));
    a = {};
    a.in[0] = in;
  }
}

void set_loop_weights(const Net& net, const PlanLoop& loop, PlanStage& stage) {
  const Layer& first = net.layers[stage.actors[loop.first_actor].layer];
  const std::vector<int> bounds =
      loop_bounds(first, first.out.box.channels(), loop.iterations);
  int multiplier = 1;
  for (int j = 0; j < loop.actors; ++j) {
    PlanActor& a = stage.actors[loop.first_actor + j];
    const Layer& layer = net.layers[a.layer];
    if (layer.op == OpCode::kDepthwise && j > 0) {
      multiplier *= layer.depth_multiplier;
    }
    const bool last = j + 1 == loop.actors;
    const Box& made = last ? stage.ports[a.out].box : layer.out.box;
    a.weights = loop_chunks(layer, made, bounds, multiplier, last);
  }
}

void set_loop(const Net& net, int band, PlanLoop& loop, PlanStage& stage) {
  loop.band = band;
  LoopLayers layers;
  for (int j = 0; j < loop.actors; ++j) {
    const PlanActor& a = stage.actors[loop.first_actor + j];
    layers.push_back({&net.layers[a.layer], stage.ports[a.out].box});
  }
  const std::vector<int> slots = loop_slots(layers, band);
  for (int j = 0; j < loop.actors; ++j) {
    PlanActor& a = stage.actors[loop.first_actor + j];
    const PlanPort& out = stage.ports[a.out];
    const bool last = j + 1 == loop.actors;
    a.band = last ? band : 1;
    if (last) {
      a.accumulator_bytes = static_cast<uint32_t>(
          accumulator_bytes(band, out.box.columns(), out.box.channels()));
    } else {
      stage.buffers[out.buffer].slots = slots[size_t(j)];
    }
  }
}

}  // namespace shoal
