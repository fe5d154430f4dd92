#include "device/keys/program_key.h"

#include "device/base/wipe.h"
#include "device/keys/hmac.h"

namespace shoal {

static_assert(kProgramKeyBytes == kHmacBytes);

void derive_program_key(const uint8_t key[kProgramKeyBytes],
                        const uint8_t hash[32], uint32_t bytes, uint32_t count,
                        uint8_t out[kProgramKeyBytes]) {
  uint8_t extracted[kHmacBytes];
  hmac_sha256(hash, 32, key, kProgramKeyBytes, extracted);
  // It ends in HKDF's counter.
  uint8_t info[] = "shoal sent program\0\0\0\0\0\0\0\0";
  uint8_t* at = info + 18;
  const uint32_t numbers[] = {bytes, count};
  for (const uint32_t number : numbers) {
    for (int i = 0; i < 4; ++i) *at++ = static_cast<uint8_t>(number >> (8 * i));
  }
  *at = 1;
  static_assert(sizeof info == 18 + 4 + 4 + 1);
  hmac_sha256(extracted, kHmacBytes, info, sizeof info, out);
  wipe(extracted, sizeof extracted);
}

}  // namespace shoal
