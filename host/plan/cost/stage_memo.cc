#include "host/plan/cost/stage_memo.h"

#include <algorithm>
#include <string>
#include <utility>

#include "host/plan/cost/tape.h"
#include "host/plan/tokens/stage_key.h"

namespace shoal {
namespace {

// Adds the weights of all actors, and the order of their firings.
void add_weights(const PlanStage& stage, StageKey& key) {
  for (const PlanActor& a : stage.actors) {
    const PlanWeights& w = a.weights;
    key.add(static_cast<int>(w.place), w.keep, w.bank, w.parts, w.groups,
            std::ssize(w.chunks));
    for (const PlanChunk& c : w.chunks) {
      key.add(c.out0, c.out_n, c.in0, c.in_n);
    }
  }
  for (const PlanRun& r : stage.order) key.add(r.actor, r.firings);
}

// Addresses do not matter.
std::string time_key(const PlanStage& stage, int64_t record) {
  StageKey key;
  key.add(record, stage.slot_count, std::ssize(stage.buffers));
  for (const PlanBuffer& b : stage.buffers) {
    key.add(b.tensor, b.element_bytes, b.is_private);
  }
  key.add_actors(stage);
  add_weights(stage, key);
  return key.take();
}

}  // namespace

void StageMemo::put_on_tape(const Net& net, PlanStage& stage, int late,
                            uint32_t chunk_limit) {
  StageKey parts;
  parts.add_run(stage);
  parts.add(late, chunk_limit);
  add_weights(stage, parts);
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
  if (std::ranges::none_of(stage.actors, is_streamed)) {
    return feed_time(net, stage, supply, record).total_ps;
  }
  std::string key = time_key(stage, record);
  if (const int64_t* known = times_.find(key)) return *known;
  return times_.add(std::move(key),
                    feed_time(net, stage, supply, record).total_ps);
}

}  // namespace shoal
