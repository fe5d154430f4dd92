#include "device/program/check.h"

#include <cstring>

#include "device/program/check_stage.h"
#include "device/program/chunk.h"
#include "device/program/io_pieces.h"
#include "device/program/link_layout.h"
#include "device/program/spill_layout.h"
#include "device/program/tag.h"
#include "device/program/vault.h"

namespace shoal {
namespace {

Fault fault(Status status, Table table = Table::kHeader, uint32_t index = kNone,
            int line = __builtin_LINE()) {
  Fault f;
  f.status = status;
  f.table = table;
  f.index = static_cast<uint16_t>(index);
  f.check = static_cast<uint16_t>(line);
  return f;
}

// The fixed regions in their order, each after the one before it. How large
// the link's tables are is known when the head has been read.
class Regions {
 public:
  Regions(const Header& h, bool mapped, uint32_t link_bytes) {
    put(h.cursors, uint64_t{4} * h.cursor_count);
    put(h.states, uint64_t{h.state_count} * sizeof(ActorState));
    if (!mapped) {
      put(h.head, h.head_bytes);
      put(h.record, h.record_bytes);
    }
    if (h.keep_bytes) put(h.keep, h.keep_bytes);
    if (h.spill_pages) put(h.spill, spill_state_bytes(h.spill_pages));
    if (h.peers) put(h.link, link_bytes);
  }
  // Both copies.
  void put(const VariableEntry& v) {
    put(v.arena, uint64_t{variable_stride(v.bytes)} * 2);
  }
  bool ordered() const { return ordered_; }
  uint64_t end() const { return end_; }

