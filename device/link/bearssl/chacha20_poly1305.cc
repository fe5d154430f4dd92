#include <bearssl/bearssl.h>

#include "device/base/wipe.h"
#include "device/link/cipher.h"
#include "device/link/wire.h"

namespace shoal {
namespace {

constexpr uint32_t kPolyBytes = 16;
constexpr uint32_t kNonceBytes = 12;

// A Cortex-M0+ has no product of 64 bits, and that of a Cortex-M3 takes a time
// that depends on its factors.
#if defined(__ARM_ARCH_6M__) || \
    (defined(__ARM_ARCH_7M__) && !defined(__ARM_FEATURE_DSP))
constexpr br_poly1305_run kRun = br_poly1305_ctmul32_run;
#else
constexpr br_poly1305_run kRun = br_poly1305_ctmul_run;
#endif

void run(const uint8_t* key, uint64_t packet, const void* head,
         uint32_t head_bytes, void* data, uint32_t bytes, uint8_t* tag,
         bool is_sealing) {
  uint8_t nonce[kNonceBytes];
  put32(nonce, static_cast<uint32_t>(packet));
  put32(nonce + 4, static_cast<uint32_t>(packet >> 32));
  put32(nonce + 8, 0);
  kRun(key, nonce, data, bytes, head, head_bytes, tag, br_chacha20_ct_run,
       is_sealing ? 1 : 0);
}

int seal(const uint8_t* key, uint64_t packet, const void* head,
         uint32_t head_bytes, void* data, uint32_t bytes) {
  run(key, packet, head, head_bytes, data, bytes,
      static_cast<uint8_t*>(data) + bytes, true);
  return 0;
}

int open(const uint8_t* key, uint64_t packet, const void* head,
         uint32_t head_bytes, void* data, uint32_t bytes) {
  uint8_t tag[kPolyBytes];
  run(key, packet, head, head_bytes, data, bytes, tag, false);
  // The time does not tell how much of the tag was right.
  uint8_t differs = 0;
  for (uint32_t i = 0; i < kPolyBytes; ++i) {
    differs |= static_cast<uint8_t>(
        tag[i] ^ static_cast<const uint8_t*>(data)[bytes + i]);
  }
  if (differs == 0) return 0;
  wipe(data, bytes);
  return -1;
}

}  // namespace

const shoal_cipher& chacha20_poly1305_bearssl() {
  static constexpr shoal_cipher kCipher = {kPolyBytes, seal, open};
  return kCipher;
}

}  // namespace shoal
