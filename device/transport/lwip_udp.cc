#include "device/transport/lwip_udp.h"

#include <lwip/ip_addr.h>
#include <lwip/pbuf.h>
#include <lwip/udp.h>

namespace shoal {

bool LwipUdp::open(uint16_t port, const LwipPort& functions,
                   uint32_t max_payload) {
  port_ = functions;
  socket_ = udp_new();
  if (!socket_) return false;
  if (udp_bind(socket_, IP4_ADDR_ANY, port) != ERR_OK) {
    close();
    return false;
  }
  const auto came = [](void* self, udp_pcb*, pbuf* packet, const ip_addr_t* ip,
                       uint16_t from) {
    const uint32_t address = lwip_ntohl(ip4_addr_get_u32(ip_2_ip4(ip)));
    static_cast<LwipUdp*>(self)->keep(packet, udp_address(address, from));
  };
  udp_recv(socket_, came, this);
  transport_ = {this, max_payload, send, receive, now_us};
  return true;
}

void LwipUdp::close() {
  if (socket_) udp_remove(socket_);
  socket_ = nullptr;
  for (; count_ > 0; --count_) {
    pbuf_free(came_[first_].packet);
    first_ = (first_ + 1) % kWaiting;
  }
}

void LwipUdp::keep(pbuf* packet, uint64_t from) {
  if (count_ == kWaiting) {
    pbuf_free(packet);
    return;
  }
  came_[(first_ + count_++) % kWaiting] = {packet, from};
}

int LwipUdp::send(void* self, uint64_t to, const void* datagram,
                  uint32_t bytes) {
  const LwipUdp& udp = *static_cast<LwipUdp*>(self);
  if (!udp.socket_ || bytes > udp.transport_.max_payload) return -1;
  pbuf* const packet =
      pbuf_alloc(PBUF_TRANSPORT, static_cast<uint16_t>(bytes), PBUF_RAM);
  if (!packet) return -1;  // others are on their way
  pbuf_take(packet, datagram, static_cast<uint16_t>(bytes));
  ip_addr_t ip = IPADDR4_INIT(lwip_htonl(udp_ip(to)));
  const err_t error = udp_sendto(udp.socket_, packet, &ip, udp_port(to));
  pbuf_free(packet);
  // Without a route it is lost, as on any network.
  return error == ERR_MEM || error == ERR_BUF ? -1 : 0;
}

uint32_t LwipUdp::receive(void* self, uint64_t* from, void* datagram,
                          uint32_t capacity) {
  LwipUdp& udp = *static_cast<LwipUdp*>(self);
  if (udp.count_ == 0 && udp.port_.poll) udp.port_.poll(udp.port_.user);
  if (udp.count_ == 0) return 0;
  const Came came = udp.came_[udp.first_];
  udp.first_ = (udp.first_ + 1) % kWaiting;
  --udp.count_;
  *from = came.from;
  const uint32_t bytes = pbuf_copy_partial(came.packet, datagram,
                                           static_cast<uint16_t>(capacity), 0);
  pbuf_free(came.packet);
  return bytes;
}

uint64_t LwipUdp::now_us(void* self) {
  const LwipPort& port = static_cast<LwipUdp*>(self)->port_;
  return port.now_us(port.user);
}

}  // namespace shoal
