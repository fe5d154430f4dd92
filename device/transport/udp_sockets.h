/// @file
/// Datagrams over UDP and IPv4 by BSD sockets: Linux, ESP-IDF, Zephyr. Nothing
/// blocks, and nothing is allocated here. Addresses are those of udp_address.h.
///
///     UdpSockets udp;
///     if (!udp.open(udp_address(0, 7000), now_us)) fail(errno);
///     config.transport = &udp.transport();
#pragma once

#include <cstdint>

#include "device/shoal.h"
#include "device/transport/udp_address.h"

namespace shoal {

/// A UDP socket.
class UdpSockets {
 public:
  /// Makes a transport that is not open.
  UdpSockets() = default;
  ~UdpSockets() { close(); }
  UdpSockets(const UdpSockets&) = delete;
  UdpSockets& operator=(const UdpSockets&) = delete;

  /// Opens the socket and returns whether that succeeded; else errno says why.
  /// @param listen address to listen at; port 0: a free one; IP 0: all of this
  ///        device
  /// @param now_us as in shoal_transport; gets this object as its argument
  bool open(uint64_t listen, uint64_t (*now_us)(void*));
  /// Closes the socket, if it is open.
  void close();

  /// Returns the transport, which is valid as long as this object is open.
  const shoal_transport& transport() const { return transport_; }
  /// Returns the address of an open socket, with the port that it got; 0 on
  /// failure.
  uint64_t address() const;
  /// Returns the socket, for poll(); -1: not open.
  int descriptor() const { return socket_; }

 private:
  static int send(void* self, uint64_t to, const void* datagram,
                  uint32_t bytes);
  static uint32_t receive(void* self, uint64_t* from, void* datagram,
                          uint32_t capacity);

  int socket_ = -1;
  shoal_transport transport_{};
};

}  // namespace shoal
