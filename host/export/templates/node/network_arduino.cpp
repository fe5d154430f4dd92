// UDP by the class that Arduino's cores have for it.
#include <Arduino.h>

#include <@NETWORK_HEADER@>

#include "device/transport/udp_address.h"
#include "shoal_port.h"
#include "shoal_network.h"
#include "shoal_program.h"
@NETWORK_MORE@
namespace shoal_app {
namespace {

constexpr uint32_t kConnectMs = 30000;
// An empty datagram says nothing; many of them do not keep the node here.
constexpr int kLooks = 8;

@NETWORK_CLASS@ udp;
const shoal_port* clock_port;
shoal_transport transport;

uint64_t now_us(void*) { return clock_us(*clock_port); }

int send(void*, uint64_t to, const void* datagram, uint32_t bytes) {
  const uint32_t ip = shoal::udp_ip(to);
  const IPAddress address(
      static_cast<uint8_t>(ip >> 24), static_cast<uint8_t>(ip >> 16),
      static_cast<uint8_t>(ip >> 8), static_cast<uint8_t>(ip));
  if (!udp.beginPacket(address, shoal::udp_port(to))) return 1;
  udp.write(static_cast<const uint8_t*>(datagram), bytes);
  return udp.endPacket() ? 0 : 1;
}

uint32_t receive(void*, uint64_t* from, void* datagram, uint32_t capacity) {
  for (int look = 0; look < kLooks; ++look) {
    if (udp.parsePacket() <= 0) return 0;
    const int got = udp.read(static_cast<uint8_t*>(datagram), capacity);
    if (got <= 0) continue;
    const IPAddress ip = udp.remoteIP();
    *from = shoal::udp_address(static_cast<uint32_t>(ip[0]) << 24 |
                                   static_cast<uint32_t>(ip[1]) << 16 |
                                   static_cast<uint32_t>(ip[2]) << 8 | ip[3],
                               udp.remotePort());
    return static_cast<uint32_t>(got);
  }
  return 0;
}

bool start() {
@NETWORK_START@}

}  // namespace

const shoal_transport* open_network(const shoal_port& port, ReadConsole) {
  clock_port = &port;
  if (!start()) {
    Line(port) << "refused: no network";
    return nullptr;
  }
  if (!udp.begin(SHOAL_LISTEN_PORT)) {
    Line(port) << "refused: no socket";
    return nullptr;
  }
  Line(port) << "listening on port " << uint64_t{SHOAL_LISTEN_PORT};
  transport = {nullptr, shoal::kUdpPayload, send, receive, now_us};
  return &transport;
}

void wait_network(const shoal_port&, uint64_t) { yield(); }

}  // namespace shoal_app
