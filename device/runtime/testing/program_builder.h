// Lays out program images from a description of buffers, ports and actors. The
// builder packs the arena (fixed regions, then buffers and sums in the order of
// their description), sorts ports by buffer and seals the image. It checks
// nothing, so that tests can describe wrong programs as well.
#pragma once

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "device/program/actor.h"
#include "device/program/chunk.h"
#include "device/program/early.h"
#include "device/program/link_layout.h"
#include "device/program/sha256.h"
#include "device/program/spill_layout.h"
#include "device/program/testing/seal_image.h"
#include "device/runtime/testing/stage_spec.h"

namespace shoal::test {

class ProgramBuilder {
 public:
  ProgramBuilder() = default;
  explicit ProgramBuilder(std::vector<StageSpec> all)
      : stages(std::move(all)) {}

  std::vector<StageSpec> stages;
  int inputs = 1, outputs = 1;
  bool mapped = true;
  bool copied = false;      // weights for SRAM lie in the program part
  uint32_t page_bytes = 0;  // of spills
  uint32_t generation = 7;
  uint16_t node = 0, nodes = 1;
  std::vector<PeerEntry> peers;  // with some, no inputs and outputs
  // BufferSpec::variable is a number of these.
  struct Variable {
    uint32_t bytes = 0;
    std::vector<uint8_t> initial;  // empty: `fill`
    int8_t fill = 0;
  };
  std::vector<Variable> variables;

  std::vector<uint8_t> build();

  // After build(): arena offset of a buffer.
  uint32_t offset(size_t stage, size_t buffer) const {
    return offsets_.at(stage).at(buffer);
  }

 private:
  struct Record {
    StageCounts counts;
    std::vector<BufferRecord> buffers;
    std::vector<PortRecord> ports;
    std::vector<ActorRecord> actors;
    std::vector<WeightRecord> weights;
    std::vector<ChunkRecord> chunks;
    std::vector<int32_t> params;
    std::vector<uint16_t> maps;
    std::vector<StreamRecord> streams;
    std::vector<TargetRecord> targets;
    std::vector<SpillRecord> spills;
    uint16_t in_streams = 0;
    uint32_t slots = 0, slot_bytes = 0, room = 0;
  };
  Record record_of(size_t stage);
  void place_ports(size_t stage, Record&, std::vector<uint16_t>& number);
  void place_actors(size_t stage, Record&, const std::vector<uint16_t>&);
  void place_streams(size_t stage, Record&, const std::vector<uint16_t>&);
  void place_spills(size_t stage, Record&, const std::vector<uint16_t>&);
  void place_fixed(Header&, std::vector<Record>&);
  void place_memory(Header&, std::vector<Record>&);
  bool has_banks() const;
  bool has_int4() const;
  bool has_int16() const;
  std::vector<uint8_t> bytes_of(size_t stage, const Record&) const;

