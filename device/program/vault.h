// Keys and sealing of a node's store, by the same functions where it is made
// (host) and where it is read (runtime). The cipher is the caller's and must
// have tags of kTagBytes (chacha20_poly1305() of device/link/cipher.h).
//
//   key      derive_store_key() of device/keys: of the node's own key, bound to
//   store id,
//            generation and node, so none of these is in a nonce
//   nonce    store_nonce(): kind and address, each written once with a key
//   chunk    seal_chunk(): encrypted in place, the tag behind it
//   record   seal_record(): head and stage records stay readable, their tag is
//            that of empty data with the record as associated data
//
// No heap; about 600 bytes of stack. Memory is the caller's.
#pragma once

#include <cstdint>

#include "device/program/image.h"
#include "device/shoal.h"

namespace shoal {

inline constexpr uint32_t kStoreKeyBytes = 32;
inline constexpr uint32_t kStoreIdBytes = 16;

// Returns the cipher's `packet` for what lies at `address` of the image.
constexpr uint64_t store_nonce(TagKind kind, uint32_t address) {
  return uint64_t{static_cast<uint32_t>(kind)} << 32 | address;
}

// All four: `bytes` are followed by room for (or by) kTagBytes of tag, false
// if the cipher has other tags or fails. After a false open_chunk() the bytes
// are of no use.
bool seal_chunk(const shoal_cipher&, const uint8_t key[kStoreKeyBytes],
                uint32_t address, uint8_t* bytes, uint32_t length);
bool open_chunk(const shoal_cipher&, const uint8_t key[kStoreKeyBytes],
                uint32_t address, uint8_t* bytes, uint32_t length);
// kind: kHead or kStage. The bytes stay as they are.
bool seal_record(const shoal_cipher&, const uint8_t key[kStoreKeyBytes],
                 TagKind kind, uint32_t address, uint8_t* bytes,
                 uint32_t length);
bool record_is_genuine(const shoal_cipher&, const uint8_t key[kStoreKeyBytes],
                       TagKind kind, uint32_t address, const uint8_t* bytes,
                       uint32_t length);

}  // namespace shoal
