#include "device/storage/ledger.h"

#include <cstring>

#include "device/keys/hmac.h"
#include "device/program/tag.h"

namespace shoal {
namespace {

constexpr uint32_t kKeyBytes = 32;

void entry_tag(const uint8_t* key, uint64_t generation,
               const LedgerEntry& entry, uint8_t tag[kTagBytes]) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(&entry);
  constexpr uint32_t kLength = offsetof(LedgerEntry, tag);
  if (!key) {
    make_tag(TagKind::kLedger, 0, static_cast<uint32_t>(generation), bytes,
             kLength, tag);
    return;
  }
  uint8_t mac[kHmacBytes];
  hmac_sha256(key, kKeyBytes, bytes, kLength, mac);
  std::memcpy(tag, mac, kTagBytes);
}

}  // namespace

void seal_entry(const uint8_t* store_key, uint64_t generation,
                LedgerEntry& entry) {
  entry_tag(store_key, generation, entry, entry.tag);
}

bool entry_is_genuine(const uint8_t* store_key, uint64_t generation,
                      const LedgerEntry& entry) {
  if (entry.magic != kLedgerMagic) return false;
  uint8_t tag[kTagBytes];
  entry_tag(store_key, generation, entry, tag);
  unsigned difference = 0;  // in constant time
  for (uint32_t i = 0; i < kTagBytes; ++i) {
    difference |= static_cast<unsigned>(tag[i] ^ entry.tag[i]);
  }
  return difference == 0 && entry.bad_blocks <= kMostBadBlocks;
}

LedgerEntry first_entry(const uint8_t* store_key, uint64_t generation,
                        const uint8_t store_id[16]) {
  LedgerEntry entry{};
  entry.magic = kLedgerMagic;
  entry.sequence = 1;
  std::memcpy(entry.store_id, store_id, sizeof entry.store_id);
  seal_entry(store_key, generation, entry);
  return entry;
}

void derive_page_key(const uint8_t store_key[32], const uint8_t salt[16],
                     uint8_t out[32]) {
  uint8_t label[] = "shoal spill\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
  static_assert(sizeof label == 11 + 16);
  std::memcpy(label + 11, salt, 16);
  hmac_sha256(store_key, kKeyBytes, label, sizeof label, out);
}

}  // namespace shoal
