// Datagrams over UDP and IPv4 by BSD sockets: Linux, ESP-IDF, Zephyr. Nothing
// blocks, nothing is allocated here. Addresses are those of udp_address.h.
//
//   UdpSockets udp;
//   if (!udp.open(udp_address(0, 7000), now_us)) fail(errno);
//   config.transport = &udp.transport();
#pragma once

#include <cstdint>

#include "device/shoal.h"
#include "device/transport/udp_address.h"

namespace shoal {

class UdpSockets {
 public:
  UdpSockets() = default;
  ~UdpSockets() { close(); }
  UdpSockets(const UdpSockets&) = delete;
  UdpSockets& operator=(const UdpSockets&) = delete;

  // Port 0: one that is free; IP 0: all of this device. `now_us` as in
  // shoal_transport, without a user. False: errno says why.
  bool open(uint64_t listen, uint64_t (*now_us)(void*));
  void close();

  const shoal_transport& transport() const { return transport_; }
  uint64_t address() const;                   // with the port that it got
  int descriptor() const { return socket_; }  // for poll(); -1: not open

 private:
  static int send(void* self, uint64_t to, const void* datagram,
                  uint32_t bytes);
  static uint32_t receive(void* self, uint64_t* from, void* datagram,
                          uint32_t capacity);

  int socket_ = -1;
  shoal_transport transport_{};
};

}  // namespace shoal
