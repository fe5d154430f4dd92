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
  int64_t bytes = 0;  // in SRAM
  double saved = 0;   // picoseconds per byte
};

// Returns the sets that save most per byte first; of equal ones the larger
// first, which leaves the small ones for the rest of the room.
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

// A place where sets may stay, and the speed at which they are read there.
struct Room {
  int bank = 0;
  int64_t bytes = 0;
  double bytes_per_s = 0;  // 0: that of the arena
};

// Returns the places that are faster than flash, the fastest first; of equal
// ones the arena.
std::vector<Room> rooms_of(const PlanNode& node, const Board& board,
                           int64_t arena) {
  std::vector<Room> rooms = {{0, arena, 0}};
  const std::vector<Bank> banks = board.other_banks();
  for (size_t b = 0; b < node.banks.size(); ++b) {
    const double rate = banks.at(b).bytes_per_s;
    if (rate > 0 && rate <= board.costs.flash_bytes_per_s) continue;
    rooms.push_back({static_cast<int>(b) + 1, node.banks[b].room, rate});
  }
  std::ranges::stable_sort(rooms, [](const Room& a, const Room& b) {
    if (a.bytes_per_s == 0 || b.bytes_per_s == 0) {
      return a.bytes_per_s == 0 && b.bytes_per_s != 0;
    }
    return a.bytes_per_s > b.bytes_per_s;
  });
  return rooms;
}

}  // namespace

uint32_t place_kept(const Net& net, PlanNode& node) {
  uint32_t arena = 0;
  for (PlanBank& bank : node.banks) bank.bytes = 0;
  for (PlanStage& s : node.stages) {
    for (PlanActor& a : s.actors) {
      if (!a.weights.keep) continue;
      const int bank = a.weights.bank;
      uint32_t& end = bank ? node.banks.at(bank - 1).bytes : arena;
      a.weights.offset = end;
      end += sram_bytes(net, s, a);
    }
  }
  return arena;
}

uint32_t keep_mapped(const Net& net, const Supply& supply, int64_t room,
                     PlanNode& node) {
  if (!node.mapped || !node.storage.empty()) return 0;
  std::vector<Room> rooms = rooms_of(node, *supply.board, room);
  for (const MappedSet& set : sets_by_gain(net, *supply.board, node)) {
    const auto to = std::ranges::find_if(
        rooms, [&](const Room& r) { return set.bytes <= r.bytes; });
    if (to == rooms.end()) continue;
    to->bytes -= set.bytes;
    set.actor->weights.place = WeightPlace::kSram;
    set.actor->weights.keep = true;
    set.actor->weights.bank = to->bank;
  }
  return place_kept(net, node);
}

}  // namespace shoal
