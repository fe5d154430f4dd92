#include <algorithm>
#include <vector>

#include "host/plan/build/build_plan.h"
#include "host/plan/cost/tape.h"
#include "host/plan/cost/time.h"

namespace shoal {
namespace {

struct MappedSet {
  PlanStage* stage = nullptr;
  PlanActor* actor = nullptr;
  int64_t bytes = 0;  // in the arena
  double saved = 0;   // picoseconds a byte
};

// Those first that save most a byte; of equal ones the larger, which leaves the
// small ones for what is left over.
std::vector<MappedSet> sets_by_gain(const Net& net, const Board& board,
                                    PlanNode& node) {
  std::vector<MappedSet> sets;
  for (PlanStage& s : node.stages) {
    for (PlanActor& a : s.actors) {
      if (a.copy || a.weights.chunks.empty()) continue;
      if (a.weights.place != WeightPlace::kMapped) continue;
      const int64_t saved = actor_time(net, s, a, board).flash_ps;
      const int64_t bytes = sram_bytes(net, s, a);
      if (saved <= 0) continue;
      sets.push_back({&s, &a, bytes,
                      static_cast<double>(saved) / static_cast<double>(bytes)});
    }
  }
  std::ranges::stable_sort(sets, [](const MappedSet& a, const MappedSet& b) {
    return a.saved != b.saved ? a.saved > b.saved : a.bytes > b.bytes;
  });
  return sets;
}

}  // namespace

uint32_t place_kept(const Net& net, PlanNode& node) {
  int64_t bytes = 0;
  for (PlanStage& s : node.stages) {
    for (PlanActor& a : s.actors) {
      if (!a.weights.keep) continue;
      a.weights.offset = static_cast<uint32_t>(bytes);
      bytes += sram_bytes(net, s, a);
    }
  }
  return static_cast<uint32_t>(bytes);
}

uint32_t keep_mapped(const Net& net, const Supply& supply, int64_t room,
                     PlanNode& node) {
  if (!node.mapped || !node.storage.empty()) return 0;
  for (const MappedSet& set : sets_by_gain(net, *supply.board, node)) {
    if (set.bytes > room) continue;
    room -= set.bytes;
    set.actor->weights.place = WeightPlace::kSram;
    set.actor->weights.keep = true;
  }
  return place_kept(net, node);
}

}  // namespace shoal
