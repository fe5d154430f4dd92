// Datagrams over UDP and IPv4: device/transport/udp_sockets.h, which nodes run
// as well, with what only a PC has to say.
#pragma once

#include <string>

#include "device/transport/udp_sockets.h"
#include "host/engine/workers/transport.h"

namespace shoal {

// "127.0.0.1:4242"; names of hosts are looked up. Throws Error(kUsage) with
// `flag` in its message.
uint64_t parse_udp_address(const std::string& text, const std::string& flag);
std::string udp_address_text(uint64_t address);

class UdpTransport final : public HostTransport {
 public:
  // Port 0: one that is free. Throws Error(kNode) if it cannot be had.
  explicit UdpTransport(uint64_t listen);

  uint64_t address() const { return sockets_.address(); }  // with its port

 private:
  int descriptor() const override { return sockets_.descriptor(); }
  bool has_fetched() const override { return false; }

  UdpSockets sockets_;
};

}  // namespace shoal
