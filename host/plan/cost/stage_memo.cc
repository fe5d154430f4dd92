#include "host/plan/cost/stage_memo.h"

#include <algorithm>
#include <string>
#include <utility>

#include "host/plan/cost/tape.h"
#include "host/plan/tokens/stage_key.h"

namespace shoal {
namespace {

void add_weights(const PlanWeights& w, StageKey& key) {
  for (const int v :
       {static_cast<int>(w.place), int{w.keep}, w.bank, w.parts, w.groups}) {
    key.add(v);
  }
  key.add(std::ssize(w.chunks));
  for (const PlanChunk& c : w.chunks) {
    for (const int v : {c.out0, c.out_n, c.in0, c.in_n}) key.add(v);
  }
}

// Addresses do not matter.
std::string time_key(const PlanStage& stage, int64_t record) {
  StageKey key;
  key.add(record), key.add(stage.slot_count);
  key.add(std::ssize(stage.buffers));
  for (const PlanBuffer& b : stage.buffers) {
    key.add(b.tensor), key.add(b.element_bytes), key.add(b.is_private);
  }
  key.add(std::ssize(stage.ports));
  for (const PlanPort& p : stage.ports) key.add(p.buffer), key.add(p.box);
  key.add(std::ssize(stage.actors));
  for (const PlanActor& a : stage.actors) {
    for (const int v :
         {a.layer, int{a.copy}, a.in[0], a.in[1], a.partial, a.out, int{a.init},
          int{a.final}, a.band, a.part, a.slices, a.loop}) {
      key.add(v);
    }
    add_weights(a.weights, key);
  }
  key.add(std::ssize(stage.loops));
  for (const PlanLoop& l : stage.loops) {
    key.add(l.first_actor), key.add(l.actors), key.add(l.iterations);
    key.add(l.band);
  }
  for (const PlanRun& r : stage.order) key.add(r.actor), key.add(r.firings);
  return key.take();
}

bool is_read(const PlanActor& a) {
  return !a.weights.chunks.empty() && a.weights.place != WeightPlace::kMapped;
}

}  // namespace

void StageMemo::put_on_tape(const Net& net, PlanStage& stage, int late,
                            uint32_t chunk_limit) {
  StageKey parts;
  parts.add(stage), parts.add(late), parts.add(chunk_limit);
  for (const PlanActor& a : stage.actors) add_weights(a.weights, parts);
  for (const PlanRun& r : stage.order) parts.add(r.actor), parts.add(r.firings);
  std::string key = parts.take();
  if (const Tape* known = tapes_.find(key)) {
    for (size_t i = 0; i < stage.actors.size(); ++i) {
      PlanActor& a = stage.actors[i];
      if (a.weights.place != WeightPlace::kTape) continue;
      a.weights = known->weights[i];
    }
    stage.order = known->order;
    return;
  }
  shoal::put_on_tape(net, stage, late, chunk_limit);
  Tape tape{{}, stage.order};
  size_t bytes = tape.order.size() * sizeof(PlanRun);
  for (const PlanActor& a : stage.actors) {
    tape.weights.push_back(a.weights);
    bytes += sizeof(PlanWeights) + a.weights.chunks.size() * sizeof(PlanChunk);
  }
  tapes_.add(std::move(key), std::move(tape), bytes);
}

int64_t StageMemo::total_ps(const Net& net, const PlanStage& stage,
                            const Supply& supply, int64_t record) {
  // For other stages the time is worked out as fast as the key.
  if (std::ranges::none_of(stage.actors, is_read)) {
    return feed_time(net, stage, supply, record).total_ps;
  }
  std::string key = time_key(stage, record);
  if (const int64_t* known = times_.find(key)) return *known;
  return times_.add(std::move(key),
                    feed_time(net, stage, supply, record).total_ps);
}

}  // namespace shoal
