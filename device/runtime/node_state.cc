#include "device/runtime/node_state.h"

#include <cstring>

#include "device/runtime/modules.h"

namespace shoal {
namespace {

bool wrong_store(const Header& h, const uint8_t* store_id) {
  return store_id && h.image_bytes > h.program_bytes &&
         std::memcmp(store_id, h.store_id, sizeof h.store_id) != 0;
}

}  // namespace

NodeState::NodeState(const shoal_config& c, void* arena, uint32_t bytes)
    : store_id(c.store_id),
      store_key(c.store_key),
      start_salt(c.start_salt),
      spill_area(c.spill_area),
      link(c.link),
      banks(c.banks),
      observer(c.tap),
      observer_user(c.tap_user),
      arena_bytes(bytes),
      bank_count(c.bank_count) {
  ports.arena = static_cast<uint8_t*>(arena);
  source.mapped = static_cast<const uint8_t*>(c.image);
  source.mapped_bytes = c.image ? c.image_bytes : 0;
  source.storage_bytes = c.image ? c.storage_bytes : c.image_bytes;
  source.cipher = c.store_cipher;
}

Status NodeState::fail(const Fault& what) {
  fault = what;
  return fault.status;
}

Status NodeState::fail(Status status) {
  Fault what;
  what.status = status;
  return fail(what);
}

Status NodeState::take_head(const uint8_t* checked) {
  head = view_head(checked);
  const Header& h = header();
  if (wrong_store(h, store_id)) return fail(Status::kWrongStore);
  if (arena_bytes < h.arena_bytes) return fail(Status::kArenaTooSmall);
  for (uint32_t b = 1; b <= kMaxBanks; ++b) {
    if (has_room(b, head.bank_bytes(b))) continue;
    Fault lacking;
    lacking.status = Status::kBankTooSmall;
    lacking.table = Table::kBank;
    lacking.index = static_cast<uint16_t>(b - 1);
    return fail(lacking);
  }
  if (h.peers && !modules.link) return fail(Status::kBadArgument);
  ports.cursors = reinterpret_cast<uint32_t*>(ports.arena + h.cursors);
  schedule.states = reinterpret_cast<ActorState*>(ports.arena + h.states);
  std::memset(ports.cursors, 0, h.cursor_count * sizeof(uint32_t));
  return Status::kOk;
}

bool NodeState::banks_usable() const {
  if (bank_count > 0 && !banks) return false;
  for (uint32_t i = 0; i < bank_count; ++i) {
    const auto at = reinterpret_cast<uintptr_t>(banks[i].data);
    if (at % kAlign != 0 || (at == 0 && banks[i].bytes > 0)) return false;
  }
  return true;
}

bool NodeState::has_room(uint32_t bank, uint32_t bytes) const {
  return bytes == 0 || (bank <= bank_count && banks[bank - 1].bytes >= bytes);
}

Status NodeState::take_record(uint16_t stage, const uint8_t* checked) {
  ports.stage = view_stage(checked);
  stage_index = stage;
  Fault lacking;
  lacking.status = Status::kBadArithmetic;
  lacking.table = Table::kActor;
  lacking.stage = stage;
  for (uint16_t i = 0; i < ports.stage.header->actors; ++i) {
    const ActorRecord& a = ports.stage.actors[i];
    const int kind = static_cast<int>(a.op) - 1;
    const Fire fire = (a.is_wide ? modules.wide : modules.fires)[kind];
    if (fire && (!has_int4_weights(a) || modules.int4[kind])) {
      continue;
    }
    lacking.index = i;
    lacking.layer = a.layer;
    return fail(lacking);
  }
  return Status::kOk;
}

Status NodeState::need_mapped_weights() {
  for (uint16_t i = 0; i < ports.stage.header->weights; ++i) {
    if (ports.stage.weights[i].place == WeightPlace::kMapped) continue;
    Fault lacking;
    lacking.status = Status::kStorage;
    lacking.table = Table::kWeights;
    lacking.stage = stage_index;
    lacking.index = i;
    return fail(lacking);
  }
  return Status::kOk;
}

void NodeState::begin_kept_rows(const StageView& stage) {
  for (uint32_t i = 0; i < stage.header->buffers; ++i) {
    const BufferRecord& b = stage.buffers[i];
    if (!(b.flags & kBufferKeep)) continue;
    for (uint32_t p = 0; p < uint32_t{b.writers} + b.readers; ++p) {
      const PortRecord& port = stage.ports[b.first_port + p];
      ports.cursors[port.cursor] = port.y0;
    }
  }
}

}  // namespace shoal
