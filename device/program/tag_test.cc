#include "device/program/tag.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "device/program/record.h"

namespace shoal {
namespace {

// Expects what holds for every tag. `bytes`: 3 and their tag, of address 16.
void expect_bound(TagKind kind, uint8_t bytes[3 + kTagBytes]) {
  const TagKind other =
      kind == TagKind::kChunk ? TagKind::kStage : TagKind::kChunk;
  EXPECT_TRUE(tag_follows(kind, 16, 7, bytes, 3));
  EXPECT_FALSE(tag_follows(other, 16, 7, bytes, 3));
  EXPECT_FALSE(tag_follows(kind, 32, 7, bytes, 3));
  EXPECT_FALSE(tag_follows(kind, 16, 8, bytes, 3));
  for (size_t i = 0; i < 3 + kTagBytes; ++i) {
    bytes[i] ^= 1;
    EXPECT_FALSE(tag_follows(kind, 16, 7, bytes, 3)) << i;
    bytes[i] ^= 1;
  }
}

// printf '\x02\0\0\0\x10\0\0\0\x07\0\0\0\x03\0\0\0abc' | sha256sum
TEST(Tag, OfARecordIsTheBeginningOfSha256OverWhatItIsBoundTo) {
  constexpr uint8_t kExpected[kTagBytes] = {0xde, 0x5b, 0x52, 0x76, 0x59, 0x38,
                                            0xb6, 0x9f, 0x12, 0x4d, 0x98, 0x6e,
                                            0x58, 0xa3, 0x05, 0xb0};
  uint8_t bytes[3 + kTagBytes] = {'a', 'b', 'c'};
  make_tag(TagKind::kStage, 16, 7, bytes, 3, bytes + 3);
  EXPECT_EQ(std::memcmp(bytes + 3, kExpected, kTagBytes), 0);
  expect_bound(TagKind::kStage, bytes);
}

// By hand: five words, of which the last one is the three bytes.
TEST(Tag, OfAChunkIsItsSums) {
  constexpr uint8_t kExpected[kTagBytes] = {0x76, 0x62, 0x63, 0x00, 0x7e, 0x62,
                                            0x63, 0x00, 0xcb, 0x62, 0x63, 0x00,
                                            0x00, 0x00, 0x00, 0x00};
  uint8_t bytes[3 + kTagBytes] = {'a', 'b', 'c'};
  make_tag(TagKind::kChunk, 16, 7, bytes, 3, bytes + 3);
  EXPECT_EQ(std::memcmp(bytes + 3, kExpected, kTagBytes), 0);
  expect_bound(TagKind::kChunk, bytes);
  // One chunk's bytes and tag at the place of another one of equal length.
  uint8_t other[3 + kTagBytes] = {'a', 'b', 'c'};
  make_tag(TagKind::kChunk, 48, 7, other, 3, other + 3);
  EXPECT_FALSE(tag_follows(TagKind::kChunk, 16, 7, other, 3));
  make_tag(TagKind::kPage, 16, 7, other, 3, other + 3);
  expect_bound(TagKind::kPage, other);
}

TEST(Tag, TheHashCoversAllButItselfAndTheHeadsTag) {
  std::vector<uint8_t> image(512, 9);
  const uint32_t head = 240;
  uint8_t hash[32], other[32];
  make_image_hash(image.data(), 512, head, hash);
  for (uint32_t i = 0; i < 512; ++i) {
    const bool left_out = (i >= offsetof(Header, hash) && i < sizeof(Header)) ||
                          (i >= head - kTagBytes && i < head);
    image[i] ^= 4;
    make_image_hash(image.data(), 512, head, other);
    image[i] ^= 4;
    EXPECT_EQ(std::memcmp(hash, other, 32) == 0, left_out) << i;
  }
}

TEST(Record, TablesFollowOneAnother) {
  StageCounts n;
  n.buffers = 2, n.ports = 4, n.actors = 1, n.loops = 1, n.weights = 1;
  n.chunks = 3, n.params = 5, n.maps = 3, n.order = 2, n.spills = 1;
  const StageOffsets o = stage_offsets(n);
  EXPECT_EQ(o.ports, 48u + 2 * 28);
  EXPECT_EQ(o.actors, o.ports + 4 * 20);
  EXPECT_EQ(o.loops, o.actors + 56);
  EXPECT_EQ(o.chunks, o.weights + 12);
  EXPECT_EQ(o.order, o.maps + 8);
  EXPECT_EQ(o.spills, o.order + 8);
  EXPECT_EQ(o.end, o.spills + 16);
  EXPECT_EQ(record_bytes(n) % 16, 0u);
  EXPECT_LT(o.end + kTagBytes, record_bytes(n) + 1);
  EXPECT_EQ(head_bytes(1, 2), 240u);
}

}  // namespace
}  // namespace shoal
