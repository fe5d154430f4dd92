#include "device/program/vault.h"

namespace shoal {

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
