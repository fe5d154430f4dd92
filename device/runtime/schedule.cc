#include "device/runtime/schedule.h"

namespace shoal {
namespace {

// The rows of an operand that a firing needs, and those that no later one does.
struct Reach {
  RowRange needed;
  int released;
};

[[gnu::noinline]] Reach reach_by_rule(const StageView& stage,
                                      const ActorRecord& a, int operand,
                                      int firing, const FiringRange& f) {
  const RowRule rule = row_rule(stage, a, operand);
  const int ky_lo = operand == 0 ? f.ky_lo : 0;
  const int ky_hi = operand == 0 ? f.ky_hi : 1;
  return {needed_rows(rule, f.out_lo, f.out_hi, ky_lo, ky_hi),
          released_rows(rule, firing)};
}

int part_count(const ActorRecord& a) { return ceil_div(a.kernel_h, a.part); }

// Returns the range of an actor whose window is cut, as firing_range().
[[gnu::noinline]] FiringRange range_of_part(const ActorRecord& a, int firing) {
  const int parts = part_count(a), row = firing / parts;
  const int p = firing - row * parts, ky = p * a.part;
  const bool last = p == parts - 1;
  return {row, row + 1, ky, last ? a.kernel_h : ky + a.part, p == 0, last};
}

// Returns the reach of an actor that slides over its input. In a cut window the
// next part of this row and the first of the next one read the lowest rows of
// all that are to come.
[[gnu::noinline]] Reach reach_of_window(const ActorRecord& a, int in_rows,
                                        bool ends, const FiringRange& f) {
  const int step = a.dilation_y;
  const int top = f.out_lo * a.stride_y - a.pad_top;
  const int row = f.out_hi * a.stride_y - a.pad_top;
  const int part = top + f.ky_hi * step;
  const int lo = clip(top + f.ky_lo * step, 0, in_rows);
  const int hi = row - a.stride_y + (f.ky_hi - 1) * step + 1;
  const int next = f.last_part || (!ends && row < part) ? row : part;
  return {{lo, clip(hi, lo, in_rows)},
          ends && f.last_part ? in_rows : clip(next, 0, in_rows)};
}

// Returns the same, of the commonest kinds without a rule: this runs more than
// once a firing, and a rule takes the whole record.
Reach reach(const StageView& stage, const ActorRecord& a, int operand,
            int firing, const FiringRange& f) {
  const RowsFrom from = rows_of(a.op);
  const int in_rows = rows(stage.ports[a.in[operand]]);
  const bool ends = f.out_hi >= rows(stage.ports[a.out]);
  if (from == RowsFrom::kWindow) return reach_of_window(a, in_rows, ends, f);
  if (from == RowsFrom::kSame && !holds_second(a.op)) {
    if (in_rows == 1) return {{0, 1}, ends};
    return {{clip(f.out_lo, 0, in_rows), clip(f.out_hi, 0, in_rows)},
            ends ? in_rows : clip(f.out_hi, 0, in_rows)};
  }
  return reach_by_rule(stage, a, operand, firing, f);
}

// Where it is rare: the ports' own are built into the commonest path.
[[gnu::noinline, gnu::cold]] bool is_ready(const Ports& ports, uint16_t port,
                                           RowRange r) {
  return ports.rows_ready(port, r);
}
[[gnu::noinline, gnu::cold]] bool is_free(const Ports& ports, uint16_t port,
                                          RowRange r) {
  return ports.rows_free(port, r);
}

}  // namespace

[[gnu::cold]] void Schedule::begin() {
  const StageView& stage = ports_.stage;
  const StageHeader& h = *stage.header;
  pending = 0;
  if (kPlainActors) wakes_ = h.order == 0 || h.streams > 0;
  for (uint16_t i = 0; i < h.actors; ++i) {
    states[i].firing = 0;
    if (unit_of(i) == i) ++pending;
  }
  overlay_lo_ = kNone, overlay_hi_ = -1;
  for (uint32_t i = 0; i < h.buffers; ++i) {
    const BufferRecord& b = stage.buffers[i];
    for (uint32_t p = 0; p < uint32_t{b.writers} + b.readers; ++p) {
      const PortRecord& port = stage.ports[b.first_port + p];
      if (port.owner() != PortOwner::kActor) ++pending;
      if (!(b.flags & (kBufferKeep | kBufferPrivate))) {
        ports_.cursors[port.cursor] = port.y0;
      }
      if (b.overlay != kNone && !port.is_read &&
          port.owner() == PortOwner::kActor) {
        const int32_t unit = unit_of(port.owner_index());
        if (unit < overlay_lo_) overlay_lo_ = unit;
        if (unit > overlay_hi_) overlay_hi_ = unit;
      }
    }
  }
  scan_lo_ = 0, scan_hi_ = int32_t{h.actors} - 1;
  run_ = run_fired_ = 0;
  active = {};
}

void Schedule::wake_readers(const BufferRecord& b) {
  if (kPlainActors && !wakes_) return;
  const PortRecord* port = ports_.stage.ports + b.first_port + b.writers;
  for (uint32_t i = 0; i < b.readers; ++i) {
    wake_owner(port[i]);
  }
  if (b.writers > 1) wake_writers(b);
  wake_overlays();
}

void Schedule::wake_writers(const BufferRecord& b) {
  if (kPlainActors && !wakes_) return;
  const PortRecord* port = ports_.stage.ports + b.first_port;
  for (uint32_t i = 0; i < b.writers; ++i) {
    wake_owner(port[i]);
  }
  wake_overlays();
}

void Schedule::wake_overlays() {
  if (overlay_hi_ < 0) return;
  if (overlay_lo_ < scan_lo_) scan_lo_ = overlay_lo_;
  if (overlay_hi_ > scan_hi_) scan_hi_ = overlay_hi_;
}

[[gnu::cold]] void Schedule::pass_bytes(uint16_t port, uint32_t bytes) {
  const PortRecord& p = ports_.stage.ports[port];
  const BufferRecord& b = ports_.stage.buffers[p.buffer];
  const uint32_t all = static_cast<uint32_t>(rows(p));
  const uint32_t done = ports_.passed(b, p) - p.y0;
  const uint32_t now = bytes / ports_.row_bytes(p);
  if (done >= all || now <= done) return;
  ports_.pass(port, static_cast<int>(now));
  if (p.is_read) {
    wake_writers(b);
  } else {
    wake_readers(b);
  }
  if (now >= all) --pending;
}

bool Schedule::pick() {
  if (ports_.stage.header->order == 0) {
    while (scan_hi_ >= scan_lo_) {
      const uint16_t unit = unit_of(static_cast<uint16_t>(scan_hi_));
      if (prepare(unit)) return true;
      scan_hi_ = int32_t{unit} - 1;
    }
    scan_lo_ = kNone, scan_hi_ = -1;
    return false;
  }
  if (run_ < ports_.stage.header->order &&
      run_fired_ == ports_.stage.order[run_].firings) {
    ++run_;
    run_fired_ = 0;
  }
  if (run_ == ports_.stage.header->order) return false;
  if (!prepare(ports_.stage.order[run_].actor)) return false;
  ++run_fired_;
  return true;
}

bool Schedule::is_there(const ActorRecord& a) const {
  if (a.weights == kNone) return true;
  const WeightRecord& w = ports_.stage.weights[a.weights];
  return w.place != WeightPlace::kSram || stays(w) || a.weights < sets_there;
}

// A recorded order waits for the weights of its next actor; without one those
// behind it go on meanwhile.
bool Schedule::sets_are_there(uint16_t unit) const {
  const uint16_t loop = ports_.stage.actors[unit].loop;
  const uint32_t actors = loop == kNone ? 1 : ports_.stage.loops[loop].actors;
  for (uint32_t i = 0; i < actors; ++i) {
    if (!is_there(ports_.stage.actors[unit + i])) return false;
  }
  return true;
}

bool Schedule::prepare(uint16_t unit) {
  if (storage_works && !sets_are_there(unit)) return false;
  const ActorRecord& a = ports_.stage.actors[unit];
  const uint16_t firing = states[unit].firing;
  const bool plain = is_plain(a);
  const bool ready = plain             ? prepare_plain(a, firing)
                     : a.loop == kNone ? prepare_actor(unit)
                                       : prepare_loop(unit);
  if (!ready) return false;
  static_cast<Place&>(active) = {unit, firing, 0, 0, 0, 0};
  active.plain = plain;
  return true;
}

// Does what prepare_actor() does for a window that is not cut. A window without
// rows, all of it in the padding, waits for none.
inline bool Schedule::prepare_plain(const ActorRecord& a, int firing) {
  const StageView& stage = ports_.stage;
  const PortRecord &in = stage.ports[a.in[0]], &out = stage.ports[a.out];
  const int lo = firing * a.band, left = rows(out) - lo;
  if (left <= 0) return false;
  const bool ends = left <= a.band;
  const int hi = ends ? lo + left : lo + a.band;
  const BufferRecord& read = stage.buffers[in.buffer];
  const int in_rows = rows(in), next = hi * a.stride_y - a.pad_top;
  const int behind = next - a.stride_y + (a.kernel_h - 1) * a.dilation_y + 1;
  if (behind > 0 && lo * a.stride_y - a.pad_top < in_rows) {
    const int needed = behind < in_rows ? behind : in_rows;
    if (ports_.made(read) < in.y0 + static_cast<uint32_t>(needed)) return false;
  }
  const BufferRecord& made = stage.buffers[out.buffer];
  if (!ports_.rows_free(out, made, {lo, hi})) return false;
  active.ends.released[0] = ends ? in_rows : clip(next, 0, in_rows);
  active.range.out_lo = lo, active.range.out_hi = hi;
  active.ends.in = &in, active.ends.out = &out;
  active.ends.read = &read, active.ends.made = &made;
  return true;
}

bool Schedule::prepare_actor(uint16_t unit) {
  const StageView& stage = ports_.stage;
  const ActorRecord& a = stage.actors[unit];
  const int firing = states[unit].firing;
  const int out_rows = rows(stage.ports[a.out]);
  FiringRange f;
  if (is_cut(a)) {
    f = range_of_part(a, firing);
  } else {
    const int lo = firing * a.band;
    f = {lo, clip(lo + a.band, 0, out_rows), 0, a.kernel_h, true, true};
  }
  if (f.out_lo >= out_rows) return false;
  const RowRange out{f.out_lo, f.out_hi};
  const int operands = a.in[1] == kNone ? 1 : 2;
  for (int operand = 0; operand < operands; ++operand) {
    const uint16_t in = a.in[operand];
    if (in == kNone) continue;
    const Reach r = reach(stage, a, operand, firing, f);
    if (!ports_.rows_ready(in, r.needed)) return false;
    active.ends.released[operand] = r.released;
  }
  if (a.partial != kNone && !is_ready(ports_, a.partial, out)) return false;
  active.range = f;
  return !f.last_part || ports_.rows_free(a.out, out);
}

// From the rows of the last actor back to those of the loop's input; `made`
// may be null.
[[gnu::cold]] RowRange Schedule::loop_input(const LoopRecord& l, RowRange band,
                                            RowRange* made) const {
  for (int j = l.actors - 1; j >= 0; --j) {
    if (made) made[j] = band;
    const ActorRecord& a = ports_.stage.actors[l.first_actor + j];
    band =
        needed_rows(row_rule(ports_.stage, a), band.lo, band.hi, 0, a.kernel_h);
  }
  return band;
}

[[gnu::cold]] bool Schedule::prepare_loop(uint16_t unit) {
  const LoopRecord& l = ports_.stage.loops[ports_.stage.actors[unit].loop];
  const ActorRecord& last = ports_.stage.actors[l.first_actor + l.actors - 1];
  const int out_rows = rows(ports_.stage.ports[last.out]);
  const int lo = states[unit].firing * l.band;
  if (lo >= out_rows) return false;
  const RowRange band{lo, clip(lo + l.band, 0, out_rows)};
  const RowRange in = loop_input(l, band, active.made);
  if (!is_ready(ports_, ports_.stage.actors[unit].in[0], in)) return false;
  if (last.partial != kNone && !is_ready(ports_, last.partial, band))
    return false;
  if (!is_free(ports_, last.out, band)) return false;
  active.range = {band.lo, band.hi, 0, last.kernel_h, true, true};
  return true;
}

void Schedule::complete() {
  const uint16_t unit = active.unit;
  const int firing = states[unit].firing++;
  const ActorRecord& a = ports_.stage.actors[unit];
  active.unit = kNone;
  wake(unit);
  if (kPlainActors && active.plain) {
    complete_plain();
  } else if (a.loop == kNone) {
    complete_actor(a);
  } else {
    complete_loop(ports_.stage.loops[a.loop], firing);
  }
}

void Schedule::release(uint16_t port, int count) {
  if (!ports_.pass(port, count)) return;
  wake_writers(ports_.stage.buffers[ports_.stage.ports[port].buffer]);
}

inline void Schedule::complete_plain() {
  const FiringEnds& e = active.ends;
  const bool moved = ports_.pass(*e.in, *e.read, e.released[0]);
  ports_.pass(*e.out, *e.made, active.range.out_hi);
  if (active.range.out_hi == rows(*e.out)) --pending;
  if (kPlainActors && !wakes_) return;
  if (moved) wake_writers(*e.read);
  wake_readers(*e.made);
}

[[gnu::cold]] void Schedule::complete_actor(const ActorRecord& a) {
  const FiringRange& f = active.range;
  if (a.in[0] != kNone) release(a.in[0], active.ends.released[0]);
  if (a.in[1] != kNone) release(a.in[1], active.ends.released[1]);
  if (!f.last_part) return;
  if (a.partial != kNone) release(a.partial, f.out_hi);
  ports_.pass(a.out, f.out_hi);
  const PortRecord& out = ports_.stage.ports[a.out];
  wake_readers(ports_.stage.buffers[out.buffer]);
  if (f.out_hi == rows(out)) --pending;
}

[[gnu::cold]] void Schedule::complete_loop(const LoopRecord& l, int firing) {
  const ActorRecord& first = ports_.stage.actors[l.first_actor];
  const ActorRecord& last = ports_.stage.actors[l.first_actor + l.actors - 1];
  const PortRecord& out = ports_.stage.ports[last.out];
  const int out_rows = rows(out), lo = (firing + 1) * l.band;
  const bool ended = lo >= out_rows;
  const PortRecord& in = ports_.stage.ports[first.in[0]];
  const RowRange next{lo, clip(lo + l.band, 0, out_rows)};
  release(first.in[0], ended ? rows(in) : loop_input(l, next, nullptr).lo);
  if (last.partial != kNone) release(last.partial, active.range.out_hi);
  ports_.pass(last.out, active.range.out_hi);
  wake_readers(ports_.stage.buffers[out.buffer]);
  if (ended) --pending;
}

}  // namespace shoal
