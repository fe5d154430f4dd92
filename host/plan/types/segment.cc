#include "host/plan/types/segment.h"

#include <algorithm>
#include <numeric>

namespace shoal {
namespace {

// `actor_of`: by layer of the segment; -1: the layer is not in the stage.
void add_buffer(const Net& net, int tensor, const TensorUses& uses, Segment s,
                const std::vector<int>& actor_of, const std::vector<int>& slots,
                PlanStage& stage) {
  PlanBuffer b;
  b.tensor = tensor;
  b.box = net.tensors[tensor].box();
  b.element_bytes = net.tensors[tensor].element_bytes;
  b.turned = net.tensors[tensor].turned;
  b.slots = lives_inside(uses, s) ? slots[tensor] : b.box.rows();
  b.complete = uses.last_write < s.begin;
  b.variable = uses.variable;
  const int index = static_cast<int>(stage.buffers.size());
  for (const auto* list : {&uses.writers, &uses.readers}) {
    for (const Use& u : *list) {
      if (!s.holds(u.position)) continue;
      const bool by_actor = u.owner == Owner::kActor;
      if (by_actor && actor_of[u.index - s.begin] < 0) continue;
      const int port = static_cast<int>(stage.ports.size());
      const bool is_read = list == &uses.readers;
      int owner = u.index;
      if (u.owner == Owner::kSpill) {
        owner = static_cast<int>(stage.spills.size());
        stage.spills.push_back({port, 0, 0, 0});
      }
      if (by_actor) {
        owner = actor_of[u.index - s.begin];
        PlanActor& a = stage.actors[owner];
        (is_read ? a.in[u.operand] : a.out) = port;
      }
      stage.ports.push_back({index, u.box, is_read, u.owner, owner});
    }
  }
  stage.buffers.push_back(b);
}

PlanActor make_actor(const Layer& layer, int index, LayerWork work) {
  PlanActor a;
  a.layer = index;
  a.band = work.band;
  a.part = work.part;
  a.accumulator_bytes = sums_bytes(layer, work);
  a.weights = share_weights(layer, layer.out.box);
  return a;
}

// `all`: the stage has all layers of the segment; then uses by callers suffice.
bool used_in(const TensorUses& t, Segment s, const std::vector<int>& actor_of,
             bool all) {
  for (const auto* list : {&t.writers, &t.readers}) {
    for (const Use& u : *list) {
      if (!s.holds(u.position)) continue;
      if (all) return true;
      if (u.owner == Owner::kActor && actor_of[u.index - s.begin] >= 0) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace

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

LiveTensors::LiveTensors(const std::vector<TensorUses>& uses) {
  int positions = 0;
  for (const TensorUses& t : uses) positions = std::max(positions, t.last + 1);
  begun_.resize(size_t(positions)), kept_.resize(size_t(positions));
  for (int t = 0; t < std::ssize(uses); ++t) {
    const TensorUses& of = uses[size_t(t)];
    if (of.variable >= 0) variables_.push_back(t);
    if (of.variable >= 0 || of.first < 0) continue;
    begun_[size_t(of.first)].push_back(t);
    for (int p = of.first + 1; p <= of.last; ++p) kept_[size_t(p)].push_back(t);
  }
}

std::vector<int> LiveTensors::during(const std::vector<TensorUses>& uses,
                                     Segment s) const {
  std::vector<int> live;
  const auto add = [&live](const std::vector<int>& some) {
    live.insert(live.end(), some.begin(), some.end());
  };
  const int end = std::min(s.end, static_cast<int>(begun_.size()));
  if (s.begin < end) add(kept_[size_t(s.begin)]);
  for (int p = s.begin; p < end; ++p) add(begun_[size_t(p)]);
  for (const int t : variables_) {
    if (is_touched(uses[size_t(t)], s)) live.push_back(t);
  }
  std::ranges::sort(live);
  return live;
}

Segment whole_net(const Net& net) {
  return {0, std::max(1, static_cast<int>(net.layers.size()))};
}

int64_t page_buffers(const TensorUses& t, Segment s) {
  if (t.page_bytes == 0) return 0;
  int64_t bytes = 0;
  for (const auto* list : {&t.writers, &t.readers}) {
    for (const Use& u : *list) {
      if (u.owner == Owner::kSpill && s.holds(u.position)) {
        bytes += t.page_bytes;
      }
    }
  }
  return bytes;
}

bool can_be_stage(const std::vector<TensorUses>& uses, Segment s) {
  int64_t spills = 0;
  for (const TensorUses& t : uses) {
    if (t.page_bytes > 0) spills += page_buffers(t, s) / t.page_bytes;
    if (t.stored_at >= 0 && s.holds(t.stored_at) && s.holds(t.first)) {
      return false;
    }
    const bool before = t.first_write < s.begin;
    const bool later = t.last_write >= s.begin;
    const bool beyond = t.last_write >= s.end;
    if (!(before && later) && !(beyond && !before)) continue;
    for (const Use& r : t.readers) {
      if (s.holds(r.position)) return false;
    }
  }
  return spills <= kMaxSpills;
}

PlanStage make_stage(const Net& net, const std::vector<TensorUses>& uses,
                     Segment s, const Work& work,
                     const std::vector<int>& slots) {
  const int end = std::min(s.end, static_cast<int>(net.layers.size()));
  std::vector<int> layers(static_cast<size_t>(std::max(0, end - s.begin)));
  std::iota(layers.begin(), layers.end(), s.begin);
  return make_stage(net, uses, s, layers, work, slots);
}

PlanStage make_stage(const Net& net, const std::vector<TensorUses>& uses,
                     Segment s, const std::vector<int>& layers,
                     const Work& work, const std::vector<int>& slots) {
  PlanStage stage;
  std::vector<int> actor_of(static_cast<size_t>(s.end - s.begin), -1);
  for (const int l : layers) {
    actor_of[l - s.begin] = static_cast<int>(stage.actors.size());
    stage.actors.push_back(make_actor(net.layers[l], l, work[l]));
    stage.macs += net.layers[l].macs;
  }
  const bool all = s.begin + static_cast<int>(layers.size()) >=
                   std::min(s.end, static_cast<int>(net.layers.size()));
  for (size_t t = 0; t < uses.size(); ++t) {
    if (used_in(uses[t], s, actor_of, all)) {
      add_buffer(net, static_cast<int>(t), uses[t], s, actor_of, slots, stage);
    }
  }
  return stage;
}

}  // namespace shoal
