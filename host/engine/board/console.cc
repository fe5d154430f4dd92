#include "host/engine/board/console.h"

#include <cstring>

#include "host/base/error.h"

namespace shoal {

void ConsoleDecoder::feed(std::span<const uint8_t> bytes) {
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  while (take_message()) continue;
  buffer_.erase(buffer_.begin(),
                buffer_.begin() + static_cast<ptrdiff_t>(begin_));
  begin_ = 0;
}

bool ConsoleDecoder::take_message() {
  const size_t left = buffer_.size() - begin_;
  const uint8_t* const at = buffer_.data() + begin_;
  for (size_t i = 0; i < std::min(left, sizeof kConsoleMark); ++i) {
    if (at[i] != kConsoleMark[i]) {
      throw Error(Exit::kNode,
                  "the board's console sent something that is not a message");
    }
  }
  if (left < kConsoleHead) return false;
  uint32_t length;
  std::memcpy(&length, at + 4, sizeof length);
  if (length > kMaxConsolePayload || at[3] != 0) {
    throw Error(Exit::kNode,
                "the board's console sent something that is not a message");
  }
  if (left < kConsoleHead + length + sizeof(uint32_t)) return false;
  uint32_t sum;
  std::memcpy(&sum, at + kConsoleHead + length, sizeof sum);
  if (sum != crc32_add(0, at + 2, kConsoleHead - 2 + length)) {
    throw Error(Exit::kNode,
                "a message of the board's console has a wrong checksum");
  }
  sink_({static_cast<ConsoleType>(at[2]),
         {at + kConsoleHead, at + kConsoleHead + length}});
  begin_ += kConsoleHead + length + sizeof sum;
  return true;
}

}  // namespace shoal