  std::vector<std::vector<uint8_t>> chunks_;  // all stages
  std::vector<bool> stored_;                  // in the tape part
  std::vector<IoEntry> ios_;
  std::vector<std::vector<uint32_t>> offsets_;
  std::vector<VariableEntry> kept_;  // of the variables
  BankTable banks_;
  std::vector<uint8_t> initial_;
  uint32_t cursors_ = 0;
  uint16_t streams_ = 0, targets_ = 0;  // so far, of all stages
  std::vector<uint32_t> first_pages_;   // by number, and where they end
};

inline void ProgramBuilder::place_ports(size_t stage, Record& r,
                                        std::vector<uint16_t>& number) {
  const StageSpec& s = stages[stage];
  number.resize(s.ports.size());
  uint16_t cursor = 0;
  for (size_t b = 0; b < s.buffers.size(); ++b) {
    const BufferSpec& spec = s.buffers[b];
    BufferRecord rec{};
    rec.tensor = static_cast<uint16_t>(spec.tensor);
    rec.element_bytes = spec.element_bytes & 7;
    rec.flags = spec.flags & 15;
    rec.rows = spec.rows & 0x1FFFFFF;
    rec.channels = static_cast<uint16_t>(spec.channels);
    rec.slots = (spec.slots ? spec.slots : spec.rows) & 0x1FFFFFF;
    rec.row_bytes = static_cast<uint32_t>(spec.columns * spec.channels *
                                          spec.element_bytes);
    rec.first_port = static_cast<uint16_t>(r.ports.size());
    rec.overlay =
        spec.overlay < 0 ? kNone : static_cast<uint16_t>(spec.overlay);
    rec.base = spec.flags & kBufferKeep ? cursor++ : kNone;
    for (int is_read = 0; is_read < 2; ++is_read) {
      for (size_t p = 0; p < s.ports.size(); ++p) {
        const StageSpec::Port& from = s.ports[p];
        if (from.buffer != static_cast<int>(b) || from.is_read != is_read) {
          continue;
        }
        const auto u16 = [](int v) { return static_cast<uint16_t>(v); };
        PortRecord port{};
        port.buffer = from.buffer & 0x7FF;
        port.is_read = is_read & 1;
        port.owned_by = static_cast<uint32_t>(from.owner) & 3;
        set_owner_index(port, uint32_t(from.index));
        if (from.owner == PortOwner::kStream) {
          set_owner_index(
              port, static_cast<uint32_t>(s.place_of(size_t(from.index))));
        }
        port.cursor = spec.flags & kBufferPrivate ? kNone : cursor++;
        port.y0 = from.box.y0 & 0xFFFFFF;
        port.row_count = (from.box.y1 - from.box.y0) & 0x1FFFFFF;
        port.x0 = u16(from.box.x0), port.x1 = u16(from.box.x1);
        port.c0 = u16(from.box.c0), port.c1 = u16(from.box.c1);
        number[p] = u16(static_cast<int>(r.ports.size()));
        if (from.owner == PortOwner::kApi) {
          IoEntry& io =
              ios_.at(static_cast<size_t>(from.index + (is_read ? inputs : 0)));
          io.stage = u16(static_cast<int>(stage)), io.port = number[p];
          io.rows = (from.box.y1 - from.box.y0) & 0x1FFFFFF;
          io.element_bytes = rec.element_bytes;
          io.is_output = port.is_read;
          io.row_bytes = static_cast<uint32_t>(columns(port) * channels(port) *
                                               spec.element_bytes);
        }
        r.ports.push_back(port);
        ++(is_read ? rec.readers : rec.writers);
      }
    }
    r.buffers.push_back(rec);
  }
  cursors_ = std::max<uint32_t>(cursors_, cursor);
}

inline void ProgramBuilder::place_actors(size_t stage, Record& r,
                                         const std::vector<uint16_t>& number) {
  for (const ActorSpec& spec : stages[stage].actors) {
    ActorRecord a = spec.r;
    const auto index = static_cast<uint16_t>(r.actors.size());
    for (uint16_t* port : {&a.in[0], &a.in[1], &a.partial, &a.out}) {
      if (*port == kNone) continue;
      *port = number[*port];
      set_owner_index(r.ports[*port], index);
    }
    a.param = static_cast<uint16_t>(spec.maps.empty() ? r.params.size()
                                                      : r.maps.size());
    r.params.insert(r.params.end(), spec.params.begin(), spec.params.end());
    r.maps.insert(r.maps.end(), spec.maps.begin(), spec.maps.end());
    if (!spec.chunks.empty()) {
      a.weights = static_cast<uint16_t>(r.weights.size());
      WeightRecord w{};
      w.first_chunk = static_cast<uint16_t>(r.chunks.size());
      w.parts = static_cast<uint16_t>(spec.parts);
      w.groups = static_cast<uint16_t>(spec.chunks.size() /
                                       static_cast<size_t>(spec.parts));
      w.place = spec.tape   ? WeightPlace::kTape
                : spec.sram ? WeightPlace::kSram
                            : WeightPlace::kMapped;
      w.flags = spec.keep ? kWeightsKeep : 0;
      w.flags |= static_cast<uint8_t>(2 * spec.bank);
      r.weights.push_back(w);
    }
    for (const ChunkSpec& c : spec.chunks) {
      const auto u16 = [](int v) { return static_cast<uint16_t>(v); };
      r.chunks.push_back({static_cast<uint32_t>(chunks_.size()),
                          static_cast<uint32_t>(c.bytes.size()), u16(c.out0),
                          u16(c.out_n), u16(c.in0), u16(c.in_n)});
      chunks_.push_back(c.bytes);
      stored_.push_back(spec.tape || (spec.sram && !copied));
    }
    r.actors.push_back(a);
  }
}

inline void ProgramBuilder::place_streams(size_t stage, Record& r,
                                          const std::vector<uint16_t>& number) {
  const StageSpec& s = stages[stage];
  r.streams.resize(s.streams.size());
  for (size_t p = 0; p < s.ports.size(); ++p) {
    if (s.ports[p].owner != PortOwner::kStream) continue;
    r.streams[s.place_of(size_t(s.ports[p].index))].port = number[p];
  }
  for (bool in : {true, false}) {
    for (size_t i = 0; i < s.streams.size(); ++i) {
      const StageSpec::Stream& from = s.streams[i];
      if (from.in != in) continue;
      StreamRecord& rec = r.streams[s.place_of(i)];
      if (in) {
        rec.number = streams_++;
        rec.peer = from.far[0].peer, rec.there = from.far[0].there;
        rec.reserved = from.early && mapped ? kComesEarly : uint16_t{0};
        ++r.in_streams;
        continue;
      }
      rec.number = targets_;
      rec.peer = kNone;
      rec.there = static_cast<uint16_t>(r.targets.size());
      rec.targets = static_cast<uint16_t>(from.far.size());
      targets_ = static_cast<uint16_t>(targets_ + from.far.size());
      for (const FarEnd& f : from.far) r.targets.push_back({f.peer, f.there});
    }
  }
}

// Ports that rows leave by come before those that they come back by.
inline void ProgramBuilder::place_spills(size_t stage, Record& r,
                                         const std::vector<uint16_t>& number) {
  const StageSpec& s = stages[stage];
  for (const StageSpec::Spill& from : s.spills) {
    const PortRecord& p = r.ports[number[from.port]];
    const int bytes =
        rows(p) * columns(p) * channels(p) * r.buffers[p.buffer].element_bytes;
    SpillRecord rec{};
    rec.port = number[from.port];
    const auto payload = static_cast<int>(page_payload(page_bytes));
    rec.pages = static_cast<uint32_t>(ceil_div(bytes, payload));
    if (p.is_read) {
      rec.first_page = first_pages_.back();
      first_pages_.push_back(rec.first_page + rec.pages);
    } else {
      rec.first_page = first_pages_.at(size_t(from.number));
    }
    r.spills.push_back(rec);
  }
}

inline ProgramBuilder::Record ProgramBuilder::record_of(size_t stage) {
  Record r;
  std::vector<uint16_t> number;
  place_ports(stage, r, number);
  place_actors(stage, r, number);
  place_streams(stage, r, number);
  place_spills(stage, r, number);
  const auto count = [](const auto& v) {
    return static_cast<uint16_t>(v.size());
  };
  r.counts = {count(r.buffers),
              count(r.ports),
              count(r.actors),
              count(stages[stage].loops),
              count(r.weights),
              count(r.chunks),
              count(r.params),
              count(r.maps),
              count(stages[stage].order),
              count(r.streams),
              count(r.targets),
              count(r.spills)};
  return r;
}

inline void ProgramBuilder::place_fixed(Header& h,
                                        std::vector<Record>& records) {
  uint32_t actors = 0, record = 0;
  for (const Record& r : records) {
    actors = std::max<uint32_t>(actors, r.counts.actors);
    record = std::max(record, record_bytes(r.counts));
  }
  uint32_t at = 0;
  const auto place = [&](uint64_t bytes) {
    const uint32_t offset = at;
    at = align_up(at + static_cast<uint32_t>(bytes));
    return offset;
  };
  h.cursor_count = cursors_;
  h.cursors = place(4 * cursors_);
  h.state_count = actors;
  h.states = place(actors * sizeof(ActorState));
  h.head = h.record = h.spill = kNowhere;
  if (!mapped) {
    h.head = place(h.head_bytes);
    h.record = place(record);
    h.record_bytes = record;
    h.flags |= kImageUnmapped;
  }
  h.keep = at;
  banks_ = {};
  for (Record& r : records) {
    for (WeightRecord& w : r.weights) {
      if (w.place != WeightPlace::kSram || !w.flags) continue;
      StageView view;
      view.chunks = r.chunks.data();
      const auto bytes = static_cast<uint32_t>(set_bytes(view, w));
      if (bank_of(w)) {
        uint32_t& end = banks_.bytes[bank_of(w) - 1];
        w.arena = end;
        end += bytes;
        continue;
      }
      w.arena = place(bytes);
    }
  }
  h.keep_bytes = at - h.keep;
  if (h.keep_bytes == 0) h.keep = 0;
  if (first_pages_.back()) {
    h.spill_pages = first_pages_.back();
    h.spill_page_bytes = page_bytes;
    h.spill = place(spill_state_bytes(h.spill_pages));
  }
  if (!peers.empty()) {
    LinkCounts n;
    n.peers = static_cast<uint32_t>(peers.size());
    for (const PeerEntry& p : peers) n.windows += p.window;
    uint16_t before = 0;
    for (const Record& r : records) {
      const bool early =
          std::any_of(r.streams.begin(), r.streams.end(), comes_early);
      const int open = r.in_streams + (early ? before : 0);
      h.stage_targets = std::max(h.stage_targets, r.counts.targets);
      h.stage_streams = std::max(h.stage_streams, uint16_t(open));
      before = r.in_streams;
    }
    n.targets = h.targets = targets_;
    n.stage_targets = h.stage_targets, n.stage_streams = h.stage_streams;
    h.link = place(link_layout(n).bytes);
  }
  for (VariableEntry& v : kept_) v.arena = place(2 * variable_stride(v.bytes));
  h.arena_bytes = at;
}

// Buffers, slots, weights, pages and sums after the fixed regions.
inline void ProgramBuilder::place_memory(Header& h,
                                         std::vector<Record>& records) {
  const uint32_t start = h.arena_bytes;
  uint32_t end = start;
  uint32_t used = start;
  for (size_t s = 0; s < records.size(); ++s) {
    Record& r = records[s];
    offsets_.emplace_back();
    for (size_t b = 0; b < r.buffers.size(); ++b) {
      BufferRecord& rec = r.buffers[b];
      const int64_t wanted = stages[s].buffers[b].at;
      const uint32_t bytes = rec.row_bytes * rec.slots;
      const int variable = stages[s].buffers[b].variable;
      if (variable >= 0) {
        const VariableEntry& v = kept_.at(size_t(variable));
        const bool before = rec.flags & kBufferComplete;
        rec.offset = v.arena + (before ? 0 : variable_stride(v.bytes));
        offsets_[s].push_back(rec.offset);
        continue;
      }
      rec.offset =
          wanted < 0 ? align_up(end) : start + static_cast<uint32_t>(wanted);
      used = std::max(used, rec.offset + bytes);
      end = std::max(end, rec.offset + bytes);
      offsets_[s].push_back(rec.offset);
    }
    if (stages[s].slot_count) {
      for (const ChunkRecord& c : r.chunks) {
        r.slot_bytes = std::max(r.slot_bytes, sram_bytes(c));
      }
      r.slots = align_up(end);
      end = r.slots + stages[s].slot_count * r.slot_bytes;
      used = std::max(used, end);
    }
    StageView view;
    view.chunks = r.chunks.data();
    for (WeightRecord& w : r.weights) {
      if (w.place != WeightPlace::kSram || w.flags) continue;
      w.arena = align_up(end);
      end = w.arena + static_cast<uint32_t>(set_bytes(view, w));
      used = std::max(used, end);
    }
    for (SpillRecord& spill : r.spills) {
      spill.buffer = align_up(end);
      end = spill.buffer + page_bytes;
      used = std::max(used, end);
    }
    view.buffers = r.buffers.data(), view.ports = r.ports.data();
    view.actors = r.actors.data(), view.loops = stages[s].loops.data();
    for (ActorRecord& a : r.actors) {
      const int n = accumulator_rows(view, a);
      if (n == 0) continue;
      a.accumulator = align_up(end);
      const PortRecord& out = r.ports[a.out];
      end = a.accumulator +
            static_cast<uint32_t>(accumulator_bytes(
                n, columns(out), channels(out), sum_bytes(a.op, a.is_wide)));
      used = std::max(used, end);
    }
    uint32_t room = 0;
    for (const ActorRecord& a : r.actors) room = std::max(room, room_bytes(a));
    if (room == 0) continue;
    r.room = align_up(end);
    end = r.room + room;
    used = std::max(used, end);
  }
  h.arena_bytes = used;
}

inline std::vector<uint8_t> ProgramBuilder::bytes_of(size_t stage,
                                                     const Record& r) const {
  const StageOffsets o = stage_offsets(r.counts);
  std::vector<uint8_t> bytes(o.bytes);
  StageHeader h{};
  h.magic = kStageMagic;
  h.bytes = o.bytes;
  h.index = static_cast<uint16_t>(stage);
  h.buffers = r.counts.buffers, h.ports = r.counts.ports;
  h.actors = r.counts.actors, h.loops = r.counts.loops;
  h.weights = r.counts.weights, h.chunks = r.counts.chunks;
  h.params = r.counts.params, h.maps = r.counts.maps;
  h.order = r.counts.order;
  h.streams = r.counts.streams, h.targets = r.counts.targets;
  h.spills = r.counts.spills;
  h.slots = r.slots, h.slot_bytes = r.slot_bytes;
  h.slot_count = static_cast<uint16_t>(stages[stage].slot_count);
  h.room = r.room;
  std::memcpy(bytes.data(), &h, sizeof h);
  const auto put = [&](uint32_t at, const auto& table) {
    if (table.empty()) return;
    std::memcpy(bytes.data() + at, table.data(),
                table.size() * sizeof(table[0]));
  };
  put(o.buffers, r.buffers), put(o.ports, r.ports), put(o.actors, r.actors);
  put(o.loops, stages[stage].loops), put(o.weights, r.weights);
  put(o.chunks, r.chunks), put(o.params, r.params), put(o.maps, r.maps);
  put(o.order, stages[stage].order);
  put(o.streams, r.streams), put(o.targets, r.targets);
  put(o.spills, r.spills);
  return bytes;
}

inline bool ProgramBuilder::has_banks() const {
  for (const StageSpec& s : stages) {
    for (const ActorSpec& a : s.actors) {
      if (a.bank > 0 && !a.chunks.empty()) return true;
    }
  }
  return false;
}

inline bool ProgramBuilder::has_int4() const {
  for (const StageSpec& s : stages) {
    for (const ActorSpec& a : s.actors) {
      if (has_int4_weights(a.r)) return true;
    }
  }
  return false;
}

inline bool ProgramBuilder::has_int16() const {
  for (const StageSpec& s : stages) {
    for (const ActorSpec& a : s.actors) {
      if (a.r.is_wide) return true;
    }
  }
  return false;
}

inline std::vector<uint8_t> ProgramBuilder::build() {
  chunks_.clear(), stored_.clear(), offsets_.clear();
  if (!peers.empty()) inputs = outputs = 0;
  streams_ = targets_ = 0;
  first_pages_ = {0};
  ios_.assign(static_cast<size_t>(inputs + outputs), {});
  cursors_ = 0;
  std::vector<Record> records;
  for (size_t s = 0; s < stages.size(); ++s) records.push_back(record_of(s));
  Header h{};
  h.magic = kImageMagic, h.version = kImageVersion;
  h.arithmetic = kArithmetic, h.generation = generation;
  h.node = node, h.nodes = nodes;
  h.peers = static_cast<uint16_t>(peers.size());
  h.stages = static_cast<uint16_t>(stages.size());
  h.inputs = static_cast<uint16_t>(inputs);
  h.outputs = static_cast<uint16_t>(outputs);
  kept_.clear(), initial_.clear();
  for (const Variable& v : variables) {
    VariableEntry e{};
    e.bytes = v.bytes;
    e.fill = v.fill;
    e.initial =
        v.initial.empty() ? kNowhere : static_cast<uint32_t>(initial_.size());
    initial_.insert(initial_.end(), v.initial.begin(), v.initial.end());
    kept_.push_back(e);
  }
  if (!kept_.empty()) h.version = kVariablesVersion;
  if (has_banks()) h.version = kBanksVersion;
  if (has_int4()) h.version = kInt4Version;
  if (has_int16()) h.version = kWideVersion;
  const bool table = has_bank_table(h.version);
  const auto initial_bytes = static_cast<uint32_t>(initial_.size());
  h.head_bytes =
      head_bytes(h.stages, static_cast<uint32_t>(ios_.size()), h.peers,
                 static_cast<uint32_t>(kept_.size()), initial_bytes, table);
  place_fixed(h, records);
  place_memory(h, records);
  std::vector<StageEntry> entries;
  uint32_t at = h.head_bytes;
  for (const Record& r : records) {
    entries.push_back({at, record_bytes(r.counts)});
    at += record_bytes(r.counts);
  }
  std::vector<uint32_t> places(chunks_.size());
  for (bool stored : {false, true}) {
    for (size_t c = 0; c < chunks_.size(); ++c) {
      if (stored_[c] != stored) continue;
      places[c] = at;
      at = align_up(at + static_cast<uint32_t>(chunks_[c].size()) + kTagBytes);
    }
    (stored ? h.image_bytes : h.program_bytes) = at;
  }
  if (h.image_bytes > h.program_bytes) {
    Sha256 sha;
    for (size_t c = 0; c < chunks_.size(); ++c) {
      if (stored_[c]) sha.add(chunks_[c].data(), chunks_[c].size());
    }
    uint8_t digest[32];
    sha.finish(digest);
    std::memcpy(h.store_id, digest, sizeof h.store_id);
  }
  std::vector<uint8_t> image(at);
  uint8_t* to = image.data();
  std::memcpy(to, &h, sizeof h);
  to += sizeof h;
  std::memcpy(to, entries.data(), entries.size() * sizeof(StageEntry));
  to += entries.size() * sizeof(StageEntry);
  if (!ios_.empty()) {
    std::memcpy(to, ios_.data(), ios_.size() * sizeof(IoEntry));
  }
  to += ios_.size() * sizeof(IoEntry);
  if (!peers.empty()) {
    std::memcpy(to, peers.data(), peers.size() * sizeof(PeerEntry));
  }
  to += peers.size() * sizeof(PeerEntry);
  if (table) {
    std::memcpy(to, &banks_, sizeof banks_);
    to += sizeof banks_;
  }
  if (!kept_.empty() || table) {
    const VariableHeader kept{static_cast<uint16_t>(kept_.size()), 0,
                              initial_bytes};
    std::memcpy(to, &kept, sizeof kept);
    to += sizeof kept;
  }
  if (!kept_.empty()) {
    std::memcpy(to, kept_.data(), kept_.size() * sizeof(VariableEntry));
  }
  to += kept_.size() * sizeof(VariableEntry);
  std::copy(initial_.begin(), initial_.end(), to);
  for (size_t s = 0; s < records.size(); ++s) {
    for (ChunkRecord& c : records[s].chunks) c.offset = places[c.offset];
    const auto bytes = bytes_of(s, records[s]);
    std::copy(bytes.begin(), bytes.end(), image.begin() + entries[s].offset);
  }
  for (size_t c = 0; c < chunks_.size(); ++c) {
    std::copy(chunks_[c].begin(), chunks_[c].end(), image.begin() + places[c]);
  }
  seal_image(image.data(), static_cast<uint32_t>(image.size()));
  return image;
}

}  // namespace shoal::test
