#include "device/runtime/fire.h"

#include "device/program/chunk.h"
#include "device/runtime/node.h"
#include "device/runtime/pair.h"

namespace shoal {
namespace {

void set_chunk(Slice& s, const StageView& stage, const ChunkRecord& c,
               const uint8_t* bytes) {
  const ActorRecord& a = *s.actor;
  const bool sums_inputs = ends_loop(stage, a);
  s.out0 = c.out0, s.out_n = c.out_n;
  if (a.loop != kNone && !sums_inputs) {
    const bool reads_inner =
        stage.buffers[stage.ports[a.in[0]].buffer].flags & kBufferPrivate;
    if (a.op == OpCode::kDepthwise && !reads_inner) {
      s.in0 = c.out0 / a.multiplier;
    }
    s.out0 = 0;
  } else if (a.op == OpCode::kDepthwise) {
    s.in0 = c.out0 / a.multiplier;
  }
  if (sums_inputs) s.in_n = c.in_n;
  const int chunk_rows = sums_inputs ? a.kernel_h : c.in_n;
  const int skipped = sums_inputs ? 0 : s.ky_lo - c.in0;
  const bool depthwise = a.op == OpCode::kDepthwise;
  const int row = a.kernel_w * (depthwise ? s.out_n : s.in_n);
  s.weight_stride = depthwise ? s.out_n : chunk_rows * row;
  s.weights = reinterpret_cast<const int8_t*>(bytes);
  s.first_weight = skipped * row;
  if (has_window(a.op) && !has_int4_weights(a)) s.weights += skipped * row;
  if (!has_quantized_chunk(a.op)) return;
  // They end the chunk.
  const uint8_t* quantized = bytes + c.bytes - quantized_bytes(c.out_n);
  s.bias = reinterpret_cast<const int32_t*>(quantized);
  s.multipliers = s.bias + c.out_n;
  s.shifts = reinterpret_cast<const int8_t*>(s.multipliers + c.out_n);
}

}  // namespace

// Goes on to the next slice and says what has ended.
inline Node::Progress Node::next_slice(const ActorRecord& a) {
  if (++state_.schedule.active.slice < a.slices) return Progress::kSlice;
  state_.schedule.active.slice = 0;
  if (a.loop == kNone) {
    const bool more =
        ++state_.schedule.active.group < chunks_a_firing(state_.ports.stage, a);
    return more ? Progress::kSlice : Progress::kFiring;
  }
  const LoopRecord& l = state_.ports.stage.loops[a.loop];
  if (++state_.schedule.active.inner < l.actors) return Progress::kActor;
  state_.schedule.active.inner = 0;
  return ++state_.schedule.active.iteration < l.iterations ? Progress::kActor
                                                           : Progress::kFiring;
}

template <class S>
inline Status Node::fire(void (*kernel)(const S&), const S& slice) {
#if defined(SHOAL_TWO_CORES)
  if (pair_) {
    const Status status = fire_on_both(*pair_, kernel, slice);
    return failed(status) ? state_.fail(status) : status;
  }
#endif
  kernel(slice);
  return Status::kOk;
}

// Fills every field that does not depend on the weights.
[[gnu::cold]] inline void Node::begin_slice(Slice& s, uint16_t index) {
  const Ports& ports = state_.ports;
  const StageView& stage = ports.stage;
  const Active& now = state_.schedule.active;
  const ActorRecord& a = stage.actors[index];
  const FiringRange& f = now.range;
  s.actor = &a;
  ports.find_rows(a.out, s.out);
  const int operands = a.in[1] == kNone ? 1 : 2;
  for (int i = 0; i < operands; ++i) {
    if (a.in[i] != kNone) ports.find_rows(a.in[i], s.in[i]);
  }
  if (a.partial != kNone) s.partial = ports.rows_of(a.partial);
  s.lo = f.out_lo, s.hi = f.out_hi, s.ky_lo = f.ky_lo, s.ky_hi = f.ky_hi;
  s.first = f.first_part, s.last = f.last_part;
  if (a.loop != kNone) {
    const LoopRecord& l = stage.loops[a.loop];
    const RowRange made = now.made[now.inner];
    const bool sums = now.inner + 1 == l.actors;
    s.lo = made.lo, s.hi = made.hi, s.ky_lo = 0, s.ky_hi = a.kernel_h;
    s.first = !sums || now.iteration == 0;
    s.last = !sums || now.iteration + 1 == l.iterations;
  }
  s.x0 = s.out.columns * now.slice / a.slices;
  s.x1 = s.out.columns * (now.slice + 1) / a.slices;
  s.out0 = 0, s.out_n = s.out.channels;
  s.in0 = 0, s.in_n = a.in[0] != kNone ? s.in[0].channels : 0;
  s.sums = a.accumulator == kNowhere
               ? nullptr
               : reinterpret_cast<int32_t*>(ports.arena + a.accumulator);
  s.sums_row = s.lo;
  s.room = reinterpret_cast<int8_t*>(ports.arena + stage.header->room);
  s.params = stage.params + a.param;
  s.maps = stage.maps + a.param;
}

// Runs a slice without a Slice, because a plain actor's kernel mostly finds the
// numbers where they are: with bands of one row this saves a fifth of the
// runtime's work.
inline Status Node::run_plain() {
  const StageView& stage = state_.ports.stage;
  Active& now = state_.schedule.active;
  const ActorRecord& a = stage.actors[now.unit];
  const WeightRecord& w = stage.weights[a.weights];
  const ChunkRecord& c = stage.chunks[w.first_chunk + now.group];
  const uint8_t* bytes = nullptr;
  if (w.place == WeightPlace::kMapped) {
    bytes = state_.source.mapped + c.offset;
  } else {
    const Status status = storage_->use(a, c, bytes);
    if (failed(status)) return status;
    if (!bytes) return Status::kWait;
  }
  const PlainSlice s = {state_.ports,     now.ends,         a,        c, bytes,
                        now.range.out_lo, now.range.out_hi, now.slice};
  const Status status = fire(modules.plain[static_cast<int>(a.op) - 1], s);
  if (failed(status)) return status;
  last_ = now;
  if (++now.slice < a.slices) return Status::kOk;
  now.slice = 0;
  if (++now.group < w.groups) return Status::kOk;
  observe_plain();
  state_.schedule.complete();
  return Status::kOk;
}

inline Status Node::run_step() {
  if (state_.schedule.storage_works) {
    const Status status = storage_->step();
    if (status != Status::kWait) return status;
  }
  if (state_.schedule.active.unit == kNone && !state_.schedule.pick()) {
    const bool busy = storage_ && storage_->busy();
    return state_.schedule.pending != 0 || busy ? Status::kWait : end_stage();
  }
  if (kPlainActors && state_.schedule.active.plain) return run_plain();
  return run_any_slice();
}

Status Node::step() {
  last_.unit = kNone;
  if (state_.failed()) return state_.fault.status;
  const Status status = phase_ == Phase::kRun ? run_step() : begin_step();
  if (linked_ && loaded()) link_->send(status == Status::kWait);
  if (storage_ && state_.schedule.storage_works) storage_->stepped(status);
  return status;
}

[[gnu::cold]] Status Node::run_any_slice() {
  Slice s;
  Active& now = state_.schedule.active;
  const auto index = static_cast<uint16_t>(now.unit + now.inner);
  const ActorRecord& a = state_.ports.stage.actors[index];
  begin_slice(s, index);
  if (a.weights != kNone) {
    const StageView& stage = state_.ports.stage;
    const ChunkRecord& c = stage.chunks[chunk_index(stage, a, now.firing,
                                                    now.iteration, now.group)];
    const uint8_t* bytes = nullptr;
    if (stage.weights[a.weights].place == WeightPlace::kMapped) {
      bytes = state_.source.mapped + c.offset;
    } else {
      const Status status = storage_->use(a, c, bytes);
      if (failed(status)) return status;
    }
    if (!bytes) return Status::kWait;
    set_chunk(s, stage, c, bytes);
  }
  const int kind = static_cast<int>(a.op) - 1;
  const Status status =
      fire((a.is_wide ? modules.wide : modules.fires)[kind], s);
  if (failed(status)) return status;
  last_ = now;
  const uint16_t iteration = now.iteration;
  const Progress progress = next_slice(a);
  if (progress == Progress::kSlice) return Status::kOk;
  call_observer(s, index, iteration);
  if (progress == Progress::kFiring) state_.schedule.complete();
  return Status::kOk;
}

#ifndef SHOAL_TAP
void Node::call_observer(const Slice&, uint16_t, uint16_t) {}
inline void Node::observe_plain() {}
#else
void Node::observe_plain() {
  const Active& now = state_.schedule.active;
  Slice s;
  s.actor = &state_.ports.stage.actors[now.unit];
  s.last = true, s.lo = now.range.out_lo, s.hi = now.range.out_hi;
  s.out = state_.ports.rows_of(s.actor->out);
  call_observer(s, now.unit, 0);
}
[[gnu::cold]] void Node::call_observer(const Slice& s, uint16_t index,
                                       uint16_t iteration) {
  if (!s.last || !state_.observer) return;
  const ActorRecord& a = *s.actor;
  const PortRecord& out = state_.ports.stage.ports[a.out];
  const BufferRecord& b = state_.ports.stage.buffers[out.buffer];
  Firing f{};
  f.stage = state_.stage_index;
  f.actor = index;
  f.layer = a.layer;
  f.tensor = b.tensor;
  f.frame = state_.ports.frames;
  f.element_bytes = static_cast<uint8_t>(b.element_bytes);
  f.y0 = static_cast<uint32_t>(s.lo), f.y1 = static_cast<uint32_t>(s.hi);
  f.x0 = 0, f.x1 = static_cast<uint32_t>(s.out.columns);
  f.c0 = 0, f.c1 = static_cast<uint16_t>(s.out.channels);
  f.pixel_bytes = uint32_t{b.channels} * b.element_bytes;
  if (is_inner(state_.ports.stage, a)) {
    // A table has one chunk; it passes on what came before it.
    uint16_t from = index;
    while (state_.ports.stage.actors[from].op == OpCode::kLut) --from;
    const ChunkRecord& c = state_.ports.stage.chunks[chunk_index(
        state_.ports.stage, state_.ports.stage.actors[from], 0, iteration, 0)];
    f.c0 = c.out0, f.c1 = static_cast<uint16_t>(c.out0 + c.out_n);
  }
  f.memory = s.out.memory;
  f.first_row = s.out.first;
  f.row_bytes = s.out.row_bytes;
  f.slots = s.out.slots;
  state_.observer(state_.observer_user, &f);
}
#endif

}  // namespace shoal
