/// @file
/// Datagrams on a serial line, framed as in RFC 1662: a flag (7E) before and
/// after each, 7E and 7D inside as 7D and the byte XOR 20, and a check sequence
/// of 16 bits behind the data. Noise and incomplete frames are dropped up to
/// the next flag. Memory is the caller's; nothing is allocated.
#pragma once

#include <cstdint>

#include "device/port/payload.h"

namespace shoal {

/// Bytes of the check sequence.
inline constexpr uint32_t kHdlcCheckBytes = 2;

/// Returns the most bytes that a datagram of `bytes` bytes takes on the line.
constexpr uint32_t hdlc_bound(uint32_t bytes) {
  return 2 * (bytes + kHdlcCheckBytes) + 2;
}
/// Writes the frame of a datagram to `out`, which has hdlc_bound(bytes) bytes;
/// returns how many it took.
uint32_t hdlc_encode(const uint8_t* data, uint32_t bytes, uint8_t* out);

/// A decoder that takes one byte of the line at a time.
class HdlcDecoder {
 public:
  /// Makes a decoder over `buffer`, which must outlive it. `capacity` is the
  /// most bytes of a datagram and its check sequence.
  HdlcDecoder(uint8_t* buffer, uint32_t capacity)
      : buffer_(buffer), capacity_(capacity) {}

  /// Takes the next byte of the line. If it ends a whole frame, returns how
  /// many bytes of data lie in the buffer until the next call; else 0.
  uint32_t push(uint8_t byte);
  /// Returns the number of frames that were damaged or too long.
  uint32_t dropped() const { return dropped_; }

 private:
  uint32_t finish();

  uint8_t* buffer_;
  uint32_t capacity_, length_ = 0, dropped_ = 0;
  bool escaped_ = false;
  bool lost_ = true;  // until the next flag
};

/// Writes as many of the bytes that wait for a line as it takes now, and moves
/// the others to the front; returns how many these are.
uint32_t write_waiting(uint32_t (*write)(void* user, const void* data,
                                         uint32_t bytes),
                       void* user, uint8_t* waiting, uint32_t bytes);

}  // namespace shoal
