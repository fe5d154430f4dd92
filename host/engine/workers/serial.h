// Datagrams over a serial line: one node at the other end, kSerialPayload
// bytes each, framed by device/agent/hdlc.h.
#pragma once

#include <string>
#include <vector>

#include "device/agent/hdlc.h"
#include "host/engine/workers/transport.h"

namespace shoal {

inline constexpr uint64_t kSerialAddress = 1;  // the address of the other end

class SerialTransport final : public HostTransport {
 public:
  // A serial device, which is made raw, 1 Mbit/s. Throws Error(kUsage) if it
  // cannot be opened or is none.
  explicit SerialTransport(const std::string& device);
  // Of a line that is open and non-blocking already; owns the descriptor.
  explicit SerialTransport(int line);
  ~SerialTransport() override;

 private:
  int descriptor() const override { return line_; }
  bool has_fetched() const override { return next_ < came_.size(); }
  bool has_more_to_send() const override { return !waiting_.empty(); }
  static int send(void* self, uint64_t to, const void* datagram,
                  uint32_t bytes);
  static uint32_t receive(void* self, uint64_t* from, void* datagram,
                          uint32_t capacity);
  void flush();

  int line_;
  std::vector<uint8_t> waiting_;  // framed, not yet taken by the device
  std::vector<uint8_t> came_;     // read, not yet decoded
  size_t next_ = 0;
  uint8_t frame_[kSerialPayload + kHdlcCheckBytes];
  HdlcDecoder decoder_{frame_, sizeof frame_};
};

}  // namespace shoal
