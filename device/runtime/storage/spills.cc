#include "device/runtime/storage/spills.h"

#include <cstring>

namespace shoal {

Status Spills::open() {
  const Header& h = node().header();
  if (!node().spill_area) return node().fail(Status::kWrongStore);
  SpillConfig c{};
  c.storage = &store_.reader.counted();
  c.area = node().spill_area;
  if (h.flags & kStoreSealed)
    c.cipher = node().source.cipher, c.key = store_.key;
  c.store_id = h.store_id;
  c.salt = node().start_salt;
  c.generation = generation_of(h);
  c.pages = h.spill_pages;
  c.page_bytes = h.spill_page_bytes;
  c.state = node().ports.arena + h.spill;
  const Status status = area_.open(c);
  return !failed(status) ? Status::kWait : fail(status, kNone);
}

Status Spills::recover() {
  const Status status = poll_area();
  return failed(status) ? fail(status, kNone) : status;
}

void Spills::begin_stage() {
  for (uint16_t i = 0; i < node().ports.stage.header->spills; ++i) {
    const bool leaves =
        node().ports.stage.ports[node().ports.stage.spills[i].port].is_read;
    copied_[i] = 0;
    states_[i] = leaves ? State::kRows : State::kWants;
    // Once for its rows, as every port, and once for the last page.
    if (leaves) ++node().schedule.pending;
  }
}

Status Spills::step() {
  const uint16_t spills = node().ports.stage.header->spills;
  if (spills == 0) return Status::kWait;
  const Status area = area_step();
  if (failed(area)) return area;
  bool moved = area == Status::kOk;
  for (uint16_t i = 0; i < spills; ++i) {
    if (states_[i] == State::kRows) moved |= copy_rows(i);
  }
  for (uint16_t n = 1; n <= spills && !area_.busy(); ++n) {
    const auto i = static_cast<uint16_t>((paged_ + n) % spills);
    if (states_[i] != State::kWants) continue;
    const Status start = start_page(i);
    if (failed(start)) return start;
    moved = true;
  }
  return moved ? Status::kOk : Status::kWait;
}

// kOk: something has ended; if it is not the page under way, the next request
// waits for nothing, and a caller that sleeps after a kWait would never see it.
Status Spills::poll_area() {
  const bool may = !store_.reader.busy() || area_.uses_storage();
  const Status status =
      area_.poll(!store_.reader.busy() && !area_.uses_storage());
  if (area_.uses_storage()) turn_ = false;
  if (status != Status::kWait) return status;
  return may && !area_.uses_storage() ? Status::kOk : Status::kWait;
}

Status Spills::area_step() {
  if (!area_.busy()) return Status::kWait;
  const Status status = poll_area();
  if (status == Status::kWait) return status;
  if (status != Status::kOk) return fail(status, paged_);
  if (area_.busy()) return Status::kOk;
  const PortRecord& p =
      node().ports.stage.ports[node().ports.stage.spills[paged_].port];
  const uint32_t all =
      static_cast<uint32_t>(rows(p)) * node().ports.row_bytes(p);
  if (!p.is_read)
    store_.reader.counts.checked_bytes += node().header().spill_page_bytes;
  states_[paged_] = State::kRows;
  if (p.is_read && copied_[paged_] == all) {
    states_[paged_] = State::kEnded;
    --node().schedule.pending;
  }
  return status;
}

Status Spills::start_page(uint16_t spill) {
  const SpillRecord& r = node().ports.stage.spills[spill];
  const bool leaves = node().ports.stage.ports[r.port].is_read;
  const uint32_t payload = page_payload(node().header().spill_page_bytes);
  const uint32_t at = copied_[spill];
  const uint32_t page = r.first_page + (leaves ? at - 1 : at) / payload;
  uint8_t* buffer = node().ports.arena + r.buffer;
  const Status status = leaves ? area_.start_write_page(page, buffer)
                               : area_.start_read_page(page, buffer);
  if (failed(status)) return fail(status, spill);
  if (leaves)
    store_.reader.counts.checked_bytes += node().header().spill_page_bytes;
  states_[spill] = State::kPage;
  paged_ = spill;
  return Status::kOk;
}

// Between the rows and the page buffer, as far as either goes.
bool Spills::copy_rows(uint16_t spill) {
  const SpillRecord& r = node().ports.stage.spills[spill];
  const PortRecord& p = node().ports.stage.ports[r.port];
  State& state = states_[spill];
  uint32_t& at = copied_[spill];
  const uint32_t payload = page_payload(node().header().spill_page_bytes);
  const uint32_t all =
      static_cast<uint32_t>(rows(p)) * node().ports.row_bytes(p);
  const uint32_t in_page = at % payload;
  uint32_t page_end = at - in_page + payload;
  if (page_end > all) page_end = all;
  uint32_t end =
      p.is_read ? node().ports.bytes_ready(p) : node().ports.bytes_free(p);
  if (end > page_end) end = page_end;
  if (end <= at) return false;
  uint8_t* buffer = node().ports.arena + r.buffer + in_page;
  if (p.is_read) {
    node().ports.copy_from(r.port, at, buffer, end - at);
  } else {
    node().ports.copy_to(r.port, at, buffer, end - at);
  }
  at = end;
  node().schedule.pass_bytes(r.port, end);
  if (end < page_end) return true;
  state = State::kWants;
  if (p.is_read) {
    const uint32_t used = end - (end - 1) / payload * payload;
    std::memset(node().ports.arena + r.buffer + used, 0, payload - used);
  } else if (end == all) {
    state = State::kEnded;
  }
  return true;
}

Status Spills::fail(Status status, uint16_t spill) {
  Fault f;
  f.status = status;
  f.table = Table::kSpill;
  if (spill != kNone) f.stage = node().stage_index;
  f.index = spill;
  return node().fail(f);
}

}  // namespace shoal
