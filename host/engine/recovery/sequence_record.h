// The records that a sequence is kept in: a copy of its variables, and behind
// it the frames that have had an answer since. spec/files.md has the format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace shoal {

inline constexpr uint32_t kSequenceCopy = 0x31435153;   // "SQC1"
inline constexpr uint32_t kSequenceFrame = 0x31465153;  // "SQF1"

// Little-endian; behind it the text, then the bytes.
struct SequenceRecordHead {
  uint32_t kind;
  uint32_t text_bytes;  // the key of a copy, the file of a frame
  uint64_t bytes;       // the values of a copy, the input of a frame
  int64_t frame;        // frames that a copy covers, or this one's number
  uint32_t body_check;  // CRC-32C
  uint32_t head_check;  // of the head before it
};
static_assert(sizeof(SequenceRecordHead) == 32);

// Returns the whole record.
std::string sequence_record(uint32_t kind, int64_t frame,
                            const std::string& text,
                            std::span<const uint8_t> bytes);
// Returns the head of a record that begins there, if there is one.
std::optional<SequenceRecordHead> sequence_head_at(
    std::span<const uint8_t> bytes, size_t at);
// Returns the CRC-32C of a record's text and bytes.
uint32_t sequence_check(std::span<const uint8_t> body);

}  // namespace shoal
