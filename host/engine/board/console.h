// Takes a node's console apart; see device/port/console.h. Fed with as many
// or as few bytes at a time as there are.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "device/port/console.h"

namespace shoal {

struct ConsoleMessage {
  ConsoleType type{};
  std::vector<uint8_t> payload;
};

class ConsoleDecoder {
 public:
  using Sink = std::function<void(const ConsoleMessage&)>;
  explicit ConsoleDecoder(Sink sink) : sink_(std::move(sink)) {}

  // Throws Error(kNode) for bytes that are no message or a wrong checksum.
  void feed(std::span<const uint8_t> bytes);
  // Returns whether the last message is whole.
  bool at_rest() const { return buffer_.empty(); }

 private:
  bool take_message();

  Sink sink_;
  std::vector<uint8_t> buffer_;
  size_t begin_ = 0;
};

}  // namespace shoal
