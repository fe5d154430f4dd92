#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "host/plan/arena/layout.h"
#include "host/plan/arena/pack.h"
#include "host/plan/build/build_plan.h"
#include "host/plan/cost/plan_time.h"
#include "host/plan/cost/tape.h"
#include "host/plan/tokens/share.h"
#include "host/plan/types/beyond.h"
#include "host/plan/types/stream_table.h"
#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

std::vector<ArenaRange> free_spans(const PlanNode& node, int stage,
                                   int64_t room) {
  std::vector<ArenaRange> taken = alive_ranges(node, stage);
  std::ranges::sort(taken, {}, &ArenaRange::lo);
  std::vector<ArenaRange> spans;
  int64_t at = 0;
  for (const ArenaRange& t : taken) {
    if (t.lo > at) spans.push_back({at, std::min(t.lo, room)});
    at = std::max(at, aligned(t.hi));
  }
  if (room > at) spans.push_back({at, room});
  std::erase_if(spans, [](const ArenaRange& s) { return s.bytes() < kAlign; });
  return spans;
}

// Takes the lowest bytes of the smallest span with enough room.
std::optional<int64_t> take(std::vector<ArenaRange>& spans, int64_t bytes) {
  ArenaRange* best = nullptr;
  for (ArenaRange& s : spans) {
    if (s.bytes() < bytes || (best && s.bytes() >= best->bytes())) continue;
    best = &s;
  }
  if (!best) return std::nullopt;
  best->lo += bytes;
  return best->lo - bytes;
}

class StageFiller {
 public:
  StageFiller(const Net& net, const Supply& supply, const PlanNode& node,
              const std::vector<StageEnds>* ends, int stage, int64_t room)
      : net_(net),
        supply_(supply),
        node_(node),
        ends_(ends ? (*ends)[size_t(stage)] : StageEnds{}),
        spans_(free_spans(node, stage, room)),
        best_(node.stages[stage]),
        best_ps_(fits(best_) ? time(best_) : kBeyond) {}

  // Fills the stage with the slots and sets that save most.
  const PlanStage& fill() {
    const PlanStage before = best_;
    std::vector<size_t> order = by_use();
    for (size_t sets = 0; sets <= order.size();
         sets += sets < 4 ? 1 : sets / 3) {
      try_sets(before, order, sets);
    }
    try_sets(before, order, order.size());
    return best_;
  }
  int64_t best_ps() const { return best_ps_; }

 private:
  int64_t time(const PlanStage& s) const {
    return stage_feed(net_, node_, s, supply_).total_ps;
  }

  // Returns a lower bound of the time of reading, which is quick to compute.
  int64_t reading_ps(const PlanStage& s) const {
    const TapeReads reads = tape_reads(net_, s);
    return reads.chunks * (supply_.read_ps(0) - 1) +
           supply_.read_ps(reads.bytes) - supply_.read_ps(0);
  }

  // Returns whether a built stage fits, with at least its slots below the
  // budget.
  bool fits(PlanStage stage) const {
    std::vector<ArenaRange> spans = spans_;
    return place(stage, spans);
  }

  // Returns streamed actors, first those whose reads take longest per byte of
  // SRAM.
  std::vector<size_t> by_use() const {
    std::vector<std::pair<double, size_t>> by;
    PlanStage tape = best_;
    for (PlanActor& a : tape.actors) {
      if (is_streamed(a) && !a.weights.keep) {
        cut_for_tape(net_, tape, a, 4096);
      }
    }
    std::vector<int64_t> firings(tape.actors.size(), 0);
    for (const PlanRun& r : tape.order) firings[r.actor] += r.firings;
    for (size_t i = 0; i < tape.actors.size(); ++i) {
      const PlanActor& a = tape.actors[i];
      if (!is_streamed(a) || a.weights.keep) continue;
      const auto chunks = static_cast<int64_t>(a.weights.chunks.size());
      const int64_t passes = firings[i] / std::max(1, a.weights.parts);
      const int64_t bytes = sram_bytes(net_, tape, a);
      const int64_t read =
          std::max<int64_t>(1, passes) *
          (supply_.read_ps(bytes) + (chunks - 1) * supply_.read_ps(0));
      by.push_back(
          {-static_cast<double>(read) / static_cast<double>(bytes), i});
    }
    std::sort(by.begin(), by.end());
    std::vector<size_t> order;
    for (const auto& [ratio, actor] : by) order.push_back(actor);
    return order;
  }

