#include "device/program/check_stage.h"

namespace shoal {
namespace {

bool boxes_meet(const PortRecord& a, const PortRecord& b) {
  return a.y0 < b.y1() && b.y0 < a.y1() && a.x0 < b.x1 && b.x0 < a.x1 &&
         a.c0 < b.c1 && b.c0 < a.c1;
}

}  // namespace

Fault StageCheck::run() {
  const bool ok = sizes() && tape() && buffers() && ports() && ios() &&
                  check_module(checks_.streams, s_.header->streams) &&
                  check_module(checks_.spills, s_.header->spills) && loops() &&
                  actors() && regions_apart() && order();
  if (ok) return {};
  return fault_;
}

bool StageCheck::check_module(ModuleCheck check, uint32_t records) {
  return check ? check(*this) : need(records == 0);
}

bool StageCheck::in_arena(uint32_t offset, uint64_t bytes) {
  const Header& h = *head_.header;
  return offset % kAlign == 0 && offset >= fixed_end_ &&
         offset + bytes <= h.arena_bytes;
}

bool StageCheck::sizes() {
  at(Table::kStage, kNone);
  const StageEntry& entry = head_.stages[stage_];
  const StageHeader& h = *reinterpret_cast<const StageHeader*>(record_);
  if (!need(h.magic == kStageMagic && h.index == stage_ &&
            h.bytes == entry.bytes &&
            record_bytes(stage_counts(h)) == entry.bytes) ||
      !need((head_.header->peers || (h.streams == 0 && h.targets == 0)) &&
            (h.room == 0 || may_have_int4(head_.header->version))) ||
      !need(h.buffers <= kMaxBuffers && h.actors <= kMaxBuffers &&
            h.actors <= head_.header->state_count && h.spills <= kMaxSpills)) {
    return false;
  }
  s_ = view_stage(record_);
  return true;
}

bool StageCheck::tape() {
  const StageHeader& h = *s_.header;
  if (h.slot_count == 0) return need(h.slot_bytes == 0);
  return need(h.slot_count >= 2 && h.slot_bytes > 0 &&
              h.slot_bytes % kAlign == 0) &&
         need(in_arena(h.slots, uint64_t{h.slot_bytes} * h.slot_count));
}

bool StageCheck::buffers() {
  uint32_t port = 0, cursor = 0;
  for (uint32_t i = 0; i < s_.header->buffers; ++i) {
    at(Table::kBuffer, i);
    const BufferRecord& b = s_.buffers[i];
    const uint32_t count = uint32_t{b.writers} + b.readers;
    if (!need(b.first_port == port && port + count <= s_.header->ports) ||
        !buffer(b) || !overlay(b, i)) {
      return false;
    }
    if (b.base != kNone) {
      if (!need(b.base >= cursor && b.base < head_.header->cursor_count)) {
        return false;
      }
      cursor = uint32_t{b.base} + 1;
    }
    for (uint32_t p = port; p < port + count; ++p) {
      const uint16_t c = s_.ports[p].cursor;
      if (b.flags & kBufferPrivate) {
        if (!need(c == kNone)) return false;
        continue;
      }
      if (!need(c >= cursor && c < head_.header->cursor_count)) return false;
      cursor = uint32_t{c} + 1;
    }
    port += count;
  }
  return need(port == s_.header->ports);
}

bool StageCheck::buffer(const BufferRecord& b) {
  const bool is_private = b.flags & kBufferPrivate;
  const bool complete = b.flags & kBufferComplete;
  const bool keep = b.flags & kBufferKeep;
  const bool variable = b.flags & kBufferVariable;
  const bool wide_element =
      b.element_bytes == 2 && may_be_wide(head_.header->version);
  if (!need((b.element_bytes == 1 || b.element_bytes == 4 || wide_element) &&
            b.channels > 0 && b.slots > 0 && b.slots <= b.rows &&
            b.rows <= kMaxRows)) {
    return false;
  }
  const uint32_t pixel = pixel_bytes(b), wide = b.row_bytes / pixel;
  return need(wide > 0 && wide <= kMaxColumns && wide * pixel == b.row_bytes &&
              b.row_bytes <= (kMaxBoxBytes - 1) / b.rows) &&
         need(is_private + complete + keep <= 1 && keep == (b.base != kNone)) &&
         need(variable ? is_variable(b)
                       : in_arena(b.offset, b.row_bytes * b.slots)) &&
         need(complete == (b.writers == 0) &&
              (!complete || b.slots == b.rows)) &&
         need(!is_private ||
              (b.writers == 1 && b.readers == 1 && b.element_bytes == 1));
}

// All of a variable's first or second copy, which is only read or only written.
bool StageCheck::is_variable(const BufferRecord& b) {
  const bool before = b.flags & kBufferComplete;
  if (!need(!(b.flags & (kBufferPrivate | kBufferKeep)) && b.overlay == kNone &&
            b.element_bytes <= 2 && b.slots == b.rows &&
            (before || b.readers == 0))) {
    return false;
  }
  const uint32_t bytes = b.row_bytes * b.rows;
  for (uint32_t i = 0; i < head_.variable_count(); ++i) {
    const VariableEntry& v = head_.variables()[i];
    if (v.bytes != bytes) continue;
    const uint32_t at = v.arena + (before ? 0 : variable_stride(v.bytes));
    if (b.offset == at) return true;
  }
  return false;
}

bool StageCheck::overlay(const BufferRecord& b, uint32_t index) {
  if (b.overlay == kNone) return true;
  if (!need(b.overlay < s_.header->buffers && b.overlay != index)) {
    return false;
  }
  const BufferRecord& under = s_.buffers[b.overlay];
  return need(b.slots == b.rows && under.slots == under.rows &&
              !((b.flags | under.flags) &
                (kBufferPrivate | kBufferKeep | kBufferVariable)) &&
              under.overlay == kNone);
}

bool StageCheck::ports() {
  for (uint32_t i = 0; i < s_.header->buffers; ++i) {
    const BufferRecord& b = s_.buffers[i];
    const uint32_t count = uint32_t{b.writers} + b.readers;
    for (uint32_t p = 0; p < count; ++p) {
      const uint32_t index = b.first_port + p;
      at(Table::kPort, index);
      const PortRecord& port = s_.ports[index];
      if (!need(port.buffer == i && port.is_read == (p >= b.writers ? 1 : 0)) ||
          !this->port(port, index)) {
        return false;
      }
    }
    at(Table::kBuffer, i);
    if (!disjoint_writers(b)) return false;
  }
  return true;
}

bool StageCheck::port(const PortRecord& p, uint32_t index) {
  const BufferRecord& b = s_.buffers[p.buffer];
  const Header& h = *head_.header;
  if (!need(p.unused == 0 && rows(p) > 0 && p.y1() <= b.rows && p.x0 < p.x1 &&
            p.x1 <= columns(b) && p.c0 < p.c1 && p.c1 <= b.channels)) {
    return false;
  }
  const bool is_private = b.flags & kBufferPrivate;
  if (is_private && !need(rows(p) == b.rows &&
                          static_cast<uint32_t>(columns(p)) == columns(b) &&
                          channels(p) == b.channels)) {
    return false;
  }
  const uint32_t owner = p.owner_index();
  if (p.owner() == PortOwner::kActor) {
    if (!need(owner < s_.header->actors)) return false;
    const ActorRecord& a = s_.actors[owner];
    return need(p.is_read
                    ? a.in[0] == index || a.in[1] == index || a.partial == index
                    : a.out == index);
  }
  if (!need(!is_private)) return false;
  if (p.owner() == PortOwner::kStream) {
    return need(owner < s_.header->streams && s_.streams[owner].port == index);
  }
  if (p.owner() == PortOwner::kSpill) {
    return need(owner < s_.header->spills && s_.spills[owner].port == index);
  }
  if (!need(owner < (p.is_read ? h.outputs : h.inputs))) return false;
  const uint32_t io = p.is_read ? h.inputs + owner : owner;
  return need(head_.ios[io].stage == stage_ && head_.ios[io].port == index);
}

bool StageCheck::disjoint_writers(const BufferRecord& b) {
  for (uint32_t i = 1; i < b.writers; ++i) {
    for (uint32_t j = 0; j < i; ++j) {
      if (!need(!boxes_meet(s_.ports[b.first_port + i],
                            s_.ports[b.first_port + j]))) {
        return false;
      }
    }
  }
  return true;
}

bool StageCheck::ios() {
  const Header& h = *head_.header;
  for (uint32_t i = 0; i < uint32_t{h.inputs} + h.outputs; ++i) {
    at(Table::kIo, i);
    const IoEntry& io = head_.ios[i];
    if (io.stage != stage_) continue;
    if (!need(io.port < s_.header->ports)) return false;
    const PortRecord& p = s_.ports[io.port];
    const uint32_t element = s_.buffers[p.buffer].element_bytes;
    const uint32_t number = io.is_output ? i - h.inputs : i;
    if (!need(p.owner() == PortOwner::kApi && p.is_read == io.is_output &&
              p.owner_index() == number) ||
        !need(io.rows == p.row_count && io.unused == 0 &&
              io.element_bytes == element &&
              io.row_bytes ==
                  static_cast<uint32_t>(columns(p) * channels(p)) * element)) {
      return false;
    }
  }
  return true;
}

// Returns whether a recorded order alone decides when the buffer is written and
// read.
bool StageCheck::in_recorded_order(uint32_t buffer) const {
  if (s_.header->order == 0) return false;
  const BufferRecord& b = s_.buffers[buffer];
  if (b.flags & (kBufferComplete | kBufferKeep | kBufferVariable)) return false;
  for (uint32_t p = 0; p < uint32_t{b.writers} + b.readers; ++p) {
    if (s_.ports[b.first_port + p].owner() != PortOwner::kActor) return false;
  }
  return true;
}

StageCheck::Region StageCheck::buffer_region(uint32_t index) const {
  const BufferRecord& b = s_.buffers[index];
  // A variable has a fixed region.
  if (b.flags & kBufferVariable) return {0, 0, kNone};
  Region r{b.offset, b.offset + b.row_bytes * b.slots, kNone};
  if (b.flags & kBufferPrivate) {
    r.loop = s_.actors[s_.ports[b.first_port].owner_index()].loop;
  }
  return r;
}

StageCheck::Region StageCheck::accumulator_region(const StageView& s,
                                                  const ActorRecord& a) {
  if (a.accumulator == kNowhere) return {0, 0, kNone};
  const PortRecord& out = s.ports[a.out];
  const auto bytes = static_cast<uint32_t>(
      accumulator_bytes(accumulator_rows(s, a), columns(out), channels(out),
                        sum_bytes(a.op, a.is_wide)));
  return {a.accumulator, a.accumulator + bytes, a.loop};
}

// A set that stays has its own region.
StageCheck::Region StageCheck::set_region(uint32_t index) const {
  const WeightRecord& w = s_.weights[index];
  if (w.place != WeightPlace::kSram || w.flags) return {0, 0, kNone};
  return {w.arena, w.arena + static_cast<uint32_t>(set_bytes(s_, w)), kNone};
}

// The memory that weights of four bits are unpacked into, of the actor that
// needs most.
StageCheck::Region StageCheck::room_region() const {
  uint32_t bytes = 0;
  for (uint32_t i = 0; i < s_.header->actors; ++i) {
    const uint32_t room = room_bytes(s_.actors[i]);
    if (room > bytes) bytes = room;
  }
  return {s_.header->room, s_.header->room + bytes, kNone};
}

// Buffers, accumulators, sets of weights, page buffers, the slots, the room for
// unpacked weights.
void StageCheck::at_region(uint32_t number) {
  const StageHeader& h = *s_.header;
  if (number < h.buffers) return at(Table::kBuffer, number);
  number -= h.buffers;
  if (number < h.actors) return at(Table::kActor, number);
  number -= h.actors;
  if (number < h.weights) return at(Table::kWeights, number);
  number -= h.weights;
  if (number < h.spills) return at(Table::kSpill, number);
  at(Table::kStage, kNone);
}

StageCheck::Region StageCheck::region(uint32_t number) const {
  const StageHeader& h = *s_.header;
  if (number < h.buffers) return buffer_region(number);
  number -= h.buffers;
  if (number < h.actors) return accumulator_region(s_, s_.actors[number]);
  number -= h.actors;
  if (number < h.weights) return set_region(number);
  number -= h.weights;
  if (number < h.spills) {
    const uint32_t buffer = s_.spills[number].buffer;
    return {buffer, buffer + head_.header->spill_page_bytes, kNone};
  }
  if (number > h.spills) return room_region();
  return {h.slots, h.slots + h.slot_bytes * h.slot_count, kNone};
}

bool StageCheck::apart(const Region& a, const Region& b) {
  if (a.loop != kNone && b.loop != kNone && a.loop != b.loop) return true;
  return a.begin == a.end || a.end <= b.begin || b.end <= a.begin;
}

// Bytes may be shared by a buffer and the one that it overlays, by what
// belongs to different loops, of which only one fires at a time, and by
// buffers whose rows come and go in a recorded order.
bool StageCheck::regions_apart() {
  const StageHeader& h = *s_.header;
  const uint32_t buffers = h.buffers;
  const uint32_t all = buffers + h.actors + h.weights + h.spills + 2u;
  for (uint32_t i = 0; i < all; ++i) {
    at_region(i);
    const Region a = region(i);
    if (a.begin == a.end) continue;
    for (uint32_t j = 0; j < i; ++j) {
      const bool both = i < buffers && j < buffers;
      if (both && (s_.buffers[i].overlay == j || s_.buffers[j].overlay == i)) {
        continue;
      }
      if (both && in_recorded_order(i) && in_recorded_order(j)) continue;
      if (!need(apart(a, region(j)))) return false;
    }
  }
  return true;
}

bool StageCheck::loops() {
  uint32_t next = 0;
  for (uint32_t i = 0; i < s_.header->loops; ++i) {
    at(Table::kLoop, i);
    const LoopRecord& l = s_.loops[i];
    if (!need(l.first_actor >= next && l.actors >= 2 &&
              l.actors <= kMaxLoopActors && l.iterations > 0 && l.band > 0 &&
              uint32_t{l.first_actor} + l.actors <= s_.header->actors)) {
      return false;
    }
    next = uint32_t{l.first_actor} + l.actors;
    if (!loop(l, i)) return false;
  }
  // No actor may claim a loop that does not claim it.
  for (uint32_t i = 0; i < s_.header->actors; ++i) {
    const ActorRecord& a = s_.actors[i];
    at(Table::kActor, i);
    if (a.loop == kNone) continue;
    if (!need(a.loop < s_.header->loops)) return false;
    const LoopRecord& l = s_.loops[a.loop];
    if (!need(i >= l.first_actor && i < uint32_t{l.first_actor} + l.actors)) {
      return false;
    }
  }
  return true;
}

bool StageCheck::loop(const LoopRecord& l, uint32_t index) {
  for (uint32_t j = 0; j < l.actors; ++j) {
    const ActorRecord& a = s_.actors[l.first_actor + j];
    if (!need(a.loop == index && a.in[0] < s_.header->ports &&
              a.out < s_.header->ports)) {
      return false;
    }
    const uint16_t from = s_.ports[a.in[0]].buffer;
    const uint16_t to = s_.ports[a.out].buffer;
    const bool inner = s_.buffers[to].flags & kBufferPrivate;
    const bool reads_inner = s_.buffers[from].flags & kBufferPrivate;
    if (!need(inner == (j + 1u < l.actors) && reads_inner == (j > 0))) {
      return false;
    }
    if (j == 0) continue;
    const ActorRecord& before = s_.actors[l.first_actor + j - 1];
    if (!need(s_.ports[before.out].buffer == from)) return false;
  }
  return true;
}

// The sum of all runs is compared only: an order that names one unit too often
// and another too rarely waits for ever, which is safe.
bool StageCheck::order() {
  const uint32_t runs = s_.header->order;
  if (runs == 0) return true;
  uint64_t fired = 0, wanted = 0;
  for (uint32_t i = 0; i < runs; ++i) {
    at(Table::kOrder, i);
    const OrderRun& run = s_.order[i];
    if (!need(run.firings > 0 && run.actor < s_.header->actors)) {
      return false;
    }
    const ActorRecord& a = s_.actors[run.actor];
    if (!need(a.loop == kNone || s_.loops[a.loop].first_actor == run.actor)) {
      return false;
    }
    fired += run.firings;
  }
  for (uint32_t i = 0; i < s_.header->actors; ++i) {
    const ActorRecord& a = s_.actors[i];
    if (a.loop == kNone || ends_loop(s_, a)) wanted += firings_of(a);
  }
  at(Table::kStage, kNone);
  return need(fired == wanted);
}

}  // namespace shoal
