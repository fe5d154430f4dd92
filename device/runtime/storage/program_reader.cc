#include "device/runtime/storage/program_reader.h"

#include "device/keys/store_key.h"
#include "device/program/vault.h"
#include "device/runtime/modules.h"

namespace shoal {

void ProgramReader::set_key(const Header& h) {
  if (!node().store_key) return;
  derive_store_key(node().store_key, h.store_id, generation_of(h), h.node,
                   store_.key);
}

Status ProgramReader::read(Piece piece, uint32_t offset, uint32_t bytes,
                           uint8_t* to) {
  piece_ = piece;
  const Status status = store_.reader.start(offset, bytes, to);
  return failed(status) ? read_failed(status) : status;
}

Status ProgramReader::read_failed(Status status) {
  Fault fault;
  fault.status = status;
  if (piece_ == Piece::kRecord) {
    fault.table = Table::kStage;
    fault.stage = node().stage_index;
  }
  return node().fail(fault);
}

Status ProgramReader::start() {
  if (node().arena_bytes < sizeof(Header)) {
    return node().fail(Status::kArenaTooSmall);
  }
  if (node().source.storage_bytes < sizeof(Header)) {
    return node().fail(Status::kTooShort);
  }
  return read_header();
}

Status ProgramReader::read_header() {
  return read(Piece::kHeader, 0, sizeof(Header), node().ports.arena);
}

Status ProgramReader::start_record(uint16_t stage) {
  node().stage_index = stage;
  const StageEntry& entry = node().head.stages[stage];
  return read(Piece::kRecord, entry.offset, entry.bytes,
              node().ports.arena + node().header().record);
}

Status ProgramReader::step() {
  const Status status = store_.reader.poll();
  if (failed(status)) return read_failed(status);
  if (status != Status::kOk) return status;
  switch (piece_) {
    case Piece::kHeader:
      return header_there();
    case Piece::kHead:
      return head_there();
    default:
      return record_there();
  }
}

Status ProgramReader::head_failed(const Fault& fault) {
  if (again_) return node().fail(fault);
  again_ = true;
  ++store_.reader.counts.retries;
  return read_header();
}

Status ProgramReader::header_there() {
  uint8_t* const arena = node().ports.arena;
  const Fault f = check_header(arena, node().source);
  if (f.status != Status::kOk) return head_failed(f);
  const Header& h = *reinterpret_cast<const Header*>(arena);
  // The size is checked only when a tag has vouched for the numbers.
  if (node().arena_bytes < h.head ||
      node().arena_bytes - h.head < h.head_bytes) {
    Fault small;
    small.status = Status::kArenaTooSmall;
    return head_failed(small);
  }
  node().head = view_head(arena + h.head);
  return read(Piece::kHead, 0, h.head_bytes, arena + h.head);
}

Status ProgramReader::head_there() {
  // The header was read twice; only this one has a tag.
  const uint8_t* head = reinterpret_cast<const uint8_t*>(node().head.header);
  Fault f = check_header(head, node().source);
  if (f.status != Status::kOk) return head_failed(f);
  const Header& h = node().header();
  const uint64_t end = uint64_t{h.head} + h.head_bytes;
  if (h.head != static_cast<uint32_t>(head - node().ports.arena) ||
      end > node().arena_bytes) {
    f.status = Status::kBadTag;
    return head_failed(f);
  }
  set_key(h);
  f = check_integrity(head, node().source);
  if (f.status == Status::kOk) f = check_head(head, node().source);
  if (f.status != Status::kOk) return head_failed(f);
  const Status status = node().take_head(head);
  if (status != Status::kOk) return status;
  again_ = false;
  return start_record(0);
}

Status ProgramReader::record_there() {
  const uint16_t stage = node().stage_index;
  const uint8_t* record = node().ports.arena + node().header().record;
  const Fault f = check_stage(node().head, stage, record, node().source,
                              node().numbers, modules.checks);
  if (f.status != Status::kOk) {
    if (again_) return node().fail(f);
    again_ = true;
    ++store_.reader.counts.retries;
    return start_record(stage);
  }
  again_ = false;
  return node().take_record(stage, record);
}

}  // namespace shoal
