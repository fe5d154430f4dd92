#include "host/engine/recovery/sequence_record.h"

#include <algorithm>
#include <cstring>

#include "device/base/crc32c.h"

namespace shoal {
namespace {

uint32_t check_of(const SequenceRecordHead& head) {
  return crc32c(0, reinterpret_cast<const uint8_t*>(&head),
                offsetof(SequenceRecordHead, head_check));
}

}  // namespace

uint32_t sequence_check(std::span<const uint8_t> body) {
  constexpr size_t kPart = 1 << 30;
  uint32_t check = 0;
  while (!body.empty()) {
    const size_t count = std::min(body.size(), kPart);
    check = crc32c(check, body.data(), static_cast<uint32_t>(count));
    body = body.subspan(count);
  }
  return check;
}

std::string sequence_record(uint32_t kind, int64_t frame,
                            const std::string& text,
                            std::span<const uint8_t> bytes) {
  std::string body = text;
  body.append(bytes.begin(), bytes.end());
  const auto* const begin = reinterpret_cast<const uint8_t*>(body.data());
  SequenceRecordHead head{
      kind,  static_cast<uint32_t>(text.size()),   bytes.size(),
      frame, sequence_check({begin, body.size()}), 0};
  head.head_check = check_of(head);
  std::string record(sizeof head, '\0');
  std::memcpy(record.data(), &head, sizeof head);
  return record + body;
}

std::optional<SequenceRecordHead> sequence_head_at(
    std::span<const uint8_t> bytes, size_t at) {
  SequenceRecordHead head;
  if (at > bytes.size() || bytes.size() - at < sizeof head) return std::nullopt;
  std::memcpy(&head, bytes.data() + at, sizeof head);
  const bool is_one =
      (head.kind == kSequenceCopy || head.kind == kSequenceFrame) &&
      head.head_check == check_of(head);
  return is_one ? std::optional(head) : std::nullopt;
}

}  // namespace shoal
