#include "host/engine/board/console.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "host/base/error.h"

namespace shoal {
namespace {

// A message as spec/stores.md writes it down.
std::vector<uint8_t> encoded(uint8_t type,
                             const std::vector<uint8_t>& payload) {
  std::vector<uint8_t> bytes{'S', 'F', type, 0};
  const auto put = [&](uint32_t v) {
    for (int i = 0; i < 4; ++i) {
      bytes.push_back(static_cast<uint8_t>(v >> (8 * i)));
    }
  };
  put(static_cast<uint32_t>(payload.size()));
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  put(crc32_add(0, bytes.data() + 2, static_cast<uint32_t>(bytes.size() - 2)));
  return bytes;
}

struct Heard {
  std::vector<ConsoleMessage> messages;
  ConsoleDecoder decoder{
      [this](const ConsoleMessage& f) { messages.push_back(f); }};
};

std::vector<uint8_t> random_bytes(size_t count, std::mt19937& random) {
  std::vector<uint8_t> bytes(count);
  for (uint8_t& b : bytes) b = static_cast<uint8_t>(random());
  return bytes;
}

TEST(Crc32, IsThatOfZlib) {
  const char text[] = "123456789";
  const auto* bytes = reinterpret_cast<const uint8_t*>(text);
  EXPECT_EQ(crc32_add(0, bytes, 9), 0xCBF43926u);
  EXPECT_EQ(crc32_add(crc32_add(0, bytes, 4), bytes + 4, 5), 0xCBF43926u);
  EXPECT_EQ(crc32_add(0, bytes, 0), 0u);
}

TEST(ConsoleDecoder, PiecesOfAnySizeGiveTheMessages) {
  std::mt19937 random(7);
  std::vector<uint8_t> all;
  std::vector<std::vector<uint8_t>> payloads;
  for (size_t i = 0; i < 40; ++i) {
    payloads.push_back(random_bytes(random() % 300, random));
    const auto one = encoded(static_cast<uint8_t>(1 + i % 7), payloads[i]);
    all.insert(all.end(), one.begin(), one.end());
  }
  for (const size_t most : {size_t{1}, size_t{13}, all.size()}) {
    Heard heard;
    for (size_t at = 0; at < all.size();) {
      const size_t n = std::min(all.size() - at, 1 + random() % most);
      heard.decoder.feed({all.data() + at, n});
      at += n;
    }
    ASSERT_EQ(heard.messages.size(), payloads.size());
    EXPECT_TRUE(heard.decoder.at_rest());
    for (size_t i = 0; i < payloads.size(); ++i) {
      EXPECT_EQ(heard.messages[i].payload, payloads[i]);
      EXPECT_EQ(static_cast<size_t>(heard.messages[i].type), 1 + i % 7);
    }
  }
}

TEST(ConsoleDecoder, EveryFlippedBitIsAnErrorOrAWait) {
  std::mt19937 random(8);
  const auto good = encoded(2, random_bytes(20, random));
  for (size_t bit = 0; bit < 8 * good.size(); ++bit) {
    std::vector<uint8_t> bad = good;
    bad[bit / 8] = static_cast<uint8_t>(bad[bit / 8] ^ (1u << bit % 8));
    Heard heard;
    try {
      heard.decoder.feed(bad);
      // A longer length waits for more.
      EXPECT_FALSE(heard.decoder.at_rest()) << bit;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kNode);
    }
    EXPECT_TRUE(heard.messages.empty()) << bit;
  }
}

TEST(ConsoleDecoder, ACutFrameIsNotAtRest) {
  const auto good = encoded(1, {1, 2, 3});
  for (size_t n = 1; n < good.size(); ++n) {
    Heard heard;
    heard.decoder.feed({good.data(), n});
    EXPECT_FALSE(heard.decoder.at_rest()) << n;
    EXPECT_TRUE(heard.messages.empty()) << n;
  }
}

}  // namespace
}  // namespace shoal
