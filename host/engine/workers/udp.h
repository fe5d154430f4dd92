// Datagrams over UDP and IPv4. An address is ip << 16 | port, both as people
// write them.
#pragma once

#include <string>
#include <vector>

#include "host/engine/workers/transport.h"

namespace shoal {

inline constexpr uint32_t kUdpPayload = 1472;  // of an Ethernet frame

// "127.0.0.1:4242"; names of hosts are looked up. Throws Error(kUsage) with
// `flag` in its message.
uint64_t parse_udp_address(const std::string& text, const std::string& flag);
std::string udp_address_text(uint64_t address);

class UdpTransport final : public HostTransport {
 public:
  // Port 0: one that is free. Throws Error(kNode) if it cannot be had.
  explicit UdpTransport(uint64_t listen);
  ~UdpTransport() override;

  uint64_t address() const;  // with the port that it got

 private:
  int descriptor() const override { return socket_; }
  bool has_fetched() const override { return next_ != count_; }
  static int send(void* self, uint64_t to, const void* datagram,
                  uint32_t bytes);
  static uint32_t receive(void* self, uint64_t* from, void* datagram,
                          uint32_t capacity);
  void refill();

  // Datagrams are fetched several at a time.
  static constexpr uint32_t kBatch = 32;
  int socket_;
  std::vector<uint8_t> batch_;
  uint32_t lengths_[kBatch] = {};
  uint64_t senders_[kBatch] = {};
  uint32_t next_ = 0, count_ = 0;
};

}  // namespace shoal