  // Tries the first `sets` of the actors in SRAM and the others on the tape.
  void try_sets(const PlanStage& before, const std::vector<size_t>& order,
                size_t sets) {
    PlanStage stage = before;
    std::vector<ArenaRange> spans = spans_;
    for (size_t i = 0; i < order.size(); ++i) {
      PlanActor& a = stage.actors[order[i]];
      if (i >= sets) {
        a.weights.place = WeightPlace::kTape;
        continue;
      }
      cut_for_sram(net_, stage, a);
      const auto at = take(spans, sram_bytes(net_, stage, a));
      if (!at) return;
      a.weights.offset = static_cast<uint32_t>(*at);
    }
    if (sets == order.size()) {
      stage.slots = stage.slot_bytes = stage.slot_count = 0;
      return consider(stage);
    }
    if (stage.order.empty()) return;
    int64_t room = 0;
    for (const ArenaRange& s : spans) room = std::max(room, s.bytes());
    for (uint32_t count = kTapeSlots; count <= tuning::kMostSlots;
         count += count < 4 ? 1 : 2) {
      try_chunks(stage, spans, count, room / count - kTagBytes);
    }
  }

  void try_chunks(const PlanStage& before, const std::vector<ArenaRange>& spans,
                  uint32_t count, int64_t most) {
    most = std::min(most, kMostChunk);
    uint32_t last = 0;
    for (int64_t limit = most; limit >= kLeastChunk; limit = limit * 2 / 3) {
      PlanStage stage = before;
      cut_tape(net_, stage, static_cast<uint32_t>(limit));
      if (stage.slot_bytes == last) continue;
      last = stage.slot_bytes;
      stage.slot_count = count;
      std::vector<ArenaRange> left = spans;
      const std::optional<int64_t> at =
          take(left, int64_t{count} * stage.slot_bytes);
      if (!at) continue;
      stage.slots = static_cast<uint32_t>(*at);
      consider(stage);
    }
  }

  bool place(PlanStage& stage, std::vector<ArenaRange>& spans) const {
    for (PlanActor& a : stage.actors) {
      if (a.weights.place != WeightPlace::kSram || a.weights.keep) continue;
      const auto at = take(spans, sram_bytes(net_, stage, a));
      if (!at) return false;
      a.weights.offset = static_cast<uint32_t>(*at);
    }
    if (!stage.slot_count) return true;
    const auto at = take(spans, int64_t{stage.slot_count} * stage.slot_bytes);
    if (at) stage.slots = static_cast<uint32_t>(*at);
    return at.has_value();
  }

  void consider(const PlanStage& stage) {
    const StageCounts counts = count_tables(net_, stage, ends_);
    size_t chunks = 0;
    for (const PlanActor& a : stage.actors) chunks += a.weights.chunks.size();
    if (chunks > kMaxRuns) return;
    if (node_.layout.record_bytes &&
        record_bytes(counts) > node_.layout.record_bytes) {
      return;
    }
    if (reading_ps(stage) >= best_ps_) return;
    const int64_t ps = time(stage);
    if (ps >= best_ps_) return;
    best_ps_ = ps;
    best_ = stage;
  }

  const Net& net_;
  const Supply& supply_;
  const PlanNode& node_;
  const StageEnds ends_;
  const std::vector<ArenaRange> spans_;
  PlanStage best_;
  int64_t best_ps_;
};

bool has_streams(const PlanStage& stage) {
  return std::any_of(stage.actors.begin(), stage.actors.end(), is_streamed);
}

