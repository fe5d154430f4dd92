// Nodes that are reached by ESP-NOW: a board at the end of a serial line passes
// datagrams on (device/transport/mac_bridge.h).
#pragma once

#include <memory>
#include <string>

#include "device/transport/mac_bridge.h"
#include "host/engine/workers/transport.h"

namespace shoal {

class RadioTransport final : public HostTransport {
 public:
  // open_serial() with kClusterBaud.
  explicit RadioTransport(const std::string& device);
  // Takes a line that is open and non-blocking already; owns the descriptor.
  explicit RadioTransport(int line);
  ~RadioTransport() override;

  bool has_ended() const override { return ended_; }

 private:
  int descriptor() const override { return device_; }
  bool has_fetched() const override { return line_.has_fetched(); }
  bool has_more_to_send() const override { return line_.has_more_to_send(); }
  static uint32_t write_some(void* self, const void* data, uint32_t bytes);
  static uint32_t read_some(void* self, void* to, uint32_t capacity);
  static int send(void* self, uint64_t to, const void* datagram,
                  uint32_t bytes);
  static uint32_t receive(void* self, uint64_t* from, void* datagram,
                          uint32_t capacity);

  int device_;
  bool ended_ = false;
  BridgeLine line_;
};

}  // namespace shoal
