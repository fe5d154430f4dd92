// A node keeps a sequence in one half of its bytes, as records
// (sequence_record.h). spec/files.md has the format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "host/engine/recovery/sequence_file.h"

namespace shoal {

struct KeptSequence {
  std::string id;      // of 16 digits
  uint64_t epoch = 0;  // in which the copy was written
  std::string key;
  KnownSequence sequence;
  int64_t end() const;
  // Returns what tells two copies of a sequence apart: the larger one counts.
  std::pair<uint64_t, int64_t> age() const { return {epoch, end()}; }
};

inline constexpr size_t kSequenceIdDigits = 16;

// Returns 16 digits.
std::string sequence_digits(uint64_t number);
// Returns the text of a copy.
std::string kept_text(const std::string& id, uint64_t epoch,
                      const std::string& key);
// Takes such a text apart; the sequence is empty.
std::optional<KeptSequence> parse_kept_text(const std::string& text);
// Returns what a half has. Its records end where the next one is not whole, of
// another epoch or of another number.
std::optional<KeptSequence> read_half(std::span<const uint8_t> bytes);

}  // namespace shoal
