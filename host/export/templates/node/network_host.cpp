// UDP on this computer, at the address of the cluster file.
#include <errno.h>
#include <poll.h>
#include <string.h>

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
  if (!udp.open(shoal::udp_address(SHOAL_LISTEN_IP, SHOAL_LISTEN_PORT),
                now_us)) {
    Line(port) << "refused: no socket at port " << uint64_t{SHOAL_LISTEN_PORT}
               << ": " << strerror(errno);
    return nullptr;
  }
  Line(port) << "listening on port " << uint64_t{SHOAL_LISTEN_PORT};
  return &udp.transport();
}

void wait_network(const shoal_port& port, uint64_t until_us) {
  const uint64_t now = clock_us(port);
  if (until_us <= now) return;
  const uint64_t us = until_us - now < 1000000 ? until_us - now : 1000000;
  const timespec most = {static_cast<time_t>(us / 1000000),
                         static_cast<long>(us % 1000000 * 1000)};
  pollfd waiting = {udp.descriptor(), POLLIN, 0};
  ppoll(&waiting, 1, &most, nullptr);
}

}  // namespace shoal_app
