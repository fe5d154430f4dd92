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

struct ConsoleFrame {
  FrameType type{};
  std::vector<uint8_t> payload;
};

class ConsoleDecoder {
 public:
  using Sink = std::function<void(const ConsoleFrame&)>;
  explicit ConsoleDecoder(Sink sink) : sink_(std::move(sink)) {}

  // Throws Error(kNode) for bytes that are no frame or a wrong checksum.
  void feed(std::span<const uint8_t> bytes);
  // Returns whether the last frame is whole.
  bool at_rest() const { return buffer_.empty(); }

 private:
  bool take_frame();

  Sink sink_;
  std::vector<uint8_t> buffer_;
  size_t begin_ = 0;
};

}  // namespace shoal
