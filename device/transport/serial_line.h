// Datagrams over a serial line: one node at the other end, kSerialPayload bytes
// each, framed by device/transport/hdlc.h. Whatever else is on the line (a
// board's messages while it starts) is no frame and dropped.
#pragma once

#include <cstdint>

#include "device/shoal.h"
#include "device/transport/hdlc.h"

namespace shoal {

inline constexpr uint64_t kSerialAddress = 1;  // of the other end

// The line itself. Nothing blocks for long.
struct SerialPort {
  void* user;
  // As many of the bytes as the line takes now; returns how many.
  uint32_t (*write)(void* user, const void* data, uint32_t bytes);
  // Bytes that have come, at most `capacity`; 0: none yet.
  uint32_t (*read)(void* user, void* to, uint32_t capacity);
  uint64_t (*now_us)(void* user);
};

class SerialLine {
 public:
  // `waiting` holds what the line has not taken yet, at least
  // hdlc_bound(kSerialPayload) bytes; more only makes everything late.
  SerialLine(const SerialPort& port, uint8_t* waiting, uint32_t capacity);
  SerialLine(const SerialLine&) = delete;
  SerialLine& operator=(const SerialLine&) = delete;

  const shoal_transport& transport() const { return transport_; }
  // Return whether more has been read than was received, and whether bytes wait
  // for the line.
  bool has_fetched() const { return next_ != came_bytes_; }
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
