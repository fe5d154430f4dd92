#include "device/transport/hdlc.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace shoal {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes encode(const Bytes& data) {
  Bytes out(hdlc_bound(static_cast<uint32_t>(data.size())));
  out.resize(
      hdlc_encode(data.data(), static_cast<uint32_t>(data.size()), out.data()));
  return out;
}

struct Line {
  // Frames that come out of these bytes.
  std::vector<Bytes> take(const Bytes& bytes) {
    std::vector<Bytes> frames;
    for (const uint8_t b : bytes) {
      if (const uint32_t n = decoder.push(b)) {
        frames.emplace_back(buffer, buffer + n);
      }
    }
    return frames;
  }
  uint8_t buffer[kSerialPayload + kHdlcCheckBytes];
  HdlcDecoder decoder{buffer, sizeof buffer};
};

Bytes noise(size_t count, unsigned seed) {
  std::mt19937 random(seed);
  Bytes out(count);
  for (uint8_t& b : out) b = static_cast<uint8_t>(random());
  return out;
}

TEST(Hdlc, KnownBytes) {
  // The check value of this code over "123456789" is 906E.
  EXPECT_EQ(encode({'1', '2', '3', '4', '5', '6', '7', '8', '9'}),
            (Bytes{0x7E, '1', '2', '3', '4', '5', '6', '7', '8', '9', 0x6E,
                   0x90, 0x7E}));
  const Bytes escaped = encode({0x7E, 0x7D});
  EXPECT_EQ(Bytes(escaped.begin() + 1, escaped.begin() + 5),
            (Bytes{0x7D, 0x5E, 0x7D, 0x5D}));
}

TEST(Hdlc, EveryLengthComesBack) {
  Line line;
  for (uint32_t n = 1; n <= kSerialPayload; ++n) {
    for (const Bytes& data : {noise(n, n), Bytes(n, 0x7E), Bytes(n, 0x7D)}) {
      const Bytes wire = encode(data);
      ASSERT_LE(wire.size(), hdlc_bound(n));
      EXPECT_EQ(line.take(wire), std::vector<Bytes>{data});
    }
  }
  EXPECT_EQ(line.decoder.dropped(), 0u);
}

TEST(Hdlc, TooLongIsDroppedAndTheNextComes) {
  Line line;
  EXPECT_TRUE(line.take(encode(Bytes(kSerialPayload + 1, 5))).empty());
  EXPECT_EQ(line.decoder.dropped(), 1u);
  EXPECT_EQ(line.take(encode({1, 2})), (std::vector<Bytes>{{1, 2}}));
}

TEST(Hdlc, EveryFlippedBitIsFoundAndTheNextComes) {
  const Bytes data = noise(20, 3), wire = encode(data);
  for (size_t i = 0; i < 8 * wire.size(); ++i) {
    Line line;
    Bytes bad = wire;
    bad[i / 8] ^= static_cast<uint8_t>(1u << (i % 8));
    for (const Bytes& frame : line.take(bad)) EXPECT_EQ(frame, data) << i;
    EXPECT_TRUE(line.take(bad).empty() || i / 8 == 0 ||
                i / 8 + 1 == wire.size())
        << i;
    line.take({0x7E});
    EXPECT_EQ(line.take(wire), std::vector<Bytes>{data}) << i;
  }
}

TEST(Hdlc, CutAnywhereTheNextComes) {
  const Bytes data = noise(30, 4), wire = encode(data);
  for (size_t n = 0; n + 1 < wire.size(); ++n) {
    Line line;
    EXPECT_TRUE(line.take(Bytes(wire.begin(), wire.begin() + n)).empty());
    EXPECT_EQ(line.take(wire), std::vector<Bytes>{data}) << n;
  }
}

}  // namespace
}  // namespace shoal
