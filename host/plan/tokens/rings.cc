#include "host/plan/tokens/rings.h"

#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <utility>

#include "host/base/error.h"
#include "host/plan/tokens/stage_key.h"
#include "host/plan/tokens/token_simulation.h"
#include "host/plan/tokens/tokens.h"
#include "host/plan/types/deadline.h"
#include "host/plan/types/stage_maker.h"

namespace shoal {
namespace {

// With more firings, trying every slot takes too long.
constexpr int64_t kManyFirings = 200000;

class Puller {
 public:
  Puller(const Net& net, const PlanStage& stage,
         const std::vector<StreamTie>& ties, int last)
      : tokens_(net, stage, ties),
        pulling_(tokens_.processes(), false),
        last_(last) {
    for (int a = 0; a < tokens_.processes(); ++a) {
      const int out = tokens_.out_buffer(a);
      is_sink_.push_back(a != last && (out < 0 || !tokens_.has_readers(out)));
    }
  }

  const std::vector<int>& peaks() {
    PlanCancellation::check();
    while (last_ >= 0 && !tokens_.done(last_)) pull(last_);
    for (int a = next_sink(); a >= 0; a = next_sink()) pull(a);
    for (int a = tokens_.processes(); a-- > 0;) {
      while (!tokens_.done(a)) pull(a);
    }
    return tokens_.peak_rows();
  }

 private:
  // Returns the sink that has done the smallest share of its firings, so that
  // branches to several sinks advance together.
  int next_sink() const {
    int best = -1;
    for (int a = 0; a < tokens_.processes(); ++a) {
      if (!is_sink_[a] || tokens_.done(a)) continue;
      if (best < 0 || share(a) < share(best)) best = a;
    }
    return best;
  }
  double share(int a) const {
    return (tokens_.fired(a) + 1.0) / tokens_.firings(a);
  }

  void pull(int process) {
    if (pulling_[process]) {
      throw Error(Exit::kInternal,
                  tokens_.name(process) + " waits for rows of its own");
    }
    pulling_[process] = true;
    for (int w = tokens_.missing_writer(process); w >= 0;
         w = tokens_.missing_writer(process)) {
      pull(w);
    }
    pulling_[process] = false;
    fire(process);
  }

  void fire(int process) {
    if (!tokens_.fire(process, tokens_.unnoticed_firings(process))) return;
    // Sinks need no space; the sooner they read, the sooner slots are free.
    for (int other : tokens_.touched(process)) {
      if (!is_sink_[other] || pulling_[other]) continue;
      for (int n = tokens_.firings_in_a_row(other); n > 0;
           n = tokens_.firings_in_a_row(other)) {
        tokens_.fire(other, n);
      }
    }
  }

