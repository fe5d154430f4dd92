// Tags and the image hash. Every head, stage record and chunk ends in a tag of
// 16 bytes, made of kind, address (offset in the image), generation and length
// as little-endian uint32 and then the bytes themselves. Without a key
//
//   of a chunk  or a page it is their sums (device/base/word_sums.h): parity,
//               the sum's low word, the weighted sum. They find accidents, at
//               a twentieth of what SHA-256 takes; nobody is kept out without
//               a key anyway
//   any other   is the first 16 bytes of their SHA-256
//
// The hash is SHA-256 of the program part with the hash field and the head's
// tag as zeros; the head's tag is made after it and covers it.
//
// No heap; about 250 bytes of stack.
#pragma once

#include "device/program/image.h"

namespace shoal {

void make_tag(TagKind kind, uint32_t address, uint32_t generation,
              const uint8_t* bytes, uint32_t length, uint8_t tag[kTagBytes]);

// Returns whether the tag that follows `bytes` in memory is theirs.
bool tag_follows(TagKind kind, uint32_t address, uint32_t generation,
                 const uint8_t* bytes, uint32_t length);

// `head_bytes` includes the head's tag; sizeof(Header) + kTagBytes <=
// head_bytes <= program_bytes.
void make_image_hash(const uint8_t* image, uint32_t program_bytes,
                     uint32_t head_bytes, uint8_t hash[32]);

}  // namespace shoal
