// A typed view over a stage record, and the sizes of records and heads: the
// one place that knows in which order the tables lie. Planner, emit, loader
// and runtime share it. The view owns nothing; the record stays where it is
// (in the mapped image or in the arena) and must be 4-byte aligned.
//
//   StageHeader, buffers, ports, actors, loops, weights, chunks, params,
//   maps (padded to 4), order, streams, targets, spills, padding to 16, tag
#pragma once

#include "device/program/image.h"

namespace shoal {

struct StageCounts {
  uint16_t buffers = 0, ports = 0, actors = 0, loops = 0, weights = 0;
  uint16_t chunks = 0, params = 0, maps = 0, order = 0;
  uint16_t streams = 0, targets = 0, spills = 0;
};

constexpr StageCounts stage_counts(const StageHeader& h) {
  return {h.buffers, h.ports, h.actors, h.loops,   h.weights, h.chunks,
          h.params,  h.maps,  h.order,  h.streams, h.targets, h.spills};
}

// Offsets of the tables in the record.
struct StageOffsets {
  uint32_t buffers, ports, actors, loops, weights, chunks, params, maps, order;
  uint32_t streams, targets, spills;
  uint32_t end;    // of the tables
  uint32_t bytes;  // of the record, padding and tag included
};

constexpr StageOffsets stage_offsets(const StageCounts& n) {
  const auto after = [](uint32_t start, uint32_t count, size_t size) {
    return start + count * static_cast<uint32_t>(size);
  };
  StageOffsets o{};
  o.buffers = static_cast<uint32_t>(sizeof(StageHeader));
  o.ports = after(o.buffers, n.buffers, sizeof(BufferRecord));
  o.actors = after(o.ports, n.ports, sizeof(PortRecord));
  o.loops = after(o.actors, n.actors, sizeof(ActorRecord));
  o.weights = after(o.loops, n.loops, sizeof(LoopRecord));
  o.chunks = after(o.weights, n.weights, sizeof(WeightRecord));
  o.params = after(o.chunks, n.chunks, sizeof(ChunkRecord));
  o.maps = after(o.params, n.params, sizeof(int32_t));
  o.order = align_up(after(o.maps, n.maps, sizeof(uint16_t)), 4);
  o.streams = after(o.order, n.order, sizeof(OrderRun));
  o.targets = after(o.streams, n.streams, sizeof(StreamRecord));
  o.spills = after(o.targets, n.targets, sizeof(TargetRecord));
  o.end = after(o.spills, n.spills, sizeof(SpillRecord));
  o.bytes = align_up(o.end) + kTagBytes;
  return o;
}

constexpr uint32_t record_bytes(const StageCounts& n) {
  return stage_offsets(n).bytes;
}

// Header, tables of stages, ios, peers, banks and variables (with a header if
// there are any or banks), initial values, padding to 16, tag.
constexpr uint32_t head_bytes(uint32_t stages, uint32_t ios, uint32_t peers = 0,
                              uint32_t variables = 0,
                              uint32_t initial_bytes = 0, bool banks = false) {
  return align_up(static_cast<uint32_t>(
                      sizeof(Header) + stages * sizeof(StageEntry) +
                      ios * sizeof(IoEntry) + peers * sizeof(PeerEntry) +
                      (banks ? sizeof(BankTable) : 0) +
                      (variables || banks ? sizeof(VariableHeader) : 0) +
                      variables * sizeof(VariableEntry)) +
                  initial_bytes) +
         kTagBytes;
}

struct StageView {
  const StageHeader* header = nullptr;
  const BufferRecord* buffers = nullptr;
  const PortRecord* ports = nullptr;
  const ActorRecord* actors = nullptr;
  const LoopRecord* loops = nullptr;
  const WeightRecord* weights = nullptr;
  const ChunkRecord* chunks = nullptr;
  const int32_t* params = nullptr;
  const uint16_t* maps = nullptr;
  const OrderRun* order = nullptr;
  const StreamRecord* streams = nullptr;
  const TargetRecord* targets = nullptr;
  const SpillRecord* spills = nullptr;
};

// The counts in the header must have been checked against the bytes there.
inline StageView view_stage(const uint8_t* record) {
  StageView v;
  v.header = reinterpret_cast<const StageHeader*>(record);
  const StageOffsets o = stage_offsets(stage_counts(*v.header));
  v.buffers = reinterpret_cast<const BufferRecord*>(record + o.buffers);
  v.ports = reinterpret_cast<const PortRecord*>(record + o.ports);
  v.actors = reinterpret_cast<const ActorRecord*>(record + o.actors);
  v.loops = reinterpret_cast<const LoopRecord*>(record + o.loops);
  v.weights = reinterpret_cast<const WeightRecord*>(record + o.weights);
  v.chunks = reinterpret_cast<const ChunkRecord*>(record + o.chunks);
  v.params = reinterpret_cast<const int32_t*>(record + o.params);
  v.maps = reinterpret_cast<const uint16_t*>(record + o.maps);
  v.order = reinterpret_cast<const OrderRun*>(record + o.order);
  v.streams = reinterpret_cast<const StreamRecord*>(record + o.streams);
  v.targets = reinterpret_cast<const TargetRecord*>(record + o.targets);
  v.spills = reinterpret_cast<const SpillRecord*>(record + o.spills);
  return v;
}

struct HeadView {
  const Header* header = nullptr;
  const StageEntry* stages = nullptr;
  const IoEntry* ios = nullptr;  // inputs, then outputs
  const PeerEntry* peers = nullptr;

  // Null: all that the program needs is the arena. No pointers of their own,
  // for the node's size, here and for the variables.
  const BankTable* banks() const {
    if (!has_bank_table(header->version)) return nullptr;
    return reinterpret_cast<const BankTable*>(peers + header->peers);
  }
  // Returns the bytes of a bank besides the arena's.
  uint32_t bank_bytes(uint32_t bank) const {
    return banks() ? banks()->bytes[bank - 1] : 0;
  }
  // Null: there are no variables.
  const VariableHeader* kept() const {
    if (header->version == kImageVersion) return nullptr;
    if (banks()) return reinterpret_cast<const VariableHeader*>(banks() + 1);
    return reinterpret_cast<const VariableHeader*>(peers + header->peers);
  }
  const VariableEntry* variables() const {
    const VariableHeader* h = kept();
    return h ? reinterpret_cast<const VariableEntry*>(h + 1) : nullptr;
  }
  uint32_t variable_count() const { return kept() ? kept()->variables : 0u; }
  uint32_t initial_bytes() const { return kept() ? kept()->initial_bytes : 0; }
  const uint8_t* initial() const {
    return reinterpret_cast<const uint8_t*>(variables() + variable_count());
  }
};

inline HeadView view_head(const uint8_t* head) {
  HeadView v;
  v.header = reinterpret_cast<const Header*>(head);
  const uint8_t* stages = head + sizeof(Header);
  v.stages = reinterpret_cast<const StageEntry*>(stages);
  v.ios = reinterpret_cast<const IoEntry*>(stages + v.header->stages *
                                                        sizeof(StageEntry));
  v.peers = reinterpret_cast<const PeerEntry*>(v.ios + v.header->inputs +
                                               v.header->outputs);
  return v;
}

}  // namespace shoal
