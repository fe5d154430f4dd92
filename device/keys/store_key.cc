#include "device/keys/store_key.h"

#include "device/base/wipe.h"
#include "device/keys/hmac.h"

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

}  // namespace shoal
