#include "host/plan/types/stage_maker.h"

#include <algorithm>
#include <numeric>

#include "host/plan/types/loop.h"

namespace shoal {
namespace {

// Returns, by number, the tensors that the layers touch and, in a stage of all
// layers of the segment, those that only callers use there.
std::vector<int> touched_tensors(const Net& net,
                                 const std::vector<TensorUses>& uses, Segment s,
                                 const std::vector<int>& layers, bool all) {
  std::vector<int> touched;
  touched.reserve(3 * layers.size() + 4);
  for (const int l : layers) {
    const Layer& layer = net.layers[l];
    for (const View* view : {&layer.in[0], &layer.in[1], &layer.out}) {
      if (view->tensor >= 0) touched.push_back(view->tensor);
    }
  }
  if (all) {
    for (const auto* ios : {&net.inputs, &net.outputs}) {
      for (const NetIo& io : *ios) {
        const int tensor = io.place.view.tensor;
        if (is_touched(uses[tensor], s)) touched.push_back(tensor);
      }
    }
  }
  std::ranges::sort(touched);
  touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
  return touched;
}

// Adds the ports of those who are no actors.
void add_other_ports(const TensorUses& uses, Segment s, int buffer,
                     StageMaker& maker) {
  for (const auto* list : {&uses.writers, &uses.readers}) {
    for (const Use& u : *list) {
      if (u.owner == Owner::kActor || !s.holds(u.position)) continue;
      std::vector<PlanSpill>& spills = maker.stage().spills;
      const bool spilled = u.owner == Owner::kSpill;
      const int owner = spilled ? static_cast<int>(spills.size()) : u.index;
      const int port = maker.add_port(
          {buffer, u.box, list == &uses.readers, u.owner, owner});
      if (spilled) spills.push_back({port});
    }
  }
}

}  // namespace

StageMaker::StageMaker(const Net& net, const std::vector<TensorUses>& uses,
                       int layers)
    : net_(net), uses_(uses) {
  const auto count = static_cast<size_t>(layers);
  stage_.actors.reserve(count + 2);
  stage_.buffers.reserve(count + 4);
  stage_.ports.reserve(3 * count + 4);
}

int StageMaker::add_buffer(int tensor, const Box& box, int element_bytes,
                           int home, int slots) {
  PlanBuffer& b = stage_.buffers.emplace_back();
  b.tensor = tensor;
  b.box = box;
  b.element_bytes = element_bytes;
  b.turned = net_.tensors[tensor].turned;
  b.variable = uses_[tensor].variable;
  b.slots = home >= 0 || b.variable >= 0 ? box.rows() : slots;
  homes_.push_back(home);
  return static_cast<int>(stage_.buffers.size()) - 1;
}

int StageMaker::add_port(const PlanPort& port) {
  stage_.ports.push_back(port);
  return static_cast<int>(stage_.ports.size()) - 1;
}

PlanActor StageMaker::start_actor(int layer, const std::array<Place, 2>& in) {
  PlanActor a;
  a.layer = layer;
  for (size_t operand = 0; operand < in.size(); ++operand) {
    if (in[operand].buffer >= 0) a.in[operand] = add_read(in[operand]);
  }
  return a;
}

void StageMaker::add_actor(PlanActor a, const Place& out) {
  a.out = add_port({out.buffer, out.box, false, Owner::kActor, next_actor()});
  stage_.actors.push_back(std::move(a));
}

PlanActor StageMaker::add_loop(const BlockChoice& loop,
                               const std::vector<Box>& made, const Place& in) {
  const Layer& expansion = net_.layers[loop.begin];
  const std::vector<int> bounds =
      loop_bounds(expansion, expansion.out.box.channels(), loop.groups);
  int channels = widest_group(bounds);
  const auto number = static_cast<int>(stage_.loops.size());
  stage_.loops.push_back({next_actor(), loop.end - loop.begin,
                          static_cast<int>(bounds.size()) - 1,
                          loop.band.value_or(1)});
  Place from = in;
  for (int l = loop.begin;; ++l) {
    const Layer& layer = net_.layers[l];
    PlanActor a = start_actor(l, {from});
    a.part = layer.kernel_h;
    a.loop = number;
    if (l + 1 == loop.end) return a;
    if (layer.op == OpCode::kDepthwise && l > loop.begin) {
      channels *= layer.depth_multiplier;
    }
    from.box = made[size_t(l - loop.begin)];
    from.box.c0 = 0, from.box.c1 = channels;
    from.buffer =
        add_buffer(layer.out.tensor, from.box, 1, -1, from.box.rows());
    stage_.buffers.back().is_private = true;
    add_actor(std::move(a), from);
  }
}

void StageMaker::sort_ports() {
  const auto rank = [](const PlanPort& p) {
    return 2 * static_cast<size_t>(p.buffer) + size_t{p.is_read};
  };
  std::vector<int> next(2 * stage_.buffers.size() + 1, 0);  // by rank
  for (const PlanPort& p : stage_.ports) ++next[rank(p) + 1];
  std::partial_sum(next.begin(), next.end(), next.begin());
  std::vector<int> now;
  std::vector<PlanPort> ports(stage_.ports.size());
  for (const PlanPort& p : stage_.ports) {
    now.push_back(next[rank(p)]++);
    ports[now.back()] = p;
  }
  stage_.ports = std::move(ports);
  for (PlanActor& a : stage_.actors) {
    for (int* port : {&a.in[0], &a.in[1], &a.partial, &a.out}) {
      if (*port >= 0) *port = now[*port];
    }
  }
  for (PlanSpill& spill : stage_.spills) spill.port = now[spill.port];
}

PlanWeights share_weights(const Layer& layer, const Box& out) {
  PlanWeights w;
  if (layer.weights.empty()) return w;
  const Box& all = layer.out.box;
  if (layer.op == OpCode::kConstant) {
    w.chunks.push_back({out.y0 - all.y0, out.rows(), 0, layer.kernel_h});
  } else {
    w.chunks.push_back({out.c0 - all.c0, out.channels(), 0, layer.kernel_h});
  }
  return w;
}

void set_work(const Layer& layer, LayerWork work, const Box& out,
              PlanActor& a) {
  a.band = work.band;
  a.part = work.part;
  a.accumulator_bytes = sums_bytes(layer, work, out);
}

PlanStage make_stage(const Net& net, const std::vector<TensorUses>& uses,
                     Segment s, const Work& work, const std::vector<int>& slots,
                     const GivenNet* given) {
  const int end = end_of_layers(net, s);
  std::vector<int> layers(static_cast<size_t>(std::max(0, end - s.begin)));
  std::iota(layers.begin(), layers.end(), s.begin);
  return make_stage(net, uses, s, layers, work, slots, given);
}

PlanStage make_stage(const Net& net, const std::vector<TensorUses>& uses,
                     Segment s, const std::vector<int>& layers,
                     const Work& work, const std::vector<int>& slots,
                     const GivenNet* given) {
  const auto count = static_cast<int>(layers.size());
  const bool all = s.begin + count >= end_of_layers(net, s);
  const std::vector<int> tensors = touched_tensors(net, uses, s, layers, all);
  StageMaker maker(given ? given->net : net, uses, count);
  for (const int t : tensors) {
    const NetTensor& tensor = net.tensors[t];
    const bool is_whole = slots.empty() || !lives_inside(uses[t], s);
    maker.add_buffer(t, tensor.box(), tensor.element_bytes, is_whole ? t : -1,
                     is_whole ? 0 : slots[t]);
    maker.stage().buffers.back().complete = uses[t].last_write < s.begin;
  }
  const auto place_of = [&](const View& view) -> StageMaker::Place {
    if (view.tensor < 0) return {};
    const auto at = std::ranges::lower_bound(tensors, view.tensor);
    return {static_cast<int>(at - tensors.begin()), view.box};
  };
  for (const int l : layers) {
    const Layer& layer = net.layers[l];
    const StageMaker::Place in = place_of(layer.in[0]);
    const StageMaker::Place out = place_of(layer.out);
    if (given && !layer.loop.empty()) {
      const BlockChoice loop{given->positions[l], given->positions[l + 1],
                             work[l].band, layer.loop_groups};
      std::vector<Box> made;
      for (const Layer* of : layer.loop) made.push_back(of->out.box);
      maker.add_actor(maker.add_loop(loop, made, in), out);
      PlanStage& stage = maker.stage();
      set_loop_weights(given->net, stage.loops.back(), stage);
      set_loop(given->net, work[l].band, stage.loops.back(), stage);
      continue;
    }
    PlanActor a = maker.start_actor(given ? given->positions[l] : l,
                                    {in, place_of(layer.in[1])});
    set_work(layer, work[l], layer.out.box, a);
    a.weights = share_weights(layer, layer.out.box);
    maker.add_actor(std::move(a), out);
  }
  for (size_t b = 0; b < tensors.size(); ++b) {
    add_other_ports(uses[tensors[b]], s, static_cast<int>(b), maker);
  }
  return maker.take();
}

}  // namespace shoal
