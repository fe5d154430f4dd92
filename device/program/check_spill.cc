#include "device/program/check_stage.h"

namespace shoal {

// Pages are numbered as they are written, stage after stage, so that one that
// is read has been written in this frame if its number has come before.
bool StageCheck::spills() {
  uint32_t written = 0;
  for (uint32_t i = 0; i < s_.header->spills; ++i) {
    at(Table::kSpill, i);
    const SpillRecord& r = s_.spills[i];
    if (!spill(r, i)) return false;
    if (!s_.ports[r.port].is_read) {
      if (!need(uint64_t{r.first_page} + r.pages <= numbers_.pages)) {
        return false;
      }
      continue;
    }
    if (!need(r.first_page == uint64_t{numbers_.pages} + written)) return false;
    written += r.pages;
  }
  at(Table::kStage, kNone);
  const Header& h = *head_.header;
  const uint64_t all = uint64_t{numbers_.pages} + written;
  return need(stage_ + 1 == h.stages ? all == h.spill_pages
                                     : all <= h.spill_pages);
}

bool StageCheck::spill(const SpillRecord& r, uint32_t index) {
  const Header& h = *head_.header;
  if (!need(h.spill_pages > 0) || !need(r.port < s_.header->ports) ||
      !need(r.reserved == 0)) {
    return false;
  }
  const PortRecord& p = s_.ports[r.port];
  if (!need(p.owner() == PortOwner::kSpill && p.owner_index() == index)) {
    return false;
  }
  const auto bytes = static_cast<uint32_t>(rows(p) * columns(p) * channels(p)) *
                     s_.buffers[p.buffer].element_bytes;
  const uint32_t payload = page_payload(h.spill_page_bytes);
  return need(r.pages == (bytes + payload - 1) / payload) &&
         need(r.pages <= h.spill_pages) &&
         need(in_arena(r.buffer, h.spill_page_bytes));
}

bool check_spills(StageCheck& c) { return c.spills(); }

}  // namespace shoal
