#include "device/program/tag.h"

#include <cstring>

#include "device/program/sha256.h"

namespace shoal {
namespace {

void put_word(uint8_t* to, uint32_t v) {
  for (int i = 0; i < 4; ++i) to[i] = static_cast<uint8_t>(v >> (8 * i));
}

bool digest_of(TagKind kind, uint32_t address, uint32_t generation,
               const uint8_t* bytes, uint32_t length, uint8_t digest[32]) {
  uint8_t bound[16];
  put_word(bound, static_cast<uint32_t>(kind));
  put_word(bound + 4, address);
  put_word(bound + 8, generation);
  put_word(bound + 12, length);
  Sha256 sha;
  sha.add(bound, sizeof bound);
  sha.add(bytes, length);
  return sha.finish(digest);
}

}  // namespace

void make_tag(TagKind kind, uint32_t address, uint32_t generation,
              const uint8_t* bytes, uint32_t length, uint8_t tag[kTagBytes]) {
  uint8_t digest[32] = {};
  digest_of(kind, address, generation, bytes, length, digest);
  std::memcpy(tag, digest, kTagBytes);
}

bool tag_follows(TagKind kind, uint32_t address, uint32_t generation,
                 const uint8_t* bytes, uint32_t length) {
  uint8_t digest[32];
  if (!digest_of(kind, address, generation, bytes, length, digest)) {
    return false;
  }
  // In constant time: with a key the tag must not leak byte by byte.
  unsigned difference = 0;
  for (uint32_t i = 0; i < kTagBytes; ++i) {
    difference |= static_cast<unsigned>(digest[i] ^ bytes[length + i]);
  }
  return difference == 0;
}

void make_image_hash(const uint8_t* image, uint32_t program_bytes,
                     uint32_t head_bytes, uint8_t hash[32]) {
  static constexpr uint8_t kZeros[32] = {};
  constexpr size_t kAfterHash = sizeof(Header);
  const uint32_t tag = head_bytes - kTagBytes;
  Sha256 sha;
  sha.add(image, offsetof(Header, hash));
  sha.add(kZeros, 32);
  sha.add(image + kAfterHash, tag - kAfterHash);
  sha.add(kZeros, kTagBytes);
  sha.add(image + head_bytes, program_bytes - head_bytes);
  if (!sha.finish(hash)) std::memset(hash, 0, 32);
}

}  // namespace shoal
