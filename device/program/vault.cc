#include "device/program/vault.h"

#include <cstring>

#include "device/base/wipe.h"
#include "device/program/hmac.h"

namespace shoal {

static_assert(kStoreKeyBytes == kHmacBytes);

void derive_store_key(const uint8_t node_key[kStoreKeyBytes],
                      const uint8_t store_id[kStoreIdBytes],
                      uint64_t generation, uint16_t node,
                      uint8_t out[kStoreKeyBytes]) {
  uint8_t extracted[kHmacBytes];
  hmac_sha256(store_id, kStoreIdBytes, node_key, kStoreKeyBytes, extracted);
  uint8_t info[] = "shoal store\0\0\0\0\0\0\0\0\0\0";  // ends in HKDF's counter
  uint8_t* at = info + 11;
  for (int i = 0; i < 8; ++i) {
    *at++ = static_cast<uint8_t>(generation >> (8 * i));
  }
  for (int i = 0; i < 2; ++i) *at++ = static_cast<uint8_t>(node >> (8 * i));
  *at = 1;
  static_assert(sizeof info == 11 + 8 + 2 + 1);
  hmac_sha256(extracted, kHmacBytes, info, sizeof info, out);
  wipe(extracted, sizeof extracted);
}

bool seal_chunk(const shoal_cipher& cipher, const uint8_t key[kStoreKeyBytes],
                uint32_t address, uint8_t* bytes, uint32_t length) {
  return cipher.tag_bytes == kTagBytes &&
         cipher.seal(key, store_nonce(TagKind::kChunk, address), nullptr, 0,
                     bytes, length) == 0;
}

bool open_chunk(const shoal_cipher& cipher, const uint8_t key[kStoreKeyBytes],
                uint32_t address, uint8_t* bytes, uint32_t length) {
  return cipher.tag_bytes == kTagBytes &&
         cipher.open(key, store_nonce(TagKind::kChunk, address), nullptr, 0,
                     bytes, length) == 0;
}

bool seal_record(const shoal_cipher& cipher, const uint8_t key[kStoreKeyBytes],
                 TagKind kind, uint32_t address, uint8_t* bytes,
                 uint32_t length) {
  return cipher.tag_bytes == kTagBytes &&
         cipher.seal(key, store_nonce(kind, address), bytes, length,
                     bytes + length, 0) == 0;
}

bool record_is_genuine(const shoal_cipher& cipher,
                       const uint8_t key[kStoreKeyBytes], TagKind kind,
                       uint32_t address, const uint8_t* bytes,
                       uint32_t length) {
  // Nothing is decrypted, so nothing is written.
  uint8_t* tag = const_cast<uint8_t*>(bytes) + length;
  return cipher.tag_bytes == kTagBytes &&
         cipher.open(key, store_nonce(kind, address), bytes, length, tag, 0) ==
             0;
}

}  // namespace shoal
