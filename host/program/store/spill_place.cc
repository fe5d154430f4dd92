#include "host/program/store/spill_place.h"

#include <cstring>

#include "device/keys/store_key.h"
#include "device/program/vault.h"
#include "device/storage/ledger.h"
#include "host/plan/cost/wear.h"

namespace shoal {

std::optional<shoal_spill_area> spill_place(const PlanNode& node,
                                            const Storage& part,
                                            uint32_t image_bytes) {
  if (node.spill_pages == 0) return std::nullopt;
  const uint32_t block = node.spill_page_bytes;
  const uint32_t offset = (image_bytes + block - 1) / block * block;
  const int64_t directory = block;
  shoal_spill_area area{};
  area.offset = offset;
  area.bytes = static_cast<uint32_t>(spill_area_bytes(
      part, block, node.spill_pages, directory + int64_t{offset}));
  area.erase_bytes = block;
  area.write_bytes = static_cast<uint32_t>(part.write_bytes);
  return area;
}

std::vector<uint8_t> first_ledger(const shoal_spill_area& area, const Header& h,
                                  uint16_t node, const uint8_t* key) {
  std::vector<uint8_t> ledger(size_t{kLedgerBlocks} * area.erase_bytes, 0xFF);
  uint8_t store_key[kStoreKeyBytes];
  if (key) {
    derive_store_key(key, h.store_id, generation_of(h), node, store_key);
  }
  const LedgerEntry first =
      first_entry(key ? store_key : nullptr, generation_of(h), h.store_id);
  std::memcpy(ledger.data(), &first, sizeof first);
  return ledger;
}

}  // namespace shoal
