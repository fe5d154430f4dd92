#include "host/engine/recovery/fallback_programs.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "device/storage/program_memory.h"
#include "host/base/size.h"

namespace shoal {
namespace {

int64_t room_of(int64_t program_bytes) {
  return align_up(static_cast<uint32_t>(program_bytes));
}

// The programs that a node keeps of one place of storage, or one a slot.
struct Room {
  int64_t bytes = 0, programs = 0;
};

Room room_of(const HeldPrograms& held, int64_t capacity) {
  if (capacity <= 0) return {};
  const int64_t slots = held.storage_bytes / capacity;
  if (slots > 1) return {int64_t{held.storage_bytes}, slots};
  return {int64_t{held.storage_bytes}, ProgramMemory::kMostPrograms};
}

}  // namespace

std::vector<FallbackPrograms::Program> FallbackPrograms::wanted(
    const Fallbacks& fallbacks, size_t seat) const {
  std::vector<Program> programs;
  for (size_t lost = 0; lost < fallbacks.size(); ++lost) {
    if (lost == seat || !fallbacks[lost]) continue;
    const Fallback& f = *fallbacks[lost];
    const size_t role = seat < lost ? seat : seat - 1;
    if (f.plan.nodes[role].stages.empty()) continue;
    if (std::ranges::count(programs, f.hashes[role], &Program::hash) > 0) {
      continue;
    }
    programs.push_back({&f.plan.nodes[role], &f.images[role], f.hashes[role]});
  }
  return programs;
}

bool FallbackPrograms::lacks(const WorkerCluster& workers,
                             const Fallbacks& fallbacks) const {
  if (fallbacks.size() != workers.seats().size()) return false;
  for (size_t i = 0; i < fallbacks.size(); ++i) {
    const auto tried = tried_.find(workers.seats()[i].address.address);
    for (const Program& p : wanted(fallbacks, i)) {
      if (tried == tried_.end() || !tried->second.contains(p.hash)) return true;
    }
  }
  return false;
}

// Keeps of `programs` those that have room; returns how many that are.
size_t FallbackPrograms::fitting(const WorkerCluster& workers, size_t seat,
                                 const PlanNode& now, const HeldPrograms& held,
                                 std::vector<Program>& programs) {
  const int64_t capacity = workers.coordinator()
                               .identity(static_cast<int>(seat))
                               .facts.program_capacity;
  const Room room = room_of(held, capacity);
  const bool in_slots = int64_t{held.storage_bytes} > capacity;
  int64_t bytes = 0, count = 0;
  const auto use = [&](int64_t program_bytes) {
    bytes += in_slots ? capacity : room_of(program_bytes);
    ++count;
  };
  if (!now.stages.empty()) use(now.program_bytes);
  for (const int64_t other : workers.other_programs(seat)) use(other);
  const auto no_room = [&](const Program& p) {
    const int64_t needs = in_slots ? capacity : room_of(std::ssize(*p.image));
    if (std::ssize(*p.image) > capacity || count + 1 > room.programs ||
        bytes + needs > room.bytes) {
      ++summary_.without_room;
      summary_.bytes_without_room += std::ssize(*p.image);
      return true;
    }
    use(std::ssize(*p.image));
    return false;
  };
  std::erase_if(programs, no_room);
  return programs.size();
}

void FallbackPrograms::send(WorkerCluster& workers, const Prepared& now,
                            const Fallbacks& fallbacks) {
  summary_ = {};
  const size_t nodes = workers.seats().size();
  const std::vector<HeldPrograms> held = workers.held_programs();
  std::vector<std::vector<Program>> of(nodes);
  size_t rounds = 0;
  for (size_t i = 0; i < nodes; ++i) {
    of[i] = wanted(fallbacks, i);
    std::set<Hash>& tried = tried_[workers.seats()[i].address.address];
    for (const Program& p : of[i]) tried.insert(p.hash);
    rounds = std::max(rounds,
                      fitting(workers, i, now.plan.nodes[i], held[i], of[i]));
    summary_.nodes += of[i].empty() ? 0 : 1;
    summary_.programs += static_cast<int>(of[i].size());
    std::set<Hash>& kept = held_[workers.seats()[i].address.address];
    kept.clear();
    for (const Program& p : of[i]) {
      summary_.bytes += std::ssize(*p.image);
      kept.insert(p.hash);
    }
  }
  for (size_t r = 0; r < rounds; ++r) {
    Prepared round;
    round.plan.linked = true;
    round.plan.nodes.resize(nodes);
    round.images.resize(nodes);
    for (size_t i = 0; i < nodes; ++i) {
      if (r >= of[i].size()) continue;
      round.plan.nodes[i] = *of[i][r].node;
      round.images[i] = *of[i][r].image;
    }
    workers.hold(round);
  }
}

Fallbacks FallbackPrograms::held(const WorkerCluster& workers,
                                 const Fallbacks& fallbacks) const {
  Fallbacks all = fallbacks;
  for (size_t lost = 0; lost < all.size(); ++lost) {
    for (size_t i = 0; all[lost] && i < all.size(); ++i) {
      if (i == lost) continue;
      const size_t role = i < lost ? i : i - 1;
      const auto kept = held_.find(workers.seats()[i].address.address);
      const bool has = all[lost]->plan.nodes[role].stages.empty() ||
                       (kept != held_.end() &&
                        kept->second.contains(all[lost]->hashes[role]));
      if (!has) all[lost].reset();
    }
  }
  return all;
}

std::string summary_text(const FallbackPrograms::Summary& s,
                         const std::string& then) {
  std::string text = fmt::format(
      "{} nodes hold {} programs for the loss of any one of them, {} of flash",
      s.nodes, s.programs, format_bytes(s.bytes));
  if (s.without_room > 0) {
    text += fmt::format("; {} more have no room, {}{}", s.without_room,
                        format_bytes(s.bytes_without_room), then);
  }
  return text;
}

}  // namespace shoal
