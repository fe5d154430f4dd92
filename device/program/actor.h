// Derives row rules, pixel strides and the chunk of a firing from an actor's
// record and its ports. Shared by loader and runtime. Only for records that the
// loader has accepted, unless said otherwise.
#pragma once

#include "device/program/chunk.h"
#include "device/program/geometry.h"
#include "device/program/record.h"

namespace shoal {

constexpr int rows(const PortRecord& p) {
  return static_cast<int>(p.row_count);
}
constexpr int columns(const PortRecord& p) { return p.x1 - p.x0; }
constexpr int channels(const PortRecord& p) { return p.c1 - p.c0; }

constexpr bool is_cut(const ActorRecord& a) {
  return has_window(a.op) && a.part < a.kernel_h;
}
// The commonest actors by far, for which the runtime has a way of its own
// (PlainSlice): a convolution or depthwise convolution from int8 to int8, all
// of its window at once, in no loop. A build that lacks flash
// goes without; its definition is that of all of its sources.
#if defined(SHOAL_WITHOUT_PLAIN)
inline constexpr bool kPlainActors = false;
#else
inline constexpr bool kPlainActors = true;
#endif
constexpr bool is_plain(const ActorRecord& a) {
  return kPlainActors && a.op <= OpCode::kDepthwise && a.loop == kNone &&
         a.is_wide == 0 && a.part == a.kernel_h &&
         a.flags == (kActorInit | kActorFinal);
}
// Returns the bytes of an element of an operand, or of the final result; 0: one
// or two, which kRescale turns into one another.
constexpr int element_bytes(const ActorRecord& a, int operand) {
  if (!a.is_wide) return a.op == OpCode::kRequantize ? 4 : 1;
  if (a.op == OpCode::kRescale) return 0;
  return a.op == OpCode::kPrelu && operand == 1 ? 1 : 2;
}
constexpr int result_bytes(const ActorRecord& a) {
  if (!a.is_wide) return 1;
  return a.op == OpCode::kRescale ? 0 : 2;
}
inline bool is_inner(const StageView& s, const ActorRecord& a) {
  return s.buffers[s.ports[a.out].buffer].flags & kBufferPrivate;
}
inline bool ends_loop(const StageView& s, const ActorRecord& a) {
  return a.loop != kNone && !is_inner(s, a);
}
inline int accumulator_rows(const StageView& s, const ActorRecord& a) {
  const bool ends = ends_loop(s, a);
  if (keeps_state(a.op)) return 1;
  return accumulator_rows(is_cut(a) ? 2 : 1, ends,
                          ends ? s.loops[a.loop].band : 0);
}

// Returns the rule for in[operand]. Needs only indices, windows, parameter
// counts and port boxes to have been checked.
inline RowRule row_rule(const StageView& s, const ActorRecord& a,
                        int operand = 0) {
  const PortRecord& out = s.ports[a.out];
  RowRule r;
  r.op = a.op;
  r.out_rows = rows(out);
  r.kernel_h = a.kernel_h;
  r.stride_y = a.stride_y;
  r.dilation_y = a.dilation_y;
  r.pad_top = a.pad_top;
  r.band = a.band;
  r.part = a.part;
  if (a.in[operand] == kNone) return r;
  const PortRecord& in = s.ports[a.in[operand]];
  r.in_rows = rows(in);
  r.whole = operand == 1 && holds_second(a.op);
  switch (rows_of(a.op)) {
    case RowsFrom::kLine:
    case RowsFrom::kBetween:
      r.move_stride = s.params[a.param];
      r.move_base = s.params[a.param + 1];
      break;
    case RowsFrom::kBlocks:
    case RowsFrom::kInBlocks:
      r.block = s.params[a.param];
      break;
    case RowsFrom::kMap:
      r.map = s.maps + a.param;
      break;
    case RowsFrom::kBytes:
      r.in_row_bytes = int64_t{columns(in)} * channels(in);
      r.out_row_bytes = int64_t{columns(out)} * channels(out);
      break;
    default:
      break;
  }
  return r;
}

// Returns the bytes of a chunk's weights, unpadded.
inline uint64_t chunk_weight_bytes(const StageView& s, const ActorRecord& a,
                                   const ChunkRecord& c) {
  const PortRecord& out = s.ports[a.out];
  const bool last = ends_loop(s, a);
  const uint64_t kernel_rows = last ? a.kernel_h : c.in_n;
  const uint64_t taps = kernel_rows * a.kernel_w;
  switch (a.op) {
    case OpCode::kConv:
    case OpCode::kTransposeConv: {
      const int in_c = last ? c.in_n : channels(s.ports[a.in[0]]);
      return stored_bytes(taps * c.out_n * static_cast<uint32_t>(in_c),
                          has_int4_weights(a));
    }
    case OpCode::kDepthwise:
      return stored_bytes(taps * c.out_n, has_int4_weights(a));
    case OpCode::kLut:
      return 256;
    case OpCode::kConstant:
      return uint64_t{c.out_n} *
             static_cast<uint32_t>(columns(out) * channels(out)) *
             (a.is_wide ? 2 : 1);
    case OpCode::kLstm:
      return c.out_n *
             lstm_unit_bytes(channels(s.ports[a.in[0]]), channels(out));
    case OpCode::kCell:  // CellParams::unit_bytes
      return c.out_n * uint64_t{static_cast<uint32_t>(s.params[a.param])};
    default:
      return 0;
  }
}

// Returns the bytes of a set in SRAM.
inline uint64_t set_bytes(const StageView& s, const WeightRecord& w) {
  uint64_t bytes = 0;
  const uint32_t count = uint32_t{w.parts} * w.groups;
  for (uint32_t i = 0; i < count; ++i) {
    bytes += uint64_t{sram_bytes(s.chunks[w.first_chunk + i])};
  }
  return bytes;
}
inline bool stays(const WeightRecord& w) { return w.flags & kWeightsKeep; }
// Returns the bank of a set in SRAM; 0: the arena's.
constexpr uint32_t bank_of(const WeightRecord& w) {
  return (w.flags & kWeightsBank) / 2u;
}

// Chunks that one firing uses, in a loop: one iteration.
inline int chunks_a_firing(const StageView& s, const ActorRecord& a) {
  if (a.weights == kNone) return 1;
  if (a.op == OpCode::kConstant || a.loop != kNone) return 1;
  return s.weights[a.weights].groups;
}

// Returns the index in the chunk table of the chunk of `group`.
inline uint32_t chunk_index(const StageView& s, const ActorRecord& a,
                            int firing, int iteration, int group) {
  const WeightRecord& w = s.weights[a.weights];
  int chunk = group;
  if (a.loop != kNone) {
    chunk = a.op == OpCode::kLut ? 0 : iteration;
  } else if (a.op == OpCode::kConstant) {
    chunk = firing * a.band / s.chunks[w.first_chunk].out_n;
  } else if (w.parts > 1) {
    chunk = firing % w.parts * w.groups + group;
  }
  const int last = w.parts * w.groups - 1;
  return w.first_chunk + static_cast<uint32_t>(chunk < last ? chunk : last);
}

}  // namespace shoal
