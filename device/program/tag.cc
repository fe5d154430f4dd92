#include "device/program/tag.h"

#include <cstring>

#include "device/base/word_sums.h"
#if defined(SHOAL_PLATFORM_SHA256)
#include "device/program/sha256.h"
#else
#include "device/program/portable_sha256.h"
#endif

namespace shoal {
namespace {

#if defined(SHOAL_PLATFORM_SHA256)
using Hash = Sha256;
#else
using Hash = PortableSha256;
#endif

void put_word(uint8_t* to, uint32_t v) {
  for (int i = 0; i < 4; ++i) to[i] = static_cast<uint8_t>(v >> (8 * i));
}

// False if SHA-256 fails; the tag is of no use then.
bool compute(TagKind kind, uint32_t address, uint32_t generation,
             const uint8_t* bytes, uint32_t length, uint8_t tag[kTagBytes]) {
  uint8_t bound[16];
  put_word(bound, static_cast<uint32_t>(kind));
  put_word(bound + 4, address);
  put_word(bound + 8, generation);
  put_word(bound + 12, length);
  if (kind == TagKind::kChunk || kind == TagKind::kPage) {
    WordSums sums;
    add_words(sums, bound, sizeof bound);
    add_words(sums, bytes, length);
    put_word(tag, sums.parity);
    put_word(tag + 4, static_cast<uint32_t>(sums.sum));
    put_word(tag + 8, static_cast<uint32_t>(sums.weighted));
    put_word(tag + 12, static_cast<uint32_t>(sums.weighted >> 32));
    return true;
  }
  uint8_t digest[32] = {};
  Hash sha;
  sha.add(bound, sizeof bound);
  sha.add(bytes, length);
  const bool ok = sha.finish(digest);
  std::memcpy(tag, digest, kTagBytes);
  return ok;
}

}  // namespace

void make_tag(TagKind kind, uint32_t address, uint32_t generation,
              const uint8_t* bytes, uint32_t length, uint8_t tag[kTagBytes]) {
  compute(kind, address, generation, bytes, length, tag);
}

bool tag_follows(TagKind kind, uint32_t address, uint32_t generation,
                 const uint8_t* bytes, uint32_t length) {
  uint8_t tag[kTagBytes];
  return compute(kind, address, generation, bytes, length, tag) &&
         std::memcmp(tag, bytes + length, kTagBytes) == 0;
}

void make_image_hash(const uint8_t* image, uint32_t program_bytes,
                     uint32_t head_bytes, uint8_t hash[32]) {
  static constexpr uint8_t kZeros[32] = {};
  constexpr size_t kAfterHash = sizeof(Header);
  const uint32_t tag = head_bytes - kTagBytes;
  Hash sha;
  sha.add(image, offsetof(Header, hash));
  sha.add(kZeros, 32);
  sha.add(image + kAfterHash, tag - kAfterHash);
  sha.add(kZeros, kTagBytes);
  sha.add(image + head_bytes, program_bytes - head_bytes);
  if (!sha.finish(hash)) std::memset(hash, 0, 32);
}

}  // namespace shoal
