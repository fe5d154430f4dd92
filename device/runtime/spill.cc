#include <cstring>

#include "device/runtime/node.h"

namespace shoal {

Status Node::open_area() {
  const Header& h = header();
  if (!config_.spill_area) return fail(Status::kWrongStore);
  SpillConfig c{};
  c.storage = &reader_.counted();
  c.area = config_.spill_area;
  if (h.flags & kStoreSealed) c.cipher = config_.store_cipher, c.key = key_;
  c.store_id = h.store_id;
  c.salt = config_.start_salt;
  c.generation = generation_of(h);
  c.pages = h.spill_pages;
  c.page_bytes = h.spill_page_bytes;
  c.state = ports_.arena + h.spill;
  const Status status = area_.open(c);
  return !failed(status) ? Status::kWait : spill_fault(status, kNone);
}

void Node::spill_begin() {
  for (uint16_t i = 0; i < ports_.stage.header->spills; ++i) {
    const bool leaves = ports_.stage.ports[ports_.stage.spills[i].port].is_read;
    spills_[i] = {};
    spills_[i].state = leaves ? SpillPort::kRows : SpillPort::kWants;
    // Once for its rows, as every port, and once for the last page.
    if (leaves) ++schedule_.pending;
  }
}

// kOk: rows were copied, or a request for a page has ended.
Status Node::spill_step() {
  const uint16_t spills = ports_.stage.header->spills;
  if (spills == 0) return Status::kWait;
  const Status area = area_step();
  if (failed(area)) return area;
  bool moved = area == Status::kOk;
  for (uint16_t i = 0; i < spills; ++i) {
    if (spills_[i].state == SpillPort::kRows) moved |= spill_rows(i);
  }
  for (uint16_t n = 1; n <= spills && !area_.busy(); ++n) {
    const auto i = static_cast<uint16_t>((paged_ + n) % spills);
    if (spills_[i].state != SpillPort::kWants) continue;
    const Status start = start_page(i);
    if (failed(start)) return start;
    moved = true;
  }
  return moved ? Status::kOk : Status::kWait;
}

// kOk: something has ended; if it is not the page under way, the next request
// waits for nothing, and whoever sleeps after a kWait would never see it.
Status Node::poll_area() {
  const bool may = !reader_.busy() || area_.uses_storage();
  const Status status = area_.poll(!reader_.busy() && !area_.uses_storage());
  if (area_.uses_storage()) spill_turn_ = false;
  if (status != Status::kWait) return status;
  return may && !area_.uses_storage() ? Status::kOk : Status::kWait;
}

Status Node::area_step() {
  if (!area_.busy()) return Status::kWait;
  const Status status = poll_area();
  if (status == Status::kWait) return status;
  if (status != Status::kOk) return spill_fault(status, paged_);
  if (area_.busy()) return Status::kOk;
  SpillPort& s = spills_[paged_];
  const PortRecord& p = ports_.stage.ports[ports_.stage.spills[paged_].port];
  const uint32_t all = static_cast<uint32_t>(rows(p)) * ports_.row_bytes(p);
  if (!p.is_read) reader_.counts.checked_bytes += header().spill_page_bytes;
  s.state = SpillPort::kRows;
  if (p.is_read && s.at == all) {
    s.state = SpillPort::kEnded;
    --schedule_.pending;
  }
  return status;
}

Status Node::start_page(uint16_t spill) {
  const SpillRecord& r = ports_.stage.spills[spill];
  const bool leaves = ports_.stage.ports[r.port].is_read;
  const uint32_t payload = page_payload(header().spill_page_bytes);
  const uint32_t at = spills_[spill].at;
  const uint32_t page = r.first_page + (leaves ? at - 1 : at) / payload;
  uint8_t* buffer = ports_.arena + r.buffer;
  const Status status = leaves ? area_.start_write_page(page, buffer)
                               : area_.start_read_page(page, buffer);
  if (failed(status)) return spill_fault(status, spill);
  if (leaves) reader_.counts.checked_bytes += header().spill_page_bytes;
  spills_[spill].state = SpillPort::kPage;
  paged_ = spill;
  return Status::kOk;
}

// Between the rows and the page buffer, as far as either goes.
bool Node::spill_rows(uint16_t spill) {
  const SpillRecord& r = ports_.stage.spills[spill];
  const PortRecord& p = ports_.stage.ports[r.port];
  SpillPort& s = spills_[spill];
  const uint32_t payload = page_payload(header().spill_page_bytes);
  const uint32_t all = static_cast<uint32_t>(rows(p)) * ports_.row_bytes(p);
  const uint32_t in_page = s.at % payload;
  uint32_t page_end = s.at - in_page + payload;
  if (page_end > all) page_end = all;
  uint32_t end = p.is_read ? ports_.bytes_ready(p) : ports_.bytes_free(p);
  if (end > page_end) end = page_end;
  if (end <= s.at) return false;
  uint8_t* buffer = ports_.arena + r.buffer + in_page;
  if (p.is_read) {
    ports_.copy_from(r.port, s.at, buffer, end - s.at);
  } else {
    ports_.copy_to(r.port, s.at, buffer, end - s.at);
  }
  s.at = end;
  schedule_.pass_bytes(r.port, end);
  if (end < page_end) return true;
  s.state = SpillPort::kWants;
  if (p.is_read) {
    const uint32_t used = end - (end - 1) / payload * payload;
    std::memset(ports_.arena + r.buffer + used, 0, payload - used);
  } else if (end == all) {
    s.state = SpillPort::kEnded;
  }
  return true;
}

Status Node::spill_fault(Status status, uint16_t spill) {
  Fault f;
  f.status = status;
  f.table = Table::kSpill;
  if (spill != kNone) f.stage = stage_index_;
  f.index = spill;
  return fail(f);
}

}  // namespace shoal
