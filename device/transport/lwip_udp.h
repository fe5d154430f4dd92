/// @file
/// Datagrams over UDP and IPv4 by lwIP's raw interface: boards without an
/// operating system, pico-sdk. Use it where lwIP itself is called: in one
/// thread or under its lock. Addresses are those of udp_address.h.
///
///     LwipUdp udp;
///     if (!udp.open(5000, {nullptr, poll_interface, now_us})) fail();
///     config.transport = &udp.transport();
#pragma once

#include <cstdint>

#include "device/shoal.h"
#include "device/transport/udp_address.h"

struct pbuf;
struct udp_pcb;

namespace shoal {

/// The platform's functions for the stack.
struct LwipPort {
  /// First argument of both functions.
  void* user;
  /// Lets the stack take what has come and serve its timers. Null where
  /// something else does.
  void (*poll)(void* user);
  /// Returns the time in microseconds, as in shoal_transport.
  uint64_t (*now_us)(void* user);
};

/// A port of lwIP as a transport.
class LwipUdp {
 public:
  /// Makes a transport that is not open.
  LwipUdp() = default;
  LwipUdp(const LwipUdp&) = delete;
  LwipUdp& operator=(const LwipUdp&) = delete;

  /// Opens the port. The stack must have an address already. Returns false if
  /// lwIP has no control block left or the port is taken.
  /// @param port        UDP port to listen at
  /// @param functions   the platform's functions, which are copied
  /// @param max_payload bytes of a datagram, from kLeastPayload to kUdpPayload
  bool open(uint16_t port, const LwipPort& functions,
            uint32_t max_payload = kUdpPayload);
  /// Closes the port and drops what has come.
  void close();

  /// Returns the transport, which is valid as long as this object is open.
  const shoal_transport& transport() const { return transport_; }
  /// Returns whether datagrams have come that were not received yet.
  bool has_fetched() const { return count_ != 0; }

 private:
  static constexpr uint32_t kWaiting = 4;
  struct Came {
    pbuf* packet;
    uint64_t from;
  };

  static int send(void* self, uint64_t to, const void* datagram,
                  uint32_t bytes);
  static uint32_t receive(void* self, uint64_t* from, void* datagram,
                          uint32_t capacity);
  static uint64_t now_us(void* self);
  void keep(pbuf* packet, uint64_t from);

  LwipPort port_{};
  udp_pcb* socket_ = nullptr;
  Came came_[kWaiting] = {};
  uint32_t first_ = 0, count_ = 0;
  shoal_transport transport_{};
};

}  // namespace shoal
