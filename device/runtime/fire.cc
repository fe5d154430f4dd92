#include "device/runtime/fire.h"

#include "device/program/chunk.h"
#include "device/runtime/node.h"

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
  if (has_window(a.op)) s.weights += skipped * row;
  if (!has_quantized_chunk(a.op)) return;
  const ChunkLayout l = chunk_layout(
      static_cast<uint32_t>(chunk_weight_bytes(stage, a, c)), c.out_n, true);
  s.bias = reinterpret_cast<const int32_t*>(bytes + l.bias);
  s.multipliers = reinterpret_cast<const int32_t*>(bytes + l.multiplier);
  s.shifts = reinterpret_cast<const int8_t*>(bytes + l.shift);
}

}  // namespace

Status Node::run_slice() {
  const uint16_t index =
      static_cast<uint16_t>(schedule_.active.unit + schedule_.active.inner);
  const ActorRecord& a = ports_.stage.actors[index];
  const FiringRange& f = schedule_.active.range;
  Slice s;
  s.actor = &a;
  s.kernels = kernels_;
  s.rule = row_rule(ports_.stage, a);
  s.out = ports_.rows_of(a.out);
  if (a.in[0] != kNone) s.in[0] = ports_.rows_of(a.in[0]);
  if (a.in[1] != kNone) s.in[1] = ports_.rows_of(a.in[1]);
  if (a.partial != kNone) s.partial = ports_.rows_of(a.partial);
  s.lo = f.out_lo, s.hi = f.out_hi, s.ky_lo = f.ky_lo, s.ky_hi = f.ky_hi;
  s.first = f.first_part, s.last = f.last_part;
  if (a.loop != kNone) {
    const LoopRecord& l = ports_.stage.loops[a.loop];
    const RowRange made = schedule_.active.made[schedule_.active.inner];
    const bool sums = schedule_.active.inner + 1 == l.actors;
    s.lo = made.lo, s.hi = made.hi, s.ky_lo = 0, s.ky_hi = a.kernel_h;
    s.first = !sums || schedule_.active.iteration == 0;
    s.last = !sums || schedule_.active.iteration + 1 == l.iterations;
  }
  s.x0 = s.out.columns * schedule_.active.slice / a.slices;
  s.x1 = s.out.columns * (schedule_.active.slice + 1) / a.slices;
  s.out0 = 0, s.out_n = s.out.channels;
  s.in0 = 0, s.in_n = a.in[0] != kNone ? s.in[0].channels : 0;
  s.sums = a.accumulator == kNowhere
               ? nullptr
               : reinterpret_cast<int32_t*>(ports_.arena + a.accumulator);
  s.sums_row = s.lo;
  s.params = ports_.stage.params + a.param;
  s.maps = ports_.stage.maps + a.map;
  if (a.weights != kNone) {
    const ChunkRecord& c = ports_.stage.chunks[chunk_index(
        ports_.stage, a, schedule_.active.firing, schedule_.active.iteration,
        schedule_.active.group)];
    const uint32_t used = tape_.used();
    const uint8_t* bytes = chunk_bytes(a, c);
    // A slot has become free: storage need not be idle during this slice.
    if (used != tape_.used()) {
      const Status next = fetch_next();
      if (failed(next)) return next;
    }
    if (!bytes) return Status::kWait;
    set_chunk(s, ports_.stage, c, bytes);
  }
  fire(s);
  last_ = schedule_.active;
  const uint16_t iteration = schedule_.active.iteration;
  const Progress progress = next_slice(a);
  if (progress == Progress::kSlice) return Status::kOk;
  call_tap(s, index, iteration);
  if (progress == Progress::kFiring) schedule_.complete();
  return Status::kOk;
}

// Goes on to the next slice and says what has ended.
Node::Progress Node::next_slice(const ActorRecord& a) {
  if (++schedule_.active.slice < a.slices) return Progress::kSlice;
  schedule_.active.slice = 0;
  if (a.loop == kNone) {
    const bool more =
        ++schedule_.active.group < chunks_a_firing(ports_.stage, a);
    return more ? Progress::kSlice : Progress::kFiring;
  }
  const LoopRecord& l = ports_.stage.loops[a.loop];
  if (++schedule_.active.inner < l.actors) return Progress::kActor;
  schedule_.active.inner = 0;
  return ++schedule_.active.iteration < l.iterations ? Progress::kActor
                                                     : Progress::kFiring;
}

#ifndef SHOAL_TAP
void Node::call_tap(const Slice&, uint16_t, uint16_t) {}
#else
void Node::call_tap(const Slice& s, uint16_t index, uint16_t iteration) {
  if (!s.last || !config_.tap) return;
  const ActorRecord& a = *s.actor;
  const PortRecord& out = ports_.stage.ports[a.out];
  const BufferRecord& b = ports_.stage.buffers[out.buffer];
  Firing f{};
  f.stage = stage_index_;
  f.actor = index;
  f.layer = a.layer;
  f.tensor = b.tensor;
  f.frame = ports_.frames;
  f.element_bytes = b.element_bytes;
  f.y0 = static_cast<uint16_t>(s.lo), f.y1 = static_cast<uint16_t>(s.hi);
  f.x0 = 0, f.x1 = static_cast<uint16_t>(s.out.columns);
  f.c0 = 0, f.c1 = static_cast<uint16_t>(s.out.channels);
  f.pixel_bytes = uint32_t{b.channels} * b.element_bytes;
  if (is_inner(ports_.stage, a)) {
    // A table has one chunk; it passes on what came before it.
    uint16_t from = index;
    while (ports_.stage.actors[from].op == OpCode::kLut) --from;
    const ChunkRecord& c = ports_.stage.chunks[chunk_index(
        ports_.stage, ports_.stage.actors[from], 0, iteration, 0)];
    f.c0 = c.out0, f.c1 = static_cast<uint16_t>(c.out0 + c.out_n);
  }
  f.memory = s.out.memory;
  f.first_row = s.out.first;
  f.row_bytes = s.out.row_bytes;
  f.slots = s.out.slots;
  config_.tap(config_.tap_user, &f);
}
#endif

}  // namespace shoal
