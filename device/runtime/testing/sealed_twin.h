// The image as a store holds it that is sealed with a key.
#pragma once

#include <set>

#include "device/keys/store_key.h"
#include "device/link/cipher.h"
#include "device/program/testing/seal_image.h"
#include "device/program/vault.h"
#include "device/runtime/testing/program_builder.h"

namespace shoal::test {

inline constexpr uint8_t kNodeKey[kStoreKeyBytes] = {9, 8, 7, 6, 5};

inline std::vector<uint8_t> sealed(std::vector<uint8_t> image,
                                   const uint8_t* node_key = kNodeKey) {
  uint8_t* const bytes = image.data();
  auto* const h = reinterpret_cast<Header*>(bytes);
  h->flags |= kStoreSealed;
  seal_image(bytes, static_cast<uint32_t>(image.size()));
  uint8_t key[kStoreKeyBytes];
  derive_store_key(node_key, h->store_id, generation_of(*h), h->node, key);
  const HeadView head = view_head(bytes);
  const shoal_cipher& c = chacha20_poly1305();
  std::set<uint32_t> done;
  for (uint32_t s = 0; s < h->stages; ++s) {
    const StageEntry& e = head.stages[s];
    const StageView stage = view_stage(bytes + e.offset);
    for (uint32_t i = 0; i < stage.header->chunks; ++i) {
      const ChunkRecord& chunk = stage.chunks[i];
      if (chunk.offset < h->program_bytes) continue;
      if (!done.insert(chunk.offset).second) continue;
      seal_chunk(c, key, chunk.offset, bytes + chunk.offset, chunk.bytes);
    }
    if (!(h->flags & kImageUnmapped)) continue;
    seal_record(c, key, TagKind::kStage, e.offset, bytes + e.offset,
                e.bytes - kTagBytes);
  }
  if (h->flags & kImageUnmapped) {
    seal_record(c, key, TagKind::kHead, 0, bytes, h->head_bytes - kTagBytes);
  }
  return image;
}

}  // namespace shoal::test