  StageTokens tokens_;
  std::vector<bool> pulling_, is_sink_;
  const int last_;
};

// Returns the slots of the tensors whose rings are the group's.
std::vector<std::pair<int, int>> group_slots(
    const Net& net, const std::vector<TensorUses>& uses, const RingGroup& group,
    const Work& work) {
  const PlanStage stage = make_stage(net, uses, group, work, {});
  const int last = static_cast<int>(stage.actors.size()) - 1;
  const std::vector<int> peaks =
      peak_slots(net, stage, {}, group.goes_on ? last : -1);
  const std::vector<bool> own = own_buffers(group, stage);
  std::vector<std::pair<int, int>> slots;
  for (size_t b = 0; b < own.size(); ++b) {
    if (own[b]) slots.emplace_back(stage.buffers[b].tensor, peaks[b]);
  }
  return slots;
}

void tighten(const Net& net, const std::vector<TensorUses>& uses,
             const RingGroup& group, const Work& work,
             std::vector<int>& slots) {
  int64_t firings = 0;
  for (const int l : group.layers) {
    firings += firing_count(row_rule(net.layers[l], 0, work[l]));
  }
  if (firings > kManyFirings) return;
  PlanStage stage = make_stage(net, uses, group, work, slots);
  const std::vector<bool> own = own_buffers(group, stage);
  std::vector<int> groups(own.size(), -1);
  for (size_t b = 0; b < own.size(); ++b) {
    const int t = stage.buffers[b].tensor;
    if (!own[b] || uses[t].first < 0) continue;
    groups[b] = static_cast<int>(b);
  }
  tighten(net, stage, {}, groups);
  for (size_t b = 0; b < own.size(); ++b) {
    if (groups[b] >= 0) slots[stage.buffers[b].tensor] = stage.buffers[b].slots;
  }
}

}  // namespace

std::vector<int> ring_slots(const Net& net, const std::vector<TensorUses>& uses,
                            const Work& work, bool tight) {
  std::vector<int> slots(net.tensors.size());
  for (size_t t = 0; t < slots.size(); ++t) {
    slots[t] = !uses[t].writers.empty() || !uses[t].readers.empty();
  }
  const std::vector<RingGroup> groups =
      find_ring_groups(net, uses, whole_net(net));
  for (const RingGroup& group : groups) {
    for (const auto& [tensor, held] : group_slots(net, uses, group, work)) {
      slots[tensor] = held;
    }
  }
  for (size_t g = 0; tight && g < groups.size(); ++g) {
    tighten(net, uses, groups[g], work, slots);
  }
  return slots;
}

SegmentSlots::SegmentSlots(const Net& net, const std::vector<TensorUses>& uses)
    : net_(net), uses_(uses) {}

const SegmentSlots::Parts& SegmentSlots::parts(Segment segment) {
  const auto [place, is_new] = parts_.try_emplace({segment.begin, segment.end});
  Parts& parts = place->second;
  if (!is_new) return parts;
  parts.groups = find_ring_groups(net_, uses_, segment);
  parts.of.resize(static_cast<size_t>(segment.end - segment.begin));
  for (size_t b = 0; b < parts.groups.size(); ++b) {
    for (const int l : parts.groups[b].layers) {
      parts.of[l - segment.begin].push_back(static_cast<int>(b));
    }
  }
  return parts;
}

void SegmentSlots::add(Segment segment, const RingGroup& group,
                       const Work& work, TensorSlots& slots) {
  std::vector<int> key{group.has_writer, group.goes_on};
  for (const int l : group.layers) {
    key.insert(key.end(), {l, work[l].band, work[l].part});
  }
  const auto [found, is_new] = known_.try_emplace(std::move(key));
  if (is_new) found->second = group_slots(net_, uses_, group, work);
  for (const auto& [tensor, held] : found->second) {
    if (lives_inside(uses_[tensor], segment)) slots.push_back({tensor, held});
  }
}

SegmentSlots::TensorSlots SegmentSlots::find(Segment segment,
                                             const Work& work) {
  TensorSlots slots;
  for (const RingGroup& group : parts(segment).groups) {
    add(segment, group, work, slots);
  }
  return slots;
}

SegmentSlots::TensorSlots SegmentSlots::find(Segment segment, const Work& work,
                                             int layer) {
  const Parts& all = parts(segment);
  TensorSlots slots;
  for (const int b : all.of[layer - segment.begin]) {
    add(segment, all.groups[b], work, slots);
  }
  return slots;
}

std::vector<int> SegmentSlots::neighbours(Segment segment, int layer) {
  const Parts& all = parts(segment);
  std::vector<int> layers;
  for (const int b : all.of[layer - segment.begin]) {
    layers.insert(layers.end(), all.groups[b].layers.begin(),
                  all.groups[b].layers.end());
  }
  return layers;
}

std::vector<int> peak_slots(const Net& net, const PlanStage& stage,
                            const std::vector<StreamTie>& ties, int last) {
  Puller puller(net, stage, ties, last);
  std::vector<int> slots = puller.peaks();
  for (size_t b = 0; b < slots.size(); ++b) {
    slots[b] = std::clamp(slots[b], 1, stage.buffers[b].box.rows());
  }
  return slots;
}

void tighten(const Net& net, PlanStage& stage,
             const std::vector<StreamTie>& ties,
             const std::vector<int>& group) {
  std::map<int, std::vector<int>> groups;
  for (size_t b = 0; b < group.size(); ++b) {
    if (group[b] >= 0) groups[group[b]].push_back(static_cast<int>(b));
  }
  std::vector<std::pair<int64_t, int>> order;
  for (const auto& [g, buffers] : groups) {
    int64_t bytes = 0;
    for (int b : buffers) bytes += stage.buffers[b].row_bytes();
    order.push_back({-bytes, g});
  }
  std::sort(order.begin(), order.end());
  for (const auto& [bytes, g] : order) {
    const std::vector<int>& buffers = groups[g];
    std::vector<int> slots;
    for (const int b : buffers) slots.push_back(stage.buffers[b].slots);
    const auto take = [&](int rows) {
      for (size_t i = 0; i < buffers.size(); ++i) {
        stage.buffers[buffers[i]].slots = std::max(1, slots[i] - rows);
      }
    };
    // Numbers of rows that can go and that cannot. Most often none can.
    int some = 0, many = std::ranges::max(slots);
    while (many - some > 1) {
      const int tried = std::min(some + std::max(1, some), (some + many) / 2);
      take(tried);
      StageTokens tokens(net, stage, ties);
      (run_by_rank(tokens, depth_ranks(tokens)) ? some : many) = tried;
    }
    take(some);
  }
}

std::vector<int> RingMemo::slots(const Net& net, const PlanStage& stage,
                                 const std::vector<StreamTie>& ties,
                                 const std::vector<int>& group, bool tight) {
  StageKey parts;
  parts.add_run(stage, ties);
  parts.add(tight);
  if (tight) {
    for (const int g : group) parts.add(g);
  }
  std::string key = parts.take();
  if (const std::vector<int>* known = slots_.find(key)) return *known;
  std::vector<int> slots = peak_slots(net, stage, ties);
  if (tight) {
    PlanStage least = stage;
    for (size_t b = 0; b < slots.size(); ++b) {
      if (group[b] >= 0) least.buffers[b].slots = slots[b];
    }
    tighten(net, least, ties, group);
    for (size_t b = 0; b < slots.size(); ++b) {
      if (group[b] >= 0) slots[b] = least.buffers[b].slots;
    }
  }
  const size_t bytes = slots.size() * sizeof(int);
  return slots_.add(std::move(key), std::move(slots), bytes);
}

void RingMemo::find_leads(const Net& net, const PlanStage& stage,
                          const std::vector<StreamTie>& ties,
                          std::vector<OverlaidBuffers>& pairs) {
  StageKey parts;
  parts.add_run(stage, ties);
  for (const OverlaidBuffers& p : pairs) parts.add(p.in, p.out);
  std::string key = parts.take();
  const std::vector<int64_t>* known = leads_.find(key);
  if (!known) {
    shoal::find_leads(net, stage, ties, pairs);
    std::vector<int64_t> leads;
    for (const OverlaidBuffers& p : pairs) leads.push_back(p.lead);
    const size_t bytes = leads.size() * sizeof(int64_t);
    known = &leads_.add(std::move(key), std::move(leads), bytes);
  }
  for (size_t i = 0; i < pairs.size(); ++i) pairs[i].lead = (*known)[i];
}

}  // namespace shoal
