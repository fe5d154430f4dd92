// Datagrams over a serial line: device/transport/serial_line.h, which nodes run
// as well, on a device of this computer.
#pragma once

#include <string>

#include "device/transport/serial_line.h"
#include "host/engine/workers/transport.h"

namespace shoal {

// Speed of the lines of clusters.
inline constexpr int kClusterBaud = 1000000;

// Opens a serial device, non-blocking, and makes it raw. Throws Error(kUsage)
// if it cannot be opened or is none, or for a speed that no line has.
int open_serial(const std::string& device, int baud);

class SerialTransport final : public HostTransport {
 public:
  // open_serial() with kClusterBaud.
  explicit SerialTransport(const std::string& device);
  // Takes a line that is open and non-blocking already; owns the descriptor.
  explicit SerialTransport(int line);
  ~SerialTransport() override;

  bool has_ended() const override { return ended_; }

 private:
  int descriptor() const override { return device_; }
  bool has_fetched() const override { return line_.has_fetched(); }
  bool has_more_to_send() const override { return line_.has_more_to_send(); }
  static uint32_t write_some(void* self, const void* data, uint32_t bytes);
  static uint32_t read_some(void* self, void* to, uint32_t capacity);

  // The most bytes that may wait for the line: more only makes everything late.
  static constexpr uint32_t kMostWaiting = 4096;

  int device_;
  bool is_socket_;
  bool ended_ = false;
  uint8_t waiting_[kMostWaiting + hdlc_bound(kSerialPayload)];
  SerialLine line_;
};

}  // namespace shoal
