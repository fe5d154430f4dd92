// UDP by the sockets of Zephyr, at the address of the cluster file
// (CONFIG_NET_CONFIG_MY_IPV4_ADDR in prj.conf).
#include <errno.h>
#include <zephyr/kernel.h>
#include <zephyr/net/socket.h>

#include "device/transport/udp_sockets.h"
#include "shoal_network.h"
#include "shoal_port.h"
#include "shoal_program.h"

namespace shoal_app {
namespace {

shoal::UdpSockets udp;
const shoal_port* clock_port;

uint64_t now_us(void*) { return clock_us(*clock_port); }

}  // namespace

const shoal_transport* open_network(const shoal_port& port, ReadConsole) {
  clock_port = &port;
  if (!udp.open(shoal::udp_address(0, SHOAL_LISTEN_PORT), now_us)) {
    Line(port) << "refused: no socket, error " << static_cast<uint64_t>(errno);
    return nullptr;
  }
  Line(port) << "listening on port " << uint64_t{SHOAL_LISTEN_PORT};
  return &udp.transport();
}

// The network's threads have the CPU meanwhile; a datagram ends it at once,
// where a tick may take 10 ms.
void wait_network(const shoal_port& port, uint64_t until_us) {
  const uint64_t now = clock_us(port);
  const uint64_t us = until_us > now ? until_us - now : 0;
  struct zsock_pollfd one {};
  one.fd = udp.descriptor();
  one.events = ZSOCK_POLLIN;
  zsock_poll(&one, 1, static_cast<int>(us < 100000 ? us / 1000 + 1 : 100));
}

}  // namespace shoal_app
