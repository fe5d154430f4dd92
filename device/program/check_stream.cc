#include "device/program/check_stage.h"
#include "device/program/early.h"

namespace shoal {

// In-streams, then out-streams, whose targets follow one another.
bool StageCheck::streams() {
  const Header& h = *head_.header;
  uint32_t inputs = 0, target = 0;
  bool early = false;
  for (uint32_t i = 0; i < s_.header->streams; ++i) {
    at(Table::kStream, i);
    const StreamRecord& r = s_.streams[i];
    if (!need(r.port < s_.header->ports) ||
        !need(r.reserved == 0 || comes_early(r))) {
      return false;
    }
    const PortRecord& p = s_.ports[r.port];
    // Offsets are compared mod 2^32. A frame is less than half of it, as every
    // box is.
    if (!need(p.owner() == PortOwner::kStream && p.owner_index() == i)) {
      return false;
    }
    if (!p.is_read) {
      if (!need(inputs == i) || !in_stream(r, i)) return false;
      if (comes_early(r) && !early_stream(p)) return false;
      early |= comes_early(r);
      ++inputs;
    } else {
      if (!out_stream(r, target)) return false;
      target += r.targets;
    }
  }
  at(Table::kStage, kNone);
  const uint32_t targets = numbers_.target + target;
  if (!need(numbers_.stream + inputs < kNone)) return false;
  const bool last = stage_ + 1 == h.stages;
  const uint32_t before = early ? count_in_streams(stage_before()) : 0;
  return need(before + inputs <= h.stage_streams) &&
         need(target == s_.header->targets) &&
         need(inputs <= h.stage_streams && target <= h.stage_targets) &&
         need(last ? targets == h.targets : targets <= h.targets);
}

bool StageCheck::in_stream(const StreamRecord& r, uint32_t index) {
  return need(r.number == uint32_t{numbers_.stream} + index) &&
         need(r.peer < head_.header->peers) && need(r.targets == 0);
}

// The stage before, of a mapped image, whose records have been checked so far.
StageView StageCheck::stage_before() const {
  return view_stage(source_.mapped + head_.stages[stage_ - 1].offset);
}

// Rows that come early touch nothing of the stage before.
bool StageCheck::early_stream(const PortRecord& p) {
  constexpr uint8_t kOthers =
      kBufferPrivate | kBufferComplete | kBufferKeep | kBufferVariable;
  const BufferRecord& b = s_.buffers[p.buffer];
  if (!need(stage_ > 0 && source_.mapped) || !need(!(b.flags & kOthers)) ||
      !need(b.overlay == kNone)) {
    return false;
  }
  const StageView before = stage_before();
  if (!need(before.header->slot_count == 0 && before.header->spills == 0)) {
    return false;
  }
  for (uint32_t i = 0; i < before.header->weights; ++i) {
    const WeightRecord& w = before.weights[i];
    if (!need(w.place != WeightPlace::kSram || stays(w))) return false;
  }
  const auto bytes = [](const BufferRecord& of) {
    return Region{of.offset, of.offset + of.slots * of.row_bytes, kNone};
  };
  for (uint32_t i = 0; i < before.header->buffers; ++i) {
    if (!need(apart(bytes(b), bytes(before.buffers[i])))) return false;
  }
  for (uint32_t i = 0; i < before.header->actors; ++i) {
    Region sums = accumulator_region(before, before.actors[i]);
    sums.loop = kNone;
    if (!need(apart(bytes(b), sums))) return false;
  }
  return true;
}

bool StageCheck::out_stream(const StreamRecord& r, uint32_t first_target) {
  if (!need(r.number == uint32_t{numbers_.target} + first_target) ||
      !need(r.there == first_target) || !need(r.peer == kNone) ||
      !need(r.targets > 0) ||
      !need(first_target + r.targets <= s_.header->targets)) {
    return false;
  }
  uint32_t seen[kMaxPeers / 32] = {};
  for (uint32_t i = first_target; i < first_target + r.targets; ++i) {
    const uint32_t peer = s_.targets[i].peer;
    const uint32_t index = fault_.index;
    at(Table::kTarget, i);
    if (!need(peer < head_.header->peers)) return false;
    uint32_t& word = seen[peer / 32];
    if (!need(!(word >> peer % 32 & 1))) return false;
    word |= 1u << peer % 32;
    at(Table::kStream, index);
  }
  return true;
}

StageNumbers numbers_after(const StageView& s, StageNumbers n) {
  uint32_t inputs = 0;
  while (inputs < s.header->streams && s.streams[inputs].targets == 0) ++inputs;
  n.stream = static_cast<uint16_t>(n.stream + inputs);
  n.target = static_cast<uint16_t>(n.target + s.header->targets);
  for (uint32_t i = 0; i < s.header->spills; ++i) {
    if (s.ports[s.spills[i].port].is_read) n.pages += s.spills[i].pages;
  }
  for (uint32_t i = 0; i < s.header->weights; ++i) {
    const WeightRecord& w = s.weights[i];
    if (!stays(w)) continue;
    n.kept_end[bank_of(w)] = w.arena + static_cast<uint32_t>(set_bytes(s, w));
  }
  return n;
}

bool check_streams(StageCheck& c) { return c.streams(); }

}  // namespace shoal