// Fills each stage by itself. Returns less than kBeyond if all fit.
int64_t fill_stages(const Net& net, const Supply& supply,
                    const std::vector<StageEnds>* ends, int64_t room,
                    PlanNode& node) {
  int64_t sum = 0;
  for (size_t s = 0; s < node.stages.size(); ++s) {
    PlanStage& stage = node.stages[s];
    if (!has_streams(stage)) {
      sum += stage_feed(net, node, stage, supply).total_ps;
      continue;
    }
    StageFiller filler(net, supply, node, ends, static_cast<int>(s), room);
    PlanStage filled = filler.fill();
    if (filler.best_ps() == kBeyond) return kBeyond;
    sum += filler.best_ps();
    stage = std::move(filled);
  }
  return sum;
}

// A streamed actor whose weights may stay.
struct Keeper {
  size_t stage = 0, actor = 0;
  int64_t bytes = 0;
  double saved = 0;  // a byte
};
std::vector<Keeper> find_keepers(const Net& net, const Supply& supply,
                                 const PlanNode& filled) {
  std::vector<Keeper> keepers;
  for (size_t s = 0; s < filled.stages.size(); ++s) {
    PlanStage stage = filled.stages[s];
    const int64_t now = stage_feed(net, filled, stage, supply).total_ps;
    for (size_t i = 0; i < stage.actors.size(); ++i) {
      PlanActor& a = stage.actors[i];
      if (!is_streamed(a)) continue;
      const PlanWeights before = a.weights;
      cut_for_sram(net, stage, a);
      a.weights.keep = true;
      const int64_t bytes = sram_bytes(net, stage, a);
      const int64_t saved =
          now - stage_feed(net, filled, stage, supply).total_ps;
      a.weights = before;
      if (saved <= 0) continue;
      keepers.push_back(
          {s, i, bytes,
           static_cast<double>(saved) / static_cast<double>(bytes)});
    }
  }
  std::ranges::stable_sort(keepers, std::greater{}, &Keeper::saved);
  return keepers;
}

// Lets sets stay, of at most `most` bytes, from offset 0 on, in the order of
// the records.
int64_t keep(const Net& net, const std::vector<Keeper>& keepers, int64_t most,
             PlanNode& node) {
  for (const Keeper& k : keepers) {
    if (k.bytes > most) continue;
    PlanStage& stage = node.stages[k.stage];
    PlanActor& a = stage.actors[k.actor];
    cut_for_sram(net, stage, a);
    a.weights.keep = true;
    most -= k.bytes;
  }
  const int64_t bytes = place_kept(net, node);
  for (PlanStage& s : node.stages) {
    s.slot_bytes = slot_bytes(net, s);
    if (s.slot_bytes == 0) s.slots = s.slot_count = 0;
  }
  return bytes;
}

}  // namespace

uint32_t fill_arena(const Net& net, const Supply& supply,
                    const std::vector<StageEnds>* ends, int64_t room,
                    int64_t bytes, PlanNode& node) {
  if (std::none_of(node.stages.begin(), node.stages.end(), has_streams)) {
    return 0;
  }
  const PlanNode built = node;
  int64_t best_ps = node_time_ps(net, built, supply), best_keep = 0;
  PlanNode filled = built;
  if (fill_stages(net, supply, ends, room, filled) < best_ps) node = filled;
  best_ps = std::min(best_ps, node_time_ps(net, node, supply));
  const std::vector<Keeper> keepers = find_keepers(net, supply, node);
  int64_t most = 0;
  for (const Keeper& k : keepers) most += k.bytes;
  most = std::min(most, room - bytes);
  for (const int percent : tuning::kLess) {
    PlanNode next = built;
    const int64_t kept =
        keep(net, keepers, tuning::percent_of(percent, most), next);
    if (kept == 0) continue;
    const int64_t ps = fill_stages(net, supply, ends, room - kept, next);
    if (ps >= best_ps) continue;
    best_ps = ps;
    best_keep = kept;
    node = std::move(next);
  }
  return static_cast<uint32_t>(best_keep);
}

}  // namespace shoal
