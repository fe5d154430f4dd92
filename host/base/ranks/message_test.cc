#include "host/base/ranks/message.h"

#include <gtest/gtest.h>

#include <random>

namespace shoal {
namespace {

std::vector<Message> messages() {
  const Error error(Exit::kCorrupt, "frame 3: broken", "mend it");
  return {{.kind = MessageKind::kAsk, .numbers = {5}},
          {.kind = MessageKind::kResult, .numbers = {7}, .bytes = {1, 2, 3}},
          {.kind = MessageKind::kFailed, .numbers = {-1}, .error = error},
          {.kind = MessageKind::kReport, .bytes = {9}},
          {.kind = MessageKind::kBye},
          {.kind = MessageKind::kBye, .error = error},
          {.kind = MessageKind::kItems},
          {.kind = MessageKind::kItems, .numbers = {0, 3, 1 << 30}},
          {.kind = MessageKind::kGo, .bytes = {4, 5}},
          {.kind = MessageKind::kStop},
          {.kind = MessageKind::kClosed}};
}

TEST(RankMessage, IsReadAsItWasWritten) {
  for (const Message& m : messages()) {
    const std::optional<Message> again = parse_message(format_message(m));
    ASSERT_TRUE(again) << static_cast<int>(m.kind);
    EXPECT_EQ(again->kind, m.kind);
    EXPECT_EQ(again->numbers, m.numbers);
    EXPECT_EQ(again->bytes, m.bytes);
    ASSERT_EQ(again->error.has_value(), m.error.has_value());
    if (!m.error) continue;
    EXPECT_EQ(again->error->code(), m.error->code());
    EXPECT_STREQ(again->error->what(), m.error->what());
    EXPECT_EQ(again->error->fix(), m.error->fix());
  }
}

TEST(RankMessage, HasTheseBytes) {
  EXPECT_EQ(
      format_message(
          {.kind = MessageKind::kResult, .numbers = {258}, .bytes = {42}}),
      (std::vector<uint8_t>{'S', 'H', 'R', '1', 2, 0, 1, 0, 0, 0, 0, 0, 0,
                            0,   0,   0,   2,   1, 0, 0, 0, 0, 0, 0, 42}));
}

// Every accepted message would be written as these bytes.
void expect_sound(const std::vector<uint8_t>& bytes) {
  const std::optional<Message> m = parse_message(bytes);
  EXPECT_TRUE(!m || format_message(*m) == bytes);
}

TEST(RankMessage, EveryTruncationAndEveryFlippedBitIsSurvived) {
  for (const Message& m : messages()) {
    const std::vector<uint8_t> whole = format_message(m);
    for (size_t size = 0; size < whole.size(); ++size) {
      expect_sound({whole.begin(), whole.begin() + static_cast<long>(size)});
    }
    for (size_t bit = 0; bit < 8 * whole.size(); ++bit) {
      std::vector<uint8_t> flipped = whole;
      flipped[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
      expect_sound(flipped);
    }
  }
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    std::vector<uint8_t> bytes = format_message(messages()[random() % 11]);
    for (int n = 0; n < 3; ++n) {
      bytes[random() % bytes.size()] = static_cast<uint8_t>(random());
    }
    expect_sound(bytes);
  }
}

TEST(RankMessage, RefusesWhatItsKindCannotHave) {
  const auto refused = [](const Message& m) {
    EXPECT_FALSE(parse_message(format_message(m)));
  };
  const Error error(Exit::kUsage, "x");
  refused({.kind = MessageKind::kAsk});
  refused({.kind = MessageKind::kAsk, .numbers = {0}});
  refused({.kind = MessageKind::kAsk, .numbers = {1025}});
  refused({.kind = MessageKind::kResult, .numbers = {-1}});
  refused({.kind = MessageKind::kFailed, .numbers = {1}});
  refused({.kind = MessageKind::kItems, .numbers = {4, 4}});
  refused({.kind = MessageKind::kItems, .numbers = {-2, 4}});
  refused({.kind = MessageKind::kStop, .bytes = {1}});
  refused({.kind = MessageKind::kGo, .error = error});
  refused({.kind = static_cast<MessageKind>(0)});
  refused({.kind = static_cast<MessageKind>(10)});
}

}  // namespace
}  // namespace shoal
