// The messages between ranks. One packet holds one message, little-endian:
//
//   u32 magic "SHR1"
//   u8  kind
//   u8  code        of an error, 0: none
//   u16 numbers     how many
//   u32 what, fix   bytes of the error's texts
//   i64 ...         the numbers
//       ...         what, fix, and to the packet's end `bytes`
//
// Other ranks to the first: kAsk [how many], kResult [item] bytes, kFailed
// [item] error, kReport bytes, kBye with or without an error. From the first:
// kItems [items ...], kGo bytes, kStop, kClosed.
#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <span>
#include <vector>

#include "host/base/error.h"

namespace shoal {

enum class MessageKind : uint8_t {
  kAsk = 1,
  kResult,
  kFailed,
  kReport,
  kBye,
  kItems,
  kGo,
  kStop,
  kClosed,
};

struct Message {
  // Numbers that one may hold, and items that a rank may ask for.
  static constexpr size_t kMostNumbers = 1024;

  MessageKind kind = MessageKind::kStop;
  std::vector<int64_t> numbers = {};
  std::vector<uint8_t> bytes = {};
  std::optional<Error> error = {};
};

std::vector<uint8_t> format_message(const Message&);
// Reads a message; none: it is no message of this version. What is given has
// the numbers that its kind wants, none below 0 (but of kFailed), those of
// kItems ascending, and an error or bytes only if its kind may have them.
std::optional<Message> parse_message(std::span<const uint8_t>);

// Returns the error of anything that was thrown.
Error error_of(const std::exception_ptr&);

}  // namespace shoal
