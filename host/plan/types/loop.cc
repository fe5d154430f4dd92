#include "host/plan/types/loop.h"

#include <algorithm>

#include "device/program/image.h"
#include "host/plan/types/uses.h"

namespace shoal {
namespace {

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

LoopLayers loop_layers(const Layer& layer) {
  LoopLayers layers;
  for (const Layer* l : layer.loop) {
    layers.push_back({l, l->in[0].box, l->out.box});
  }
  return layers;
}

LoopLayers loop_layers(const Net& net, const PlanStage& stage,
                       const PlanLoop& loop) {
  LoopLayers layers;
  layers.reserve(loop.actors);
  for (int j = 0; j < loop.actors; ++j) {
    const PlanActor& a = stage.actors[loop.first_actor + j];
    layers.push_back({&net.layers[a.layer], stage.ports[a.in[0]].box,
                      stage.ports[a.out].box});
  }
  return layers;
}

std::vector<RowRule> loop_rules(const LoopLayers& layers) {
  std::vector<RowRule> rules;
  rules.reserve(layers.size());
  std::vector<uint16_t> map;  // no layer of a loop has one
  for (const LoopLayer& l : layers) {
    rules.push_back(
        row_rule(*l.layer, 0, {1, l.layer->kernel_h}, l.read, l.made, map));
  }
  return rules;
}

std::vector<LoopRows> loop_rows(const LoopLayers& layers, int band) {
  const std::vector<RowRule> rules = loop_rules(layers);
  std::vector<LoopRows> rows(rules.size());
  const int out_rows = rules.back().out_rows;
  for (int y = 0; y < out_rows; y += band) {
    RowRange made{y, std::min(y + band, out_rows)};
    for (size_t j = rules.size(); j-- > 0;) {
      rows[j].most = std::max(rows[j].most, made.hi - made.lo);
      rows[j].all += made.hi - made.lo;
      made = needed_rows(rules[j], made.lo, made.hi, 0, rules[j].kernel_h);
    }
  }
  return rows;
}

std::vector<int> loop_bounds(const Layer& first, int channels, int groups) {
  const int granule =
      first.op == OpCode::kDepthwise ? std::max(1, first.depth_multiplier) : 1;
  const int units = channels / granule;
  std::vector<int> bounds;
  groups = std::min(groups, units);
  for (int i = 0; i <= groups; ++i) {
    bounds.push_back(i * units / groups * granule);
  }
  return bounds;
}

int widest_group(const std::vector<int>& bounds) {
  int most = 0;
  for (size_t i = 1; i < bounds.size(); ++i) {
    most = std::max(most, bounds[i] - bounds[i - 1]);
  }
  return most;
}

std::vector<int> loop_slots(const LoopLayers& layers, int band) {
  std::vector<int> slots(layers.size(), band);
  int rows = band;
  for (size_t j = layers.size(); j-- > 0;) {
    const Layer& layer = *layers[j].layer;
    if (j + 1 < layers.size()) rows = std::min(rows, layers[j].made.rows());
    slots[j] = rows;
    if (!has_window(layer.op)) continue;
    rows = (rows - 1) * layer.stride_y +
           (layer.kernel_h - 1) * layer.dilation_y + 1;
  }
  return slots;
}

uint32_t loop_bytes(const LoopLayers& layers, int groups, int band) {
  const Box& out = layers.back().made;
  auto bytes = align_up(static_cast<uint32_t>(
      accumulator_bytes(band, out.columns(), out.channels())));
  const std::vector<int> slots = loop_slots(layers, band);
  const LoopLayer& first = layers.front();
  int channels =
      widest_group(loop_bounds(*first.layer, first.made.channels(), groups));
  for (size_t j = 0; j + 1 < layers.size(); ++j) {
    const Layer& layer = *layers[j].layer;
    if (layer.op == OpCode::kDepthwise && j > 0) {
      channels *= layer.depth_multiplier;
    }
    bytes += align_up(
        static_cast<uint32_t>(slots[j] * layers[j].made.columns() * channels));
  }
  return bytes;
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
  const std::vector<int> slots =
      loop_slots(loop_layers(net, stage, loop), band);
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
