#include "device/program/check.h"
#include "device/program/check_stage.h"
#include "device/program/chunk.h"
#include "device/program/tag.h"

namespace shoal {

// Weights of four bits are unpacked into memory of the stage's.
bool StageCheck::int4_room(const ActorRecord& a) {
  if (!has_int4_weights(a)) return true;
  const bool may = a.op == OpCode::kConv || a.op == OpCode::kDepthwise;
  return need(may && s_.header->room > 0 && room_bytes(a) >= kLeastInt4Room &&
              in_arena(s_.header->room, room_bytes(a)));
}

bool StageCheck::weights(const ActorRecord& a) {
  if (!int4_room(a)) return false;
  if (!has_weights(a.op)) return need(a.weights == kNone);
  if (!need(a.weights == next_weights_ && a.weights < s_.header->weights)) {
    return false;
  }
  ++next_weights_;
  const WeightRecord& w = s_.weights[a.weights];
  const uint16_t index = fault_.index;
  at(Table::kWeights, a.weights);
  const uint32_t count = uint32_t{w.parts} * w.groups;
  if (!need(w.first_chunk == next_chunk_ && count > 0 &&
            next_chunk_ + count <= s_.header->chunks) ||
      !place(w) || !groups(a, w)) {
    return false;
  }
  for (uint32_t i = 0; i < count; ++i) {
    at(Table::kChunk, next_chunk_ + i);
    if (!chunk(a, w, s_.chunks[next_chunk_ + i],
               static_cast<int>(i / w.groups))) {
      return false;
    }
  }
  at(Table::kWeights, a.weights);
  if (w.place == WeightPlace::kSram && !sram(w)) return false;
  next_chunk_ += count;
  at(Table::kActor, index);
  return true;
}

bool StageCheck::place(const WeightRecord& w) {
  switch (w.place) {
    case WeightPlace::kMapped:
      return need(w.flags == 0 && w.arena == 0 && source_.mapped);
    case WeightPlace::kTape:
      return need(w.flags == 0 && w.arena == 0 && s_.header->slot_count > 0 &&
                  s_.header->order > 0);
    case WeightPlace::kSram:
      return need((w.flags & ~(kWeightsKeep | kWeightsBank)) == 0 &&
                  (stays(w) || bank_of(w) == 0));
  }
  return need(false);
}

// Sets that stay lie in the region of their bank one behind the other, in the
// order of the records: so no later one is read over what was checked.
bool StageCheck::sram(const WeightRecord& w) {
  const uint64_t bytes = set_bytes(s_, w);
  if (!stays(w)) return need(in_arena(w.arena, bytes));
  const Header& h = *head_.header;
  const uint32_t bank = bank_of(w);
  const uint32_t first = bank ? 0 : h.keep;
  const uint64_t room = bank ? head_.bank_bytes(bank) : h.keep_bytes;
  const uint64_t end = w.arena + bytes;
  if (!need(w.arena % kAlign == 0 && w.arena >= first &&
            w.arena >= kept_end_[bank] && end <= first + room)) {
    return false;
  }
  kept_end_[bank] = static_cast<uint32_t>(end);
  return true;
}

// How many chunks, and that the groups of each part follow one another over
// all output channels (kConstant: rows).
bool StageCheck::groups(const ActorRecord& a, const WeightRecord& w) {
  const PortRecord& out = s_.ports[a.out];
  const bool last = ends_loop(s_, a);
  if (a.loop != kNone) {
    const LoopRecord& l = s_.loops[a.loop];
    const ActorRecord* first = s_.actors + l.first_actor;
    const bool may = last ? a.op == OpCode::kConv
                     : &a == first
                         ? a.op == OpCode::kConv || a.op == OpCode::kDepthwise
                         : a.op == OpCode::kDepthwise || a.op == OpCode::kLut;
    const int n = a.op == OpCode::kLut ? 1 : l.iterations;
    if (!need(may && w.parts == (last ? n : 1) && w.groups == (last ? 1 : n))) {
      return false;
    }
  } else {
    const int parts = is_cut(a) ? ceil_div(a.kernel_h, a.part) : 1;
    if (!need((w.parts == 1 || w.parts == parts) &&
              (a.op != OpCode::kLut || w.groups == 1))) {
      return false;
    }
  }
  if (a.op == OpCode::kLut) return true;
  const ChunkRecord* chunks = s_.chunks + w.first_chunk;
  const bool by_rows = a.op == OpCode::kConstant;
  const bool inner = a.loop != kNone && !last;
  const uint32_t all =
      static_cast<uint32_t>(by_rows ? rows(out) : channels(out));
  for (uint32_t p = 0; p < w.parts; ++p) {
    uint32_t next = 0;
    for (uint32_t g = 0; g < w.groups; ++g) {
      const ChunkRecord& c = chunks[p * w.groups + g];
      const bool ok = c.out0 == next && c.out_n > 0 &&
                      (!inner || c.out_n <= all) &&
                      (!by_rows || g + 1 == w.groups ||
                       (c.out_n == chunks[0].out_n && c.out_n % a.band == 0));
      if (!need(ok)) return false;
      next += c.out_n;
    }
    if (!need((!by_rows || chunks[w.groups - 1].out_n <= chunks[0].out_n) &&
              (inner ? next <= 0xFFFF : next == all))) {
      return false;
    }
  }
  return true;
}

bool StageCheck::chunk(const ActorRecord& a, const WeightRecord& w,
                       const ChunkRecord& c, int part) {
  if (ends_loop(s_, a)) {
    const int there = channels(s_.ports[a.in[0]]);
    if (!need(c.in_n > 0 && c.in_n <= there)) return false;
  } else if (has_window(a.op)) {
    const int lo = w.parts > 1 ? part * a.part : 0;
    const int hi = w.parts > 1 ? clip(lo + a.part, 0, a.kernel_h) : a.kernel_h;
    if (!need(c.in0 == lo && c.in_n == hi - lo)) return false;
  }
  return chunk_box(a, c) && chunk_bytes(a, w, c);
}

// Input channels that a depthwise chunk reads.
bool StageCheck::chunk_box(const ActorRecord& a, const ChunkRecord& c) {
  if (a.op != OpCode::kDepthwise) return true;
  const int there = channels(s_.ports[a.in[0]]);
  const bool reads_inner =
      s_.buffers[s_.ports[a.in[0]].buffer].flags & kBufferPrivate;
  const int first = reads_inner ? 0 : c.out0 / a.multiplier;
  return need(c.out0 % a.multiplier == 0 &&
              first + ceil_div(c.out_n, a.multiplier) <= there);
}

bool StageCheck::chunk_bytes(const ActorRecord& a, const WeightRecord& w,
                             const ChunkRecord& c) {
  const Header& h = *head_.header;
  const uint64_t weight_bytes = chunk_weight_bytes(s_, a, c);
  if (!need(weight_bytes < 0x40000000)) return false;
  const ChunkLayout layout = chunk_layout(static_cast<uint32_t>(weight_bytes),
                                          c.out_n, has_quantized_chunk(a.op));
  const uint64_t end = uint64_t{c.offset} + c.bytes + kTagBytes;
  if (!need(c.bytes == layout.bytes && c.offset % kAlign == 0 &&
            c.offset >= h.head_bytes)) {
    return false;
  }
  const bool in_program = end <= h.program_bytes;
  if (w.place != WeightPlace::kMapped && !(in_program && source_.mapped)) {
    return need(c.offset >= h.program_bytes && end <= h.image_bytes &&
                (w.place == WeightPlace::kSram ||
                 c.bytes + kTagBytes <= s_.header->slot_bytes));
  }
  if (!need(in_program && w.place != WeightPlace::kTape)) return false;
  if (w.place == WeightPlace::kSram) return true;  // checked when it is copied
  const uint8_t* bytes = source_.mapped + c.offset;
  if (!need(tag_follows(TagKind::kChunk, c.offset, h.generation, bytes,
                        c.bytes))) {
    fault_.status = Status::kBadTag;
    fault_.layer = a.layer;
    return false;
  }
  return need(chunk_values_ok(a.op, c, bytes));
}

}  // namespace shoal
