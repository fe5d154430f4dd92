/// @file
/// Datagrams over a serial line with one node at the other end, at most
/// kSerialPayload bytes each, framed by device/transport/hdlc.h. Other bytes on
/// the line (a board's messages while it starts) are no frame and dropped.
#pragma once

#include <cstdint>

#include "device/shoal.h"
#include "device/transport/hdlc.h"

namespace shoal {

/// The address of the other end.
inline constexpr uint64_t kSerialAddress = 1;

/// The platform's functions for the line. None of them blocks for long.
struct SerialPort {
  /// First argument of all functions.
  void* user;
  /// Writes as many of the bytes as the line takes now; returns how many.
  uint32_t (*write)(void* user, const void* data, uint32_t bytes);
  /// Reads bytes that have come, at most `capacity`; returns how many.
  uint32_t (*read)(void* user, void* to, uint32_t capacity);
  /// Returns the time in microseconds, as in shoal_transport.
  uint64_t (*now_us)(void* user);
};

/// A serial line as a transport.
class SerialLine {
 public:
  /// Makes a transport over `port`, which is copied.
  /// @param port     the line
  /// @param waiting  room for bytes that the line has not taken yet; must
  ///        outlive this object
  /// @param capacity bytes of it, at least hdlc_bound(kSerialPayload); more
  /// only
  ///        delays datagrams
  SerialLine(const SerialPort& port, uint8_t* waiting, uint32_t capacity);
  SerialLine(const SerialLine&) = delete;
  SerialLine& operator=(const SerialLine&) = delete;

  /// Returns the transport, which is valid as long as this object.
  const shoal_transport& transport() const { return transport_; }
  /// Returns whether bytes were read that are not decoded yet.
  bool has_fetched() const { return next_ != came_bytes_; }
  /// Returns whether bytes wait for the line.
  bool has_more_to_send() const { return waiting_bytes_ != 0; }

 private:
  static int send(void* self, uint64_t to, const void* datagram,
                  uint32_t bytes);
  static uint32_t receive(void* self, uint64_t* from, void* datagram,
                          uint32_t capacity);
  static uint64_t now_us(void* self);
  void flush();

  SerialPort port_;
  uint8_t* waiting_;
  uint32_t capacity_, waiting_bytes_ = 0;
  uint8_t came_[256];  // read, not yet decoded
  uint32_t came_bytes_ = 0, next_ = 0;
  uint8_t frame_[kSerialPayload + kHdlcCheckBytes];
  HdlcDecoder decoder_{frame_, sizeof frame_};
  shoal_transport transport_;
};

}  // namespace shoal
