// UDP by the sockets of Zephyr, at the address of the cluster file
// (CONFIG_NET_CONFIG_MY_IPV4_ADDR in prj.conf).
#include <errno.h>
#include <zephyr/kernel.h>

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

// The network's threads need the CPU as well.
void wait_network(const shoal_port&, uint64_t) { k_sleep(K_TICKS(1)); }

}  // namespace shoal_app
