#include "device/base/crc32c.h"
#include "device/link/cipher.h"
#include "device/link/wire.h"

namespace shoal {
namespace {

constexpr uint32_t kSumBytes = 4;

uint32_t sum(uint64_t packet, const void* head, uint32_t head_bytes,
             const uint8_t* data, uint32_t bytes) {
  uint8_t number[8];
  put32(number, static_cast<uint32_t>(packet));
  put32(number + 4, static_cast<uint32_t>(packet >> 32));
  uint32_t crc = crc32c(0, number, sizeof number);
  crc = crc32c(crc, static_cast<const uint8_t*>(head), head_bytes);
  return crc32c(crc, data, bytes);
}

int seal(const uint8_t*, uint64_t packet, const void* head, uint32_t head_bytes,
         void* data, uint32_t bytes) {
  uint8_t* d = static_cast<uint8_t*>(data);
  put32(d + bytes, sum(packet, head, head_bytes, d, bytes));
  return 0;
}

int open(const uint8_t*, uint64_t packet, const void* head, uint32_t head_bytes,
         void* data, uint32_t bytes) {
  const uint8_t* d = static_cast<const uint8_t*>(data);
  return get32(d + bytes) == sum(packet, head, head_bytes, d, bytes) ? 0 : -1;
}

}  // namespace

const shoal_cipher& checksum_only() {
  static constexpr shoal_cipher kCipher = {kSumBytes, seal, open};
  return kCipher;
}

}  // namespace shoal
