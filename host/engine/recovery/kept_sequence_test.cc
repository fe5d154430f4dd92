#include "host/engine/recovery/kept_sequence.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "host/base/text_bytes.h"
#include "host/engine/recovery/sequence_record.h"

namespace shoal {
namespace {

constexpr size_t kKeptCount = 3;
constexpr uint64_t kKeptEpoch = 0x1f;
const std::string kKeptId = "0123456789abcdef", kModelKey = "sum name of it";
const std::vector<uint8_t> kKeptValues{1, 2, 3, 4, 5};

std::vector<uint8_t> kept_input(size_t frame) {
  return std::vector<uint8_t>(7, static_cast<uint8_t>(frame + 1));
}

std::string kept_frame(size_t frame, uint64_t epoch) {
  return sequence_record(kSequenceFrame, 10 + static_cast<int64_t>(frame),
                         sequence_digits(epoch), kept_input(frame));
}

std::string copy_record() {
  return sequence_record(kSequenceCopy, 10,
                         kept_text(kKeptId, kKeptEpoch, kModelKey),
                         kKeptValues);
}

// Expects the first frames of the sequence, or nothing where the copy is cut.
void expect_start(const std::string& half, std::optional<size_t> frames) {
  const auto kept = read_half(bytes_of(half));
  ASSERT_EQ(kept.has_value(), frames.has_value());
  if (!kept) return;
  EXPECT_EQ(kept->id, kKeptId);
  EXPECT_EQ(kept->epoch, kKeptEpoch);
  EXPECT_EQ(kept->key, kModelKey);
  EXPECT_EQ(kept->sequence.frames, 10);
  EXPECT_EQ(kept->sequence.values, kKeptValues);
  ASSERT_EQ(kept->sequence.since.size(), *frames);
  EXPECT_EQ(kept->end(), 10 + static_cast<int64_t>(*frames));
  for (size_t f = 0; f < *frames; ++f) {
    EXPECT_EQ(kept->sequence.since[f].input, kept_input(f));
  }
}

class KeptSequenceTest : public testing::Test {
 protected:
  KeptSequenceTest() : half_(copy_record()), ends_{half_.size()} {
    for (size_t f = 0; f < kKeptCount; ++f) {
      half_ += kept_frame(f, kKeptEpoch);
      ends_.push_back(half_.size());
    }
  }
  // Returns how many frames end within these bytes.
  std::optional<size_t> whole(size_t bytes) const {
    const auto records = std::ranges::count_if(
        ends_, [bytes](size_t end) { return end <= bytes; });
    if (records == 0) return std::nullopt;
    return static_cast<size_t>(records - 1);
  }
  std::string half_;
  std::vector<size_t> ends_;
};

TEST_F(KeptSequenceTest, AHalfThatIsCutAnywhereHasItsWholeRecords) {
  for (size_t bytes = 0; bytes <= half_.size(); ++bytes) {
    SCOPED_TRACE(bytes);
    expect_start(half_.substr(0, bytes), whole(bytes));
    std::string written = half_.substr(0, bytes);
    written.resize(half_.size() + 40);
    expect_start(written, whole(bytes));
  }
}

TEST_F(KeptSequenceTest, AHalfThatIsDamagedAnywhereEndsThere) {
  for (size_t at = 0; at < half_.size(); ++at) {
    SCOPED_TRACE(at);
    std::string damaged = half_;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    expect_start(damaged, whole(at));
  }
}

// Behind the records of this epoch lie those of another one.
TEST_F(KeptSequenceTest, FramesOfAnotherEpochAreNotItsOwn) {
  expect_start(half_ + kept_frame(kKeptCount, kKeptEpoch - 1), kKeptCount);
  expect_start(half_ + kept_frame(kKeptCount + 1, kKeptEpoch), kKeptCount);
  expect_start(half_ + copy_record(), kKeptCount);
}

TEST_F(KeptSequenceTest, OtherTextsAreNoCopies) {
  EXPECT_TRUE(parse_kept_text(kept_text(kKeptId, kKeptEpoch, kModelKey)));
  EXPECT_FALSE(parse_kept_text(""));
  EXPECT_FALSE(parse_kept_text(kKeptId + " " + kModelKey));
  EXPECT_FALSE(parse_kept_text(kept_text(kKeptId, kKeptEpoch, "")));
  EXPECT_FALSE(parse_kept_text(kKeptId + " 000000000000001g " + kModelKey));
  EXPECT_FALSE(parse_kept_text(kKeptId + "_000000000000001f " + kModelKey));
}

}  // namespace
}  // namespace shoal
