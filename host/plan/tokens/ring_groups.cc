#include "host/plan/tokens/ring_groups.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "host/plan/types/stage_maker.h"

namespace shoal {
namespace {

// Sets of layers that share rows, directly or through others; each set is named
// by its first layer.
class SharedRows {
 public:
  explicit SharedRows(size_t count) : first_(count) {
    std::iota(first_.begin(), first_.end(), size_t{0});
  }
  size_t of(size_t i) {
    while (first_[i] != i) i = first_[i] = first_[first_[i]];
    return i;
  }
  void join(size_t a, size_t b) {
    a = of(a), b = of(b);
    first_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<size_t> first_;
};

// A tensor that is made in a segment.
struct Made {
  int first = 0, last = 0;  // positions of its uses within
  int writer = -1;          // layer that makes all of it; -1: there is none
  int sink = -1;            // where it is taken, or made for no reader within
};

Made find_made(const Net& net, int tensor, const TensorUses& t, Segment s) {
  Made made{s.end, s.begin - 1};
  bool written = false;
  for (const Use& w : t.writers) {
    if (!s.holds(w.position)) continue;
    written = true;
    made.first = std::min(made.first, w.position);
    made.last = std::max(made.last, w.position);
  }
  if (!written) return made;
  if (t.writers.size() == 1 && t.writers[0].owner == Owner::kActor &&
      t.writers[0].box == net.tensors[tensor].box()) {
    made.writer = t.writers[0].index;
  }
  bool read = false;
  for (const Use& r : t.readers) {
    if (!s.holds(r.position)) continue;
    made.first = std::min(made.first, r.position);
    made.last = std::max(made.last, r.position);
    if (r.owner == Owner::kActor) read = true;
    if (r.owner != Owner::kActor) made.sink = std::max(made.sink, r.position);
  }
  if (!read) made.sink = std::max(made.sink, made.last);
  return made;
}

// Cuts layers that share rows into groups wherever a single tensor goes on.
void cut_shared(const std::vector<int>& layers, const std::vector<Made>& made,
                std::vector<RingGroup>& groups) {
  const size_t n = layers.size();
  const auto index_of = [&](int position) {
    return static_cast<size_t>(
        std::lower_bound(layers.begin(), layers.end(), position) -
        layers.begin());
  };
  // By layer before which a cut would lie: the number of tensors that go on
  // there, as differences, and the writer of one of them. No cut is behind a
  // sink.
  std::vector<int> over(n + 1, 0), writers(n + 1, 0);
  size_t end = n;
  for (const Made& m : made) {
    if (m.sink >= 0) end = std::min(end, index_of(m.sink));
    const size_t first = index_of(m.first), last = index_of(m.last);
    ++over[first + 1 <= n ? first + 1 : n];
    --over[last + 1 <= n ? last + 1 : n];
    if (m.writer < 0 || m.writer != m.first || last == first) continue;
    writers[first + 1] = 1;
  }
  RingGroup group;
  int alive = 0;
  for (size_t i = 0; i < n; ++i) {
    alive += over[i];
    if (i > 0 && i <= end && alive == 1 && writers[i]) {
      group.goes_on = true;
      groups.push_back(std::move(group));
      group = {{layers[i - 1]}, true, false};
    }
    group.layers.push_back(layers[i]);
  }
  groups.push_back(std::move(group));
}

}  // namespace

std::vector<RingGroup> find_ring_groups(const Net& net,
                                        const std::vector<TensorUses>& uses,
                                        Segment s) {
  const int end = end_of_layers(net, s);
  if (end <= s.begin) return {};
  const auto count = static_cast<size_t>(end - s.begin);
  SharedRows shared(count);
  std::vector<Made> all;
  for (size_t t = 0; t < uses.size(); ++t) {
    const Made made = find_made(net, static_cast<int>(t), uses[t], s);
    if (made.first > made.last) continue;
    all.push_back(made);
    uses[t].each([&](const Use& u) {
      if (!s.holds(u.position) || u.position >= end) return;
      shared.join(static_cast<size_t>(made.first - s.begin),
                  static_cast<size_t>(u.position - s.begin));
    });
  }
  std::map<size_t, std::vector<int>> layers;
  std::map<size_t, std::vector<Made>> made;
  for (size_t i = 0; i < count; ++i) {
    layers[shared.of(i)].push_back(s.begin + static_cast<int>(i));
  }
  for (const Made& m : all) {
    made[shared.of(static_cast<size_t>(m.first - s.begin))].push_back(m);
  }
  std::vector<RingGroup> groups;
  for (const auto& [first, list] : layers) {
    cut_shared(list, made[first], groups);
  }
  return groups;
}

PlanStage make_stage(const Net& net, const std::vector<TensorUses>& uses,
                     const RingGroup& group, const Work& work,
                     const std::vector<int>& slots) {
  const Segment span{group.layers.front(), group.layers.back() + 1};
  return make_stage(net, uses, span, group.layers, work, slots);
}

std::vector<bool> own_buffers(const RingGroup& group, const PlanStage& stage) {
  std::vector<bool> own(stage.buffers.size(), false);
  std::vector<bool> made(stage.buffers.size(), false);
  for (const PlanPort& p : stage.ports) {
    if (!p.is_read) made[p.buffer] = true;
  }
  const auto out = [&](const PlanActor& a) {
    return stage.ports[a.out].buffer;
  };
  const PlanActor& writer = stage.actors.front();
  for (size_t b = 0; b < own.size(); ++b) own[b] = made[b];
  if (group.goes_on) own[out(stage.actors.back())] = false;
  if (!group.has_writer) return own;
  // The operands of the writer are made before the group, even a picture.
  for (const int in : writer.in) {
    if (in >= 0) own[stage.ports[in].buffer] = false;
  }
  return own;
}

}  // namespace shoal
