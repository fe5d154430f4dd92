#include "host/engine/recovery/kept_sequence.h"

#include <fmt/format.h>

#include <charconv>
#include <iterator>

#include "host/engine/recovery/sequence_record.h"

namespace shoal {
namespace {

// Returns the record at `at` with its body, unless it is not whole.
std::optional<SequenceRecordHead> whole_record(std::span<const uint8_t> bytes,
                                               size_t at) {
  const auto head = sequence_head_at(bytes, at);
  if (!head) return std::nullopt;
  const auto body = bytes.subspan(at + sizeof *head);
  if (head->text_bytes > body.size() ||
      head->bytes > body.size() - head->text_bytes ||
      sequence_check(body.first(head->text_bytes + head->bytes)) !=
          head->body_check) {
    return std::nullopt;
  }
  return head;
}

}  // namespace

int64_t KeptSequence::end() const {
  return sequence.frames + std::ssize(sequence.since);
}

std::string sequence_digits(uint64_t number) {
  return fmt::format("{:016x}", number);
}

std::string kept_text(const std::string& id, uint64_t epoch,
                      const std::string& key) {
  return id + " " + sequence_digits(epoch) + " " + key;
}

std::optional<KeptSequence> parse_kept_text(const std::string& text) {
  constexpr size_t kDigits = kSequenceIdDigits, kKeyAt = 2 * (kDigits + 1);
  if (text.size() <= kKeyAt || text[kDigits] != ' ' ||
      text[kKeyAt - 1] != ' ') {
    return std::nullopt;
  }
  KeptSequence kept;
  kept.id = text.substr(0, kDigits);
  const char* const end = text.data() + kKeyAt - 1;
  const auto [last, wrong] =
      std::from_chars(text.data() + kDigits + 1, end, kept.epoch, 16);
  if (wrong != std::errc() || last != end) return std::nullopt;
  kept.key = text.substr(kKeyAt);
  return kept;
}

std::optional<KeptSequence> read_half(std::span<const uint8_t> bytes) {
  auto head = whole_record(bytes, 0);
  if (!head || head->kind != kSequenceCopy || head->frame < 0 ||
      head->frame > INT64_MAX / 2) {
    return std::nullopt;
  }
  const auto text_at = [&](size_t at) {
    const auto text = bytes.subspan(at + sizeof *head, head->text_bytes);
    return std::string(text.begin(), text.end());
  };
  std::optional<KeptSequence> kept = parse_kept_text(text_at(0));
  if (!kept) return std::nullopt;
  const std::string epoch = sequence_digits(kept->epoch);
  kept->sequence.frames = head->frame;
  size_t at = 0;
  for (;;) {
    const auto body = bytes.subspan(at + sizeof *head + head->text_bytes,
                                    static_cast<size_t>(head->bytes));
    if (at == 0) {
      kept->sequence.values.assign(body.begin(), body.end());
    } else {
      kept->sequence.since.push_back({{}, {body.begin(), body.end()}});
    }
    at += sizeof *head + head->text_bytes + static_cast<size_t>(head->bytes);
    head = whole_record(bytes, at);
    if (!head || head->kind != kSequenceFrame || head->frame != kept->end() ||
        text_at(at) != epoch) {
      return kept;
    }
  }
}

}  // namespace shoal
