#include "device/runtime/node.h"

namespace shoal {

uint32_t Node::readable(const BufferRecord& b) const {
  uint32_t rows = 0xFFFFFFFF;
  const PortRecord* port = stage_.ports + b.first_port;
  for (uint32_t i = 0; i < b.writers; ++i) {
    const uint32_t p = passed(b, port[i]);
    if (p < rows) rows = p;
  }
  return rows;
}

// Rows below this may be written; rows from `from` on are asked for.
uint32_t Node::writable(const BufferRecord& b, uint32_t from) const {
  uint32_t rows = 0xFFFFFFFF;
  const PortRecord* port = stage_.ports + b.first_port + b.writers;
  for (uint32_t i = 0; i < b.readers; ++i) {
    const uint32_t p = passed(b, port[i]) + b.slots;
    if (p < rows) rows = p;
  }
  // A row that a reader skips may still be on its way to the slot.
  if (b.writers > 1 && b.readers > 0) {
    const uint32_t p = readable(b) + b.slots;
    if (p < rows) rows = p;
  }
  if (b.overlay == kNone) return rows;
  const BufferRecord& under = stage_.buffers[b.overlay];
  const uint32_t under_end = under.offset + under.rows * under.row_bytes;
  if (b.offset + from * b.row_bytes >= under_end) return rows;
  // Rows that its readers skip may still be on their way, too.
  uint32_t released =
      readable(under) < under.rows ? readable(under) : under.rows;
  port = stage_.ports + under.first_port + under.writers;
  for (uint32_t i = 0; i < under.readers; ++i) {
    const uint32_t p = passed(under, port[i]);
    if (p < released) released = p;
  }
  if (released == under.rows) return rows;
  const uint32_t limit = under.offset + released * under.row_bytes;
  const uint32_t above =
      limit > b.offset ? (limit - b.offset) / b.row_bytes : 0;
  return above < rows ? above : rows;
}

bool Node::rows_ready(uint16_t port, RowRange r) const {
  if (r.hi <= r.lo) return true;
  const PortRecord& p = stage_.ports[port];
  return readable(stage_.buffers[p.buffer]) >=
         p.y0 + static_cast<uint32_t>(r.hi);
}

bool Node::rows_free(uint16_t port, RowRange r) const {
  const PortRecord& p = stage_.ports[port];
  return writable(stage_.buffers[p.buffer],
                  p.y0 + static_cast<uint32_t>(r.lo)) >=
         p.y0 + static_cast<uint32_t>(r.hi);
}

// `count` rows of the port's box have been passed. A finished port stands
// where the next frame begins, so that it holds nobody up.
void Node::pass(uint16_t port, int count) {
  const PortRecord& p = stage_.ports[port];
  const BufferRecord& b = stage_.buffers[p.buffer];
  const uint32_t row = p.y0 + (count >= rows(p) ? uint32_t{b.rows}
                                                : static_cast<uint32_t>(count));
  cursors_[p.cursor] = base(b) + row;
}

void Node::wake_readers(const BufferRecord& b) {
  const PortRecord* port = stage_.ports + b.first_port + b.writers;
  for (uint32_t i = 0; i < b.readers; ++i) {
    wake_owner(port[i]);
  }
  if (b.writers > 1) wake_writers(b);
  wake_overlays();
}

void Node::wake_writers(const BufferRecord& b) {
  const PortRecord* port = stage_.ports + b.first_port;
  for (uint32_t i = 0; i < b.writers; ++i) {
    wake_owner(port[i]);
  }
  wake_overlays();
}

void Node::wake_overlays() {
  if (overlay_hi_ < 0) return;
  if (overlay_lo_ < scan_lo_) scan_lo_ = overlay_lo_;
  if (overlay_hi_ > scan_hi_) scan_hi_ = overlay_hi_;
}

// Deepest first among those that may have become ready, or strictly in the
// recorded order.
bool Node::pick() {
  if (stage_.header->order == 0) {
    while (scan_hi_ >= scan_lo_) {
      const uint16_t unit = unit_of(static_cast<uint16_t>(scan_hi_));
      if (prepare(unit)) return true;
      scan_hi_ = int32_t{unit} - 1;
    }
    scan_lo_ = kNone, scan_hi_ = -1;
    return false;
  }
  if (run_ < stage_.header->order && run_fired_ == stage_.order[run_].firings) {
    ++run_;
    run_fired_ = 0;
  }
  if (run_ == stage_.header->order) return false;
  if (!prepare(stage_.order[run_].actor)) return false;
  ++run_fired_;
  return true;
}

// A recorded order waits for the weights of its next actor; without one those
// behind it go on meanwhile.
bool Node::sets_are_there(uint16_t unit) const {
  const uint16_t loop = stage_.actors[unit].loop;
  const uint32_t actors = loop == kNone ? 1 : stage_.loops[loop].actors;
  for (uint32_t i = 0; i < actors; ++i) {
    if (!set_is_there(stage_.actors[unit + i])) return false;
  }
  return true;
}

bool Node::prepare(uint16_t unit) {
  if (!sets_are_there(unit)) return false;
  const bool ready = stage_.actors[unit].loop == kNone ? prepare_actor(unit)
                                                       : prepare_loop(unit);
  if (!ready) return false;
  static_cast<Place&>(active_) = {unit, states_[unit].firing, 0, 0, 0, 0};
  return true;
}

bool Node::prepare_actor(uint16_t unit) {
  const ActorRecord& a = stage_.actors[unit];
  const int firing = states_[unit].firing;
  const RowRule rule = row_rule(stage_, a);
  FiringRange& f = active_.range;
  if (is_cut(a)) {
    f = firing_range(rule, firing);
  } else {
    const int lo = firing * a.band;
    f = {lo, clip(lo + a.band, 0, rule.out_rows), 0, a.kernel_h, true, true};
  }
  if (f.out_lo >= rule.out_rows) return false;
  const RowRange out{f.out_lo, f.out_hi};
  if (a.in[0] != kNone &&
      !rows_ready(a.in[0],
                  needed_rows(rule, f.out_lo, f.out_hi, f.ky_lo, f.ky_hi))) {
    return false;
  }
  if (a.in[1] != kNone &&
      !rows_ready(a.in[1], needed_rows(row_rule(stage_, a, 1), f.out_lo,
                                       f.out_hi, 0, 1))) {
    return false;
  }
  if (a.partial != kNone && !rows_ready(a.partial, out)) return false;
  return !f.last_part || rows_free(a.out, out);
}

// From the rows of the last actor back to those of the loop's input; `made`
// may be null.
RowRange Node::loop_input(const LoopRecord& l, RowRange band,
                          RowRange* made) const {
  for (int j = l.actors - 1; j >= 0; --j) {
    if (made) made[j] = band;
    const ActorRecord& a = stage_.actors[l.first_actor + j];
    band = needed_rows(row_rule(stage_, a), band.lo, band.hi, 0, a.kernel_h);
  }
  return band;
}

bool Node::prepare_loop(uint16_t unit) {
  const LoopRecord& l = stage_.loops[stage_.actors[unit].loop];
  const ActorRecord& last = stage_.actors[l.first_actor + l.actors - 1];
  const int out_rows = rows(stage_.ports[last.out]);
  const int lo = states_[unit].firing * l.band;
  if (lo >= out_rows) return false;
  const RowRange band{lo, clip(lo + l.band, 0, out_rows)};
  const RowRange in = loop_input(l, band, active_.made);
  if (!rows_ready(stage_.actors[unit].in[0], in)) return false;
  if (last.partial != kNone && !rows_ready(last.partial, band)) return false;
  if (!rows_free(last.out, band)) return false;
  active_.range = {band.lo, band.hi, 0, last.kernel_h, true, true};
  return true;
}

void Node::complete() {
  const uint16_t unit = active_.unit;
  const int firing = states_[unit].firing++;
  const ActorRecord& a = stage_.actors[unit];
  active_.unit = kNone;
  wake(unit);
  if (a.loop == kNone) {
    complete_actor(a, firing);
  } else {
    complete_loop(stage_.loops[a.loop], firing);
  }
}

void Node::complete_actor(const ActorRecord& a, int firing) {
  const FiringRange& f = active_.range;
  for (int operand = 0; operand < 2; ++operand) {
    const uint16_t in = a.in[operand];
    if (in == kNone) continue;
    pass(in, released_rows(row_rule(stage_, a, operand), firing));
    wake_writers(stage_.buffers[stage_.ports[in].buffer]);
  }
  if (!f.last_part) return;
  if (a.partial != kNone) {
    pass(a.partial, f.out_hi);
    wake_writers(stage_.buffers[stage_.ports[a.partial].buffer]);
  }
  pass(a.out, f.out_hi);
  const PortRecord& out = stage_.ports[a.out];
  wake_readers(stage_.buffers[out.buffer]);
  if (f.out_hi == rows(out)) --pending_;
}

void Node::complete_loop(const LoopRecord& l, int firing) {
  const ActorRecord& first = stage_.actors[l.first_actor];
  const ActorRecord& last = stage_.actors[l.first_actor + l.actors - 1];
  const PortRecord& out = stage_.ports[last.out];
  const int out_rows = rows(out), lo = (firing + 1) * l.band;
  const bool ended = lo >= out_rows;
  const PortRecord& in = stage_.ports[first.in[0]];
  const RowRange next{lo, clip(lo + l.band, 0, out_rows)};
  pass(first.in[0], ended ? rows(in) : loop_input(l, next, nullptr).lo);
  wake_writers(stage_.buffers[in.buffer]);
  if (last.partial != kNone) {
    pass(last.partial, active_.range.out_hi);
    wake_writers(stage_.buffers[stage_.ports[last.partial].buffer]);
  }
  pass(last.out, active_.range.out_hi);
  wake_readers(stage_.buffers[out.buffer]);
  if (ended) --pending_;
}

}  // namespace shoal
