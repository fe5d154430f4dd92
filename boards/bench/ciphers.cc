#include "boards/bench/ciphers.h"

#include "device/link/cipher.h"
#include "device/port/console.h"
#include "device/program/tag.h"
#include "device/program/vault.h"

namespace shoal {
namespace {

constexpr uint32_t kAddress = 4096, kGeneration = 3;

void fill(uint8_t* bytes, uint32_t count) {
  uint32_t state = 2463534242u;  // xorshift
  for (uint32_t i = 0; i < count; ++i) {
    state ^= state << 13, state ^= state >> 17, state ^= state << 5;
    bytes[i] = static_cast<uint8_t>(state);
  }
}

TagKind kind_of(const BenchCipher& c) {
  return c.tag == BenchTag::kSums ? TagKind::kChunk : TagKind::kStage;
}

bool close(const BenchCipher& c, const uint8_t* key, uint8_t* bytes) {
  if (c.tag == BenchTag::kChacha20Poly1305) {
    return seal_chunk(chacha20_poly1305(), key, kAddress, bytes, c.bytes);
  }
  make_tag(kind_of(c), kAddress, kGeneration, bytes, c.bytes, bytes + c.bytes);
  return true;
}

bool check(const BenchCipher& c, const uint8_t* key, uint8_t* bytes) {
  if (c.tag == BenchTag::kChacha20Poly1305) {
    return open_chunk(chacha20_poly1305(), key, kAddress, bytes, c.bytes);
  }
  return tag_follows(kind_of(c), kAddress, kGeneration, bytes, c.bytes);
}

}  // namespace

BenchCipherResult measure_cipher(const BenchCipher& c, const BenchClock& clock,
                                 uint8_t* memory) {
  uint8_t key[kStoreKeyBytes];
  fill(key, sizeof key);
  fill(memory, c.bytes);
  BenchCipherResult r{};
  if (!close(c, key, memory)) return r;
  const uint64_t begin = clock.ticks(clock.user);
  const bool passed = check(c, key, memory);
  const uint64_t spent = clock.ticks(clock.user) - begin;
  r.ticks = spent > clock.empty ? spent - clock.empty : 0;
  if (passed) r.checksum = crc32_add(0, memory, c.bytes);
  return r;
}

}  // namespace shoal
