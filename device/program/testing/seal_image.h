// Puts all tags and the hash of an image in place, after its tables and chunks
// have been written or changed; what the host emits has them already.
#pragma once

#include "device/program/record.h"
#include "device/program/tag.h"

namespace shoal {

inline bool lies_inside(uint32_t offset, uint64_t bytes, uint32_t image_bytes) {
  return offset % kAlign == 0 && uint64_t{offset} + bytes <= image_bytes;
}

inline void seal_chunks(uint8_t* image, uint32_t image_bytes,
                        uint32_t generation, const StageView& stage) {
  // A table that points into itself may change while tags are written.
  const uint32_t count = stage.header->chunks;
  for (uint32_t i = 0; i < count; ++i) {
    const ChunkRecord chunk = stage.chunks[i];
    if (!lies_inside(chunk.offset, uint64_t{chunk.bytes} + kTagBytes,
                     image_bytes)) {
      continue;
    }
    uint8_t* bytes = image + chunk.offset;
    make_tag(TagKind::kChunk, chunk.offset, generation, bytes, chunk.bytes,
             bytes + chunk.bytes);
  }
}

// Tags of every chunk and record that lie inside the image, the hash, the
// head's tag. Uses header.generation. An image whose tables point outside
// itself is sealed as far as they do not. `image` is 4-byte aligned.
inline void seal_image(uint8_t* image, uint32_t image_bytes) {
  if (image_bytes < sizeof(Header) + kTagBytes) return;
  const HeadView head = view_head(image);
  const uint32_t generation = head.header->generation;
  const uint32_t head_size = head.header->head_bytes;
  const uint32_t program_bytes = head.header->program_bytes;
  if (head_size < sizeof(Header) + kTagBytes || head_size > program_bytes ||
      program_bytes > image_bytes) {
    return;
  }
  const uint32_t stages = head.header->stages;
  for (uint32_t s = 0; s < stages; ++s) {
    const size_t end = sizeof(Header) + (s + 1) * sizeof(StageEntry);
    if (end > head_size) break;
    const StageEntry entry = head.stages[s];
    if (entry.bytes < sizeof(StageHeader) + kTagBytes ||
        !lies_inside(entry.offset, entry.bytes, image_bytes)) {
      continue;
    }
    uint8_t* record = image + entry.offset;
    const StageView stage = view_stage(record);
    if (record_bytes(stage_counts(*stage.header)) <= entry.bytes) {
      seal_chunks(image, image_bytes, generation, stage);
    }
    const uint32_t length = entry.bytes - kTagBytes;
    make_tag(TagKind::kStage, entry.offset, generation, record, length,
             record + length);
  }
  make_image_hash(image, program_bytes, head_size,
                  image + offsetof(Header, hash));
  make_tag(TagKind::kHead, 0, generation, image, head_size - kTagBytes,
           image + head_size - kTagBytes);
}

}  // namespace shoal
