#include <cstring>

#include "device/runtime/node.h"

namespace shoal {
namespace {

bool wrong_store(const Header& h, const shoal_config& config) {
  return config.store_id && h.image_bytes > h.program_bytes &&
         std::memcmp(config.store_id, h.store_id, sizeof h.store_id) != 0;
}

}  // namespace

Status Node::fail(const Fault& fault) {
  fault_ = fault;
  phase_ = Phase::kFailed;
  return fault_.status;
}

Status Node::fail(Status status) {
  Fault fault;
  fault.status = status;
  return fail(fault);
}

Status Node::open() {
  const auto misaligned = [](const void* p) {
    return reinterpret_cast<uintptr_t>(p) % kAlign != 0;
  };
  const shoal_cipher* cipher = config_.store_cipher;
  if (!ports_.arena || misaligned(ports_.arena) || misaligned(source_.mapped) ||
      (!source_.mapped && !source_.has_storage) ||
      !cipher != !config_.store_key ||
      (cipher &&
       (!cipher->seal || !cipher->open || cipher->tag_bytes != kTagBytes))) {
    return fail(Status::kBadArgument);
  }
  if (source_.mapped) return open_mapped();
  if (arena_bytes_ < sizeof(Header)) return fail(Status::kArenaTooSmall);
  if (source_.storage_bytes < sizeof(Header)) return fail(Status::kTooShort);
  return load_head();
}

// The key of the store, from numbers that nobody vouches for yet: with another
// key nothing opens.
void Node::set_key(const Header& h) {
  if (!config_.store_key) return;
  derive_store_key(config_.store_key, h.store_id, generation_of(h), h.node,
                   key_);
}

Status Node::open_mapped() {
  Fault f = check_header(source_.mapped, source_);
  if (f.status == Status::kOk) f = check_head(source_.mapped, source_);
  if (f.status != Status::kOk) return fail(f);
  head_ = view_head(source_.mapped);
  set_key(header());
  if (wrong_store(header(), config_)) return fail(Status::kWrongStore);
  if (arena_bytes_ < header().arena_bytes) return fail(Status::kArenaTooSmall);
  place_tables();
  for (uint16_t s = 0; s < header().stages; ++s) {
    const uint8_t* record = source_.mapped + head_.stages[s].offset;
    f = check_stage(head_, s, record, source_, numbers_);
    if (f.status != Status::kOk) return fail(f);
    const StageView stage = view_stage(record);
    start_keeping(stage);
    numbers_ = numbers_after(stage, numbers_);
  }
  stage_index_ = 0;
  ports_.stage = view_stage(source_.mapped + head_.stages[0].offset);
  Status status = keep_stage();
  while (status == Status::kOk && phase_ == Phase::kKeep) status = keep_step();
  // A request that was refused is made again by a step.
  return status == Status::kOk && !loaded() ? Status::kWait : status;
}

// An unmapped image is read piece by piece; every piece is checked before the
// next one is asked for.
Status Node::load_step() {
  if (phase_ == Phase::kKeep) return keep_step();
  if (phase_ == Phase::kRecover) return recover_step();
  const Status read = poll_read();
  if (read != Status::kOk) return read;
  switch (phase_) {
    case Phase::kHeader:
      return header_read();
    case Phase::kHead:
      return head_read();
    default:
      return record_read();
  }
}

Status Node::load_head() {
  phase_ = Phase::kHeader;
  return start_read(0, sizeof(Header), ports_.arena);
}

// Once, because what came may be wrong.
Status Node::head_failed(const Fault& fault) {
  if (again_) return fail(fault);
  again_ = true;
  ++reader_.counts.retries;
  return load_head();
}

Status Node::header_read() {
  const Fault f = check_header(ports_.arena, source_);
  if (f.status != Status::kOk) return head_failed(f);
  const Header& h = *reinterpret_cast<const Header*>(ports_.arena);
  // Whether all of it fits is asked when a tag has vouched for the numbers.
  if (arena_bytes_ < h.head || arena_bytes_ - h.head < h.head_bytes) {
    Fault small;
    small.status = Status::kArenaTooSmall;
    return head_failed(small);
  }
  head_ = view_head(ports_.arena + h.head);
  const uint32_t bytes = h.head_bytes;
  phase_ = Phase::kHead;
  return start_read(0, bytes, ports_.arena + h.head);
}

Status Node::head_read() {
  // The header was read twice; only this one has a tag.
  Fault f =
      check_header(reinterpret_cast<const uint8_t*>(head_.header), source_);
  if (f.status != Status::kOk) return head_failed(f);
  const Header& h = header();
  const uint8_t* head = reinterpret_cast<const uint8_t*>(&h);
  const uint64_t end = uint64_t{h.head} + h.head_bytes;
  if (h.head != static_cast<uint32_t>(head - ports_.arena) ||
      end > arena_bytes_) {
    f.status = Status::kBadTag;
    return head_failed(f);
  }
  set_key(h);
  f = check_head(head, source_);
  if (f.status != Status::kOk) return head_failed(f);
  if (wrong_store(h, config_)) return fail(Status::kWrongStore);
  if (arena_bytes_ < h.arena_bytes) return fail(Status::kArenaTooSmall);
  again_ = false;
  head_ = view_head(head);
  place_tables();
  phase_ = Phase::kRecords;
  return read_record(0);
}

Status Node::read_record(uint16_t stage) {
  stage_index_ = stage;
  const StageEntry& entry = head_.stages[stage];
  return start_read(entry.offset, entry.bytes, ports_.arena + header().record);
}

Status Node::record_read() {
  const uint8_t* record = ports_.arena + header().record;
  const Fault f = check_stage(head_, stage_index_, record, source_, numbers_);
  if (f.status != Status::kOk) {
    if (again_) return fail(f);
    again_ = true;
    ++reader_.counts.retries;
    return read_record(stage_index_);
  }
  again_ = false;
  ports_.stage = view_stage(record);
  if (phase_ == Phase::kRecords) {
    start_keeping(ports_.stage);
    numbers_ = numbers_after(ports_.stage, numbers_);
    return keep_stage();
  }
  begin_stage();
  return Status::kOk;
}

// The weights of ports_.stage that stay.
Status Node::keep_stage() {
  phase_ = Phase::kKeep;
  fetch_begin();
  return keep_step();
}

Status Node::keep_step() {
  for (;;) {
    const Status status = fetch_step();
    if (status != Status::kWait || asked_for_) return status;
    const auto next = static_cast<uint16_t>(stage_index_ + 1);
    if (next == header().stages) return start_frames();
    if (!source_.mapped) {
      phase_ = Phase::kRecords;
      return read_record(next);
    }
    stage_index_ = next;
    ports_.stage = view_stage(source_.mapped + head_.stages[next].offset);
    fetch_begin();
  }
}

void Node::place_tables() {
  const Header& h = header();
  ports_.cursors = reinterpret_cast<uint32_t*>(ports_.arena + h.cursors);
  schedule_.states = reinterpret_cast<ActorState*>(ports_.arena + h.states);
  std::memset(ports_.cursors, 0, h.cursor_count * sizeof(uint32_t));
}

void Node::start_keeping(const StageView& stage) {
  for (uint32_t i = 0; i < stage.header->buffers; ++i) {
    const BufferRecord& b = stage.buffers[i];
    if (!(b.flags & kBufferKeep)) continue;
    for (uint32_t p = 0; p < uint32_t{b.writers} + b.readers; ++p) {
      const PortRecord& port = stage.ports[b.first_port + p];
      ports_.cursors[port.cursor] = port.y0;
    }
  }
}

Status Node::start_frames() {
  const Status link = open_link();
  if (link != Status::kOk) return link;
  reset_variables();
  if (header().spill_pages == 0) return start_frame();
  const Status area = open_area();
  if (area != Status::kWait) return area;
  phase_ = Phase::kRecover;
  return recover_step();
}

Status Node::recover_step() {
  const Status status = poll_area();
  if (failed(status)) return spill_fault(status, kNone);
  if (area_.busy()) return status;
  return start_frame();
}

Status Node::start_frame() {
  numbers_ = {};
  if (header().spill_pages) area_.begin_frame();
  return enter_stage(0);
}

// Into the copies that the next frame, or the one under way, reads.
void Node::reset_variables() {
  for (uint32_t i = 0; i < head_.variable_count(); ++i) {
    const VariableEntry& v = head_.variables()[i];
    uint8_t* to = ports_.arena + v.arena;
    if (ports_.frames & 1) to += variable_stride(v.bytes);
    if (v.initial == kNowhere) {
      std::memset(to, v.fill, v.bytes);
    } else {
      std::memcpy(to, head_.initial() + v.initial, v.bytes);
    }
  }
}

// What the frame has written of variables lies in the other copies, so all
// that it read is still there. Rows that others had from it would come twice:
// nodes with peers begin again with their session.
Status Node::begin_again(bool reset) {
  if (!loaded() || linked_) return Status::kBadArgument;
  if (storage_is_busy()) return Status::kWait;
  if (reset) reset_variables();
  if (phase_ == Phase::kRun) {
    for (uint32_t i = 0; i < ports_.stage.header->buffers; ++i) {
      const BufferRecord& b = ports_.stage.buffers[i];
      if (b.flags & kBufferKeep) ports_.restart(b);
    }
  }
  const Status status = start_frame();
  return status == Status::kWait ? Status::kOk : status;
}

Status Node::enter_stage(uint16_t stage) {
  if (!source_.mapped) {
    // The record of the only stage, or of the last one checked, is there.
    const bool there =
        ports_.stage.header && ports_.stage.header->index == stage;
    stage_index_ = stage;
    phase_ = Phase::kEnter;
    if (!there) {
      if (linked_) close_streams();
      return read_record(stage);
    }
  } else {
    stage_index_ = stage;
    ports_.stage = view_stage(source_.mapped + head_.stages[stage].offset);
  }
  begin_stage();
  return Status::kOk;
}

void Node::begin_stage() {
  schedule_.begin();
  phase_ = Phase::kRun;
  fetch_begin();
  tape_.begin();
  spill_begin();
  if (linked_) begin_streams();
}

Status Node::end_stage() {
  for (uint32_t i = 0; i < ports_.stage.header->buffers; ++i) {
    const BufferRecord& b = ports_.stage.buffers[i];
    if (b.flags & kBufferKeep) ports_.rebase(b);
  }
  numbers_ = numbers_after(ports_.stage, numbers_);
  const auto next = static_cast<uint16_t>(stage_index_ + 1);
  if (next < header().stages) return enter_stage(next);
  ++ports_.frames;
  return start_frame();
}

}  // namespace shoal
