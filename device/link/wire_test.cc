#include "device/link/wire.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "device/link/cipher.h"

namespace shoal {
namespace {

using Bytes = std::vector<uint8_t>;

// The example of spec/datagrams.md.
const Bytes kItems = {
    1, 5, 0, 0,    0,    0x3D, 0, 0, 0,                  // acknowledgement
    2, 3, 0, 0x40, 0x1F, 0,    0,                        // credit
    3, 2, 0, 0xA0, 0x0F, 0,    0, 4, 0, 11, 12, 13, 14,  // fragment
};

TEST(Wire, TheWriterWritesTheBytesOfTheSpecification) {
  uint8_t bytes[29];
  ItemWriter writer(bytes, bytes + sizeof bytes);
  EXPECT_TRUE(writer.ack(5, 0x3D));
  EXPECT_TRUE(writer.credit(3, 8000));
  const uint8_t rows[] = {11, 12, 13, 14};
  std::memcpy(writer.fragment(2, 4000, 4), rows, 4);
  EXPECT_EQ(writer.room(), 0u);
  EXPECT_EQ(Bytes(bytes, writer.end()), kItems);

  Bytes datagram(kDataHeadBytes);
  put_head(datagram.data(), {kFlagProbe, 1, 7, 9});
  datagram.insert(datagram.end(), kItems.begin(), kItems.end());
  datagram.resize(datagram.size() + 4);
  ASSERT_EQ(checksum_only().seal(nullptr, 9, datagram.data(), kDataHeadBytes,
                                 datagram.data() + kDataHeadBytes,
                                 static_cast<uint32_t>(kItems.size())),
            0);
  Bytes expected = {4, 1, 1, 0, 7, 0, 0, 0, 9, 0, 0, 0};
  expected.insert(expected.end(), kItems.begin(), kItems.end());
  for (int byte : {0x93, 0x31, 0x53, 0x4C}) expected.push_back(uint8_t(byte));
  EXPECT_EQ(datagram, expected);
}

TEST(Wire, TheHeadIsReadAsItWasWritten) {
  uint8_t bytes[kDataHeadBytes];
  put_head(bytes, {kFlagProbe, 0x0201, 0x06050403, 0x0A090807});
  for (uint32_t i = 2; i < kDataHeadBytes; ++i) EXPECT_EQ(bytes[i], i - 1);
  const DataHead head = get_head(bytes);
  EXPECT_EQ(head.flags, kFlagProbe);
  EXPECT_EQ(head.node, 0x0201);
  EXPECT_EQ(head.epoch, 0x06050403u);
  EXPECT_EQ(head.packet, 0x0A090807u);
}

TEST(Wire, TheWriterPutsNothingWhereThereIsNoRoom) {
  uint8_t bytes[8] = {};
  ItemWriter writer(bytes, bytes + 6);
  EXPECT_FALSE(writer.ack(1, 1));
  EXPECT_FALSE(writer.credit(1, 1));
  EXPECT_EQ(writer.end(), bytes);
}

TEST(Wire, TheReaderGivesEveryItem) {
  ItemReader reader(kItems.data(), static_cast<uint32_t>(kItems.size()));
  Item item;
  ASSERT_TRUE(reader.next(item));
  EXPECT_EQ(item.kind, ItemKind::kAck);
  EXPECT_EQ(item.value, 5u);
  EXPECT_EQ(item.mask, 0x3Du);
  ASSERT_TRUE(reader.next(item));
  EXPECT_EQ(item.kind, ItemKind::kCredit);
  EXPECT_EQ(item.number, 3);
  EXPECT_EQ(item.value, 8000u);
  ASSERT_TRUE(reader.next(item));
  EXPECT_EQ(item.kind, ItemKind::kFragment);
  EXPECT_EQ(item.number, 2);
  EXPECT_EQ(item.value, 4000u);
  EXPECT_EQ(item.length, 4);
  EXPECT_EQ(item.bytes, kItems.data() + 25);
  EXPECT_FALSE(reader.next(item));
  EXPECT_TRUE(reader.ok());
}

// Each prefix in memory of its own, so that a sanitizer sees a step too far.
TEST(Wire, EveryPrefixIsWholeItemsOrRefused) {
  for (size_t n = 0; n <= kItems.size(); ++n) {
    const std::vector<uint8_t> part(
        kItems.begin(), kItems.begin() + static_cast<std::ptrdiff_t>(n));
    ItemReader reader(part.data(), static_cast<uint32_t>(n));
    Item item;
    while (reader.next(item)) {
    }
    const bool whole = n == 0 || n == 9 || n == 16 || n == kItems.size();
    EXPECT_EQ(reader.ok(), whole) << n;
  }
}

TEST(Wire, UnknownKindsAndEmptyFragmentsAreRefused) {
  for (int kind = 0; kind < 256; ++kind) {
    std::vector<uint8_t> bytes(16, 0);
    bytes[0] = static_cast<uint8_t>(kind);
    ItemReader reader(bytes.data(), kind == 2 ? 7 : 9);
    Item item;
    EXPECT_EQ(reader.next(item), kind == 1 || kind == 2) << kind;
    EXPECT_EQ(reader.ok(), kind == 1 || kind == 2) << kind;
  }
}

TEST(Wire, PacketNumbersAreTheNearestWithTheseLowBits) {
  const uint64_t turn = uint64_t{1} << 32;
  EXPECT_EQ(whole_packet_number(0, 0), 0u);
  EXPECT_EQ(whole_packet_number(0, 9), 9u);
  EXPECT_EQ(whole_packet_number(5, 3), 3u);
  EXPECT_EQ(whole_packet_number(turn - 2, 1), turn + 1);
  EXPECT_EQ(whole_packet_number(turn + 1, 0xFFFFFFFE), turn - 2);
  EXPECT_EQ(whole_packet_number(7 * turn + 100, 100), 7 * turn + 100);
  // There is nothing before 0.
  EXPECT_EQ(whole_packet_number(1, 0xFFFFFFF0), 0xFFFFFFF0u);
}

}  // namespace
}  // namespace shoal
