// Datagrams over UDP and IPv4 by lwIP's raw interface: boards without an
// operating system, pico-sdk. To be used where lwIP itself is called, one
// thread or under its lock. Addresses are those of udp_address.h.
//
//   LwipUdp udp;
//   if (!udp.open(5000, {nullptr, poll_interface, now_us})) fail();
//   config.transport = &udp.transport();
#pragma once

#include <cstdint>

#include "device/shoal.h"
#include "device/transport/udp_address.h"

struct pbuf;
struct udp_pcb;

namespace shoal {

struct LwipPort {
  void* user;
  // Lets the stack take what has come and do what is due; may be null where
  // something else does.
  void (*poll)(void* user);
  uint64_t (*now_us)(void* user);
};

class LwipUdp {
 public:
  LwipUdp() = default;
  LwipUdp(const LwipUdp&) = delete;
  LwipUdp& operator=(const LwipUdp&) = delete;

  // The stack has an address already. False: lwIP has no control block left, or
  // the port is taken. `max_payload`: of a datagram, kUdpPayload at most.
  bool open(uint16_t port, const LwipPort&, uint32_t max_payload = kUdpPayload);
  // Gives back the port and what has come; a board that runs for ever need not.
  void close();

  const shoal_transport& transport() const { return transport_; }
  // Returns whether datagrams have come that were not received yet.
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
