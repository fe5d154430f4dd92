// Datagrams on a serial line, framed as in RFC 1662: a flag (7E) before and
// after each, 7E and 7D inside as 7D and the byte XOR 20, a check sequence of
// 16 bits behind the data. Whatever else is on the line, noise or half a
// frame, is dropped up to the next flag.
//
// Memory is the caller's; nothing is allocated.
#pragma once

#include <cstdint>

#include "device/port/payload.h"

namespace shoal {

inline constexpr uint32_t kHdlcCheckBytes = 2;

// The most bytes that a datagram becomes on the line.
constexpr uint32_t hdlc_bound(uint32_t bytes) {
  return 2 * (bytes + kHdlcCheckBytes) + 2;
}
// Writes at most hdlc_bound(bytes); returns how many.
uint32_t hdlc_encode(const uint8_t* data, uint32_t bytes, uint8_t* out);

class HdlcDecoder {
 public:
  // `capacity` bytes of data and the check sequence.
  HdlcDecoder(uint8_t* buffer, uint32_t capacity)
      : buffer_(buffer), capacity_(capacity) {}

  // The next byte of the line. If it ends a frame that is whole, how many
  // bytes of data lie in the buffer until the next call; else 0.
  uint32_t push(uint8_t byte);
  // Frames that were damaged or too long.
  uint32_t dropped() const { return dropped_; }

 private:
  uint32_t finish();

  uint8_t* buffer_;
  uint32_t capacity_, length_ = 0, dropped_ = 0;
  bool escaped_ = false;
  bool lost_ = true;  // until the next flag
};

}  // namespace shoal