 private:
  void put(uint32_t offset, uint64_t bytes) {
    if (offset % kAlign != 0 || offset < end_) ordered_ = false;
    if (bytes > 0xFFFFFFFF) ordered_ = false;
    end_ = offset + bytes;
  }
  uint64_t end_ = 0;
  bool ordered_ = true;
};

Fault check_peers(const HeadView& head) {
  const Header& h = *head.header;
  for (uint32_t i = 0; i < h.peers; ++i) {
    const PeerEntry& p = head.peers[i];
    bool ok = (p.node < h.nodes || p.node == kCoordinator) &&
              p.node != h.node && p.window > 0 && p.window <= kMaxFlights;
    for (uint32_t j = 0; j < i; ++j) ok = ok && head.peers[j].node != p.node;
    if (!ok) return fault(Status::kBadRecord, Table::kPeer, i);
  }
  return {};
}

// Returns all but the variables.
Regions fixed_regions(const HeadView& head, bool mapped) {
  return {*head.header, mapped, link_layout(link_counts(head)).bytes};
}

// Checks a head whose other tables have been checked. The variables lie behind
// `regions`, and all of that in the arena.
Fault check_variables(const HeadView& head, Regions regions) {
  for (uint32_t i = 0; i < head.variable_count(); ++i) {
    const VariableEntry& v = head.variables()[i];
    bool ok = v.bytes > 0 && v.bytes < 0x40000000 && v.reserved[0] == 0 &&
              v.reserved[1] == 0 && v.reserved[2] == 0;
    ok = ok && (v.initial == kNowhere ||
                (v.fill == 0 &&
                 uint64_t{v.initial} + v.bytes <= head.initial_bytes()));
    if (ok) regions.put(v);
    if (!ok || !regions.ordered()) {
      return fault(Status::kBadRecord, Table::kVariable, i);
    }
  }
  if (regions.end() > head.header->arena_bytes) {
    return fault(Status::kBadRecord);
  }
  return {};
}

bool variable_counts_ok(const HeadView& head) {
  const Header& h = *head.header;
  if (!head.kept()) return true;
  const uint32_t ios = uint32_t{h.inputs} + h.outputs;
  const bool none_may_be = head.banks() && head.initial_bytes() == 0;
  return head.kept()->reserved == 0 &&
         (head.variable_count() > 0 || none_may_be) &&
         head.initial_bytes() <= h.head_bytes &&
         h.head_bytes == head_bytes(h.stages, ios, h.peers,
                                    head.variable_count(), head.initial_bytes(),
                                    head.banks() != nullptr);
}

Fault check_banks(const HeadView& head) {
  if (!head.banks()) return {};
  uint32_t any = 0;
  for (uint32_t i = 0; i < kMaxBanks; ++i) {
    const uint32_t bytes = head.banks()->bytes[i];
    if (bytes % kAlign != 0 || bytes > 0x7FFFFFFF) {
      return fault(Status::kBadRecord, Table::kBank, i);
    }
    any |= bytes;
  }
  const bool may_be_none = may_have_int4(head.header->version);
  if ((any == 0 && !may_be_none) || head.banks()->reserved != 0) {
    return fault(Status::kBadRecord, Table::kBank);
  }
  return {};
}

Fault check_entries(const HeadView& head, const ImageSource& source) {
  const Header& h = *head.header;
  for (uint32_t i = 0; i < h.stages; ++i) {
    const StageEntry& e = head.stages[i];
    const bool ok = e.offset % kAlign == 0 && e.offset >= h.head_bytes &&
                    e.bytes % 4 == 0 &&
                    e.bytes >= sizeof(StageHeader) + kTagBytes &&
                    uint64_t{e.offset} + e.bytes <= h.program_bytes &&
                    (source.mapped || e.bytes <= h.record_bytes);
    if (!ok) return fault(Status::kBadRecord, Table::kStage, i);
  }
  for (uint32_t i = 0; i < uint32_t{h.inputs} + h.outputs; ++i) {
    const IoEntry& io = head.ios[i];
    const bool ok = io.stage < h.stages && io.is_output == (i >= h.inputs) &&
                    piece_ok(head.ios, i);
    if (!ok) return fault(Status::kBadRecord, Table::kIo, i);
  }
  return check_peers(head);
}

// Returns the end of the fixed regions of a head whose tables have been
// checked.
uint64_t fixed_end(const HeadView& head, bool mapped) {
  Regions regions = fixed_regions(head, mapped);
  for (uint32_t i = 0; i < head.variable_count(); ++i) {
    regions.put(head.variables()[i]);
  }
  return regions.end();
}

// The two parts of the image, and whether the source has them.
Fault check_parts(const Header& h, const ImageSource& source) {
  const bool mapped = source.mapped != nullptr;
  const bool tape = h.image_bytes > h.program_bytes;
  const bool stored = tape || !mapped || h.spill_pages;
  const bool sealed = h.flags & kStoreSealed;
  if (mapped && h.program_bytes > source.mapped_bytes) {
    return fault(Status::kTooShort);
  }
  if (stored && !source.has_storage) return fault(Status::kStorage);
  if ((tape || !mapped) && h.image_bytes > source.storage_bytes) {
    return fault(Status::kTooShort);
  }
  if (sealed && !source.cipher) return fault(Status::kNoKey);
  if (stored && !sealed && source.cipher) return fault(Status::kNotSealed);
  if (h.program_bytes > h.image_bytes || h.program_bytes % kAlign != 0 ||
      h.head_bytes > h.program_bytes ||
      mapped == ((h.flags & kImageUnmapped) != 0)) {
    return fault(Status::kBadRecord);
  }
  return {};
}

// The tag of a head or a record. Of what is read from storage with a key it is
// the cipher's.
bool genuine(TagKind kind, uint32_t address, const Header& h,
             const uint8_t* bytes, uint32_t length, const ImageSource& source) {
  if (!(h.flags & kStoreSealed) || source.mapped) {
    return tag_follows(kind, address, h.generation, bytes, length);
  }
  return record_is_genuine(*source.cipher, source.key, kind, address, bytes,
                           length);
}

bool spill_fields_ok(const Header& h) {
  if (h.spill_pages == 0) return h.spill == kNowhere && h.spill_page_bytes == 0;
  return h.spill_pages <= kMostSpillPages && h.spill_page_bytes % kAlign == 0 &&
         h.spill_page_bytes > kTagBytes;
}

// Programs without peers have nothing of a link.
bool link_fields_ok(const Header& h) {
  if (h.peers) {
    return h.peers <= kMaxPeers && h.gaps <= kMaxGaps && h.inputs == 0 &&
           h.outputs == 0;
  }
  return h.link == 0 && h.targets == 0 && h.stage_targets == 0 &&
         h.stage_streams == 0 && h.gaps == 0;
}

}  // namespace

Fault check_header(const uint8_t* header, const ImageSource& source) {
  if ((source.mapped ? source.mapped_bytes : source.storage_bytes) <
      sizeof(Header)) {
    return fault(Status::kTooShort);
  }
  const Header& h = *reinterpret_cast<const Header*>(header);
  if (h.magic != kImageMagic) return fault(Status::kBadMagic);
  if (!is_known_version(h.version)) return fault(Status::kBadVersion);
  if (h.arithmetic != kArithmetic) return fault(Status::kBadArithmetic);
  const Fault parts = check_parts(h, source);
  if (parts.status != Status::kOk) return parts;
  const uint32_t ios = uint32_t{h.inputs} + h.outputs;
  const uint32_t least =
      head_bytes(h.stages, ios, h.peers, 0, 0, has_bank_table(h.version));
  // How many variables there are is known when the head has been read.
  const bool variables = h.version == kVariablesVersion;
  const bool wrong =
      h.version == kImageVersion
          ? h.head_bytes != least
          : h.head_bytes < least + (variables ? sizeof(VariableHeader) : 0);
  if (wrong) return fault(Status::kBadRecord);
  const bool mapped = source.mapped != nullptr;
  if (!spill_fields_ok(h)) return fault(Status::kBadRecord);
  const Regions regions(h, mapped, 0);
  if (!regions.ordered() || regions.end() > h.arena_bytes) {
    return fault(Status::kBadRecord);
  }
  if (h.stages == 0 || (h.flags & ~(kImageUnmapped | kStoreSealed)) != 0 ||
      !link_fields_ok(h)) {
    return fault(Status::kBadRecord);
  }
  return {};
}

Fault check_integrity(const uint8_t* head, const ImageSource& source) {
  const Header& h = *reinterpret_cast<const Header*>(head);
  if (!genuine(TagKind::kHead, 0, h, head, h.head_bytes - kTagBytes, source)) {
    return fault(Status::kBadTag);
  }
  if (source.mapped) {
    uint8_t hash[32];
    make_image_hash(source.mapped, h.program_bytes, h.head_bytes, hash);
    if (std::memcmp(hash, h.hash, sizeof hash) != 0) {
      return fault(Status::kBadHash);
    }
  }
  return {};
}

Fault check_head(const uint8_t* bytes, const ImageSource& source) {
  const HeadView head = view_head(bytes);
  if (!variable_counts_ok(head)) return fault(Status::kBadRecord);
  Fault tables = check_banks(head);
  if (tables.status == Status::kOk) tables = check_entries(head, source);
  if (tables.status != Status::kOk) return tables;
  return check_variables(head, fixed_regions(head, source.mapped != nullptr));
}

Fault check_stage(const HeadView& head, uint16_t stage, const uint8_t* record,
                  const ImageSource& source, StageNumbers numbers,
                  const ModuleChecks& checks) {
  const StageEntry& entry = head.stages[stage];
  if (!genuine(TagKind::kStage, entry.offset, *head.header, record,
               entry.bytes - kTagBytes, source)) {
    Fault f = fault(Status::kBadTag, Table::kStage);
    f.stage = stage;
    return f;
  }
  const uint64_t end = fixed_end(head, source.mapped != nullptr);
  return StageCheck(head, stage, record, source, static_cast<uint32_t>(end),
                    numbers, checks)
      .run();
}

bool chunk_values_ok(OpCode op, const ChunkRecord& chunk,
                     const uint8_t* bytes) {
  if (!has_quantized_chunk(op)) return true;
  const uint8_t* shifts =
      bytes + chunk.bytes - align_up(uint32_t{chunk.out_n}, 4);
  for (uint32_t i = 0; i < chunk.out_n; ++i) {
    const int shift = static_cast<int8_t>(shifts[i]);
    if (shift < -31 || shift > 30) return false;
  }
  return true;
}

}  // namespace shoal
